import { type Bits, bitsFrom, makeBits, pruneCount } from '@espalier/core';

// Without its sign bit, a float's bit pattern is an integer in the order of the magnitudes, and −0 is 0.
const MAGNITUDE = 0x7fffffff;
const HALF = 1 << 16;

/**
 * Prunes the pruneCount(n, sparsity) smallest |w|; among equal ones the lower index is kept. The same rule as core's
 * selectLowest, which waits for one tensor after another; a figure has its kernel in hand and answers at once.
 */
export function cutByMagnitude(values: Float32Array, sparsity: number): { mask: Bits; threshold: number | null } {
  const count = pruneCount(values.length, sparsity);
  if (count === 0) return { mask: makeBits(values.length), threshold: null };
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);

  const upper = new Uint32Array(HALF);
  for (let i = 0; i < bits.length; i++) upper[(bits[i] & MAGNITUDE) >> 16]++;
  const top = locate(upper, count);
  const lower = new Uint32Array(HALF);
  for (let i = 0; i < bits.length; i++) if ((bits[i] & MAGNITUDE) >> 16 === top.bin) lower[bits[i] & (HALF - 1)]++;
  const bottom = locate(lower, count - top.below);

  const cut = (top.bin << 16) | bottom.bin;
  let keptTies = lower[bottom.bin] - (count - top.below - bottom.below);
  const mask = bitsFrom(bits.length, (i) => {
    const magnitude = bits[i] & MAGNITUDE;
    return magnitude > cut || (magnitude === cut && keptTies-- > 0);
  });
  return { mask, threshold: new Float32Array(Int32Array.of(cut).buffer)[0] };
}

/** The bin that holds the `rank`-th entry (1 = lowest), and how many lie below it. */
function locate(bins: Uint32Array, rank: number): { bin: number; below: number } {
  let [bin, below] = [0, 0];
  while (below + bins[bin] < rank) below += bins[bin++];
  return { bin, below };
}
