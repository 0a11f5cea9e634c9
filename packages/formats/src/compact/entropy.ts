/** Bytes that as many independent draws of each symbol take at the least: Σ c · log₂(Σ c / c) / 8. */
export function entropyOfCounts(counts: Iterable<number>): number {
  let [total, sum] = [0, 0];
  for (const count of counts) {
    total += count;
    if (count > 0) sum += count * Math.log2(count);
  }
  return total === 0 ? 0 : (total * Math.log2(total) - sum) / 8;
}

/**
 * By how many bytes the entropy of a histogram lies below that of what its draws come from: half a nat for each of the k symbols
 * that occur but one (Miller, 1955). No code that has to learn the histogram gets below the sum, but for luck.
 */
export function biasOfCounts(counts: ArrayLike<number>): number {
  let used = 0;
  for (let s = 0; s < counts.length; s++) if (counts[s] > 0) used++;
  return (Math.max(0, used - 1) * Math.LOG2E) / 16;
}

export interface Entropy {
  readonly bytes: number;
  readonly bias: number;
}

/** The order-0 entropy of a run of symbols. */
export function entropyOf(symbols: Uint8Array): Entropy {
  const counts = new Float64Array(256);
  for (let i = 0; i < symbols.length; i++) counts[symbols[i]]++;
  return { bytes: entropyOfCounts(counts), bias: biasOfCounts(counts) };
}
