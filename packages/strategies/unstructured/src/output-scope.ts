import {
  type Bits,
  type Extent,
  gridOf,
  isKept,
  makeBits,
  type Param,
  pruneCount,
  selectLowest,
  setPruned,
  type Slice,
} from '@espalier/core';

/** All that one output sums over. */
export const OUTPUT: Extent = { inputs: 'all', positions: 'all' };

/**
 * The same number of the lowest scores from every output of a kernel, rounded output by output: all that one output unit sums
 * over, which is how Wanda ranks (arXiv:2306.11695). Outputs of a depthwise kernel [h, w, c, m] are its c·m filters.
 */
export async function outputMask(slice: Slice, param: Param, sparsity: number): Promise<Bits> {
  const { first, within } = gridOf(param, OUTPUT);
  const scores = await slice.read();
  const bits = makeBits(slice.size);
  for (const start of first) {
    const id = slice.id;
    const list = within.map((offset) => start + offset);
    const previous = slice.previous && makeBits(list.length);
    list.forEach((at, i) => previous && !isKept(slice.previous!, at) && setPruned(previous, i));
    const row: Slice = {
      id,
      size: list.length,
      read: async () => Float32Array.from(list, (at) => scores[at]),
      ...(previous && { previous }),
    };
    const cut = await selectLowest([row], pruneCount(list.length, sparsity));
    const kept = await cut.mask(id);
    list.forEach((at, i) => !isKept(kept, i) && setPruned(bits, at));
  }
  return bits;
}
