/** Bytes that as many independent draws of each symbol take at the least: Σ c · log₂(Σ c / c) / 8. */
export function entropyOfCounts(counts: Iterable<number>): number {
  let [total, sum] = [0, 0];
  for (const count of counts) {
    total += count;
    if (count > 0) sum += count * Math.log2(count);
  }
  return total === 0 ? 0 : (total * Math.log2(total) - sum) / 8;
}

/** The order-0 entropy of a run of symbols, in bytes. */
export function entropyOf(symbols: Uint8Array): number {
  const counts = new Float64Array(256);
  for (let i = 0; i < symbols.length; i++) counts[symbols[i]]++;
  return entropyOfCounts(counts);
}
