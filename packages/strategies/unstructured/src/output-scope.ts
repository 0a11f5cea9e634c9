import {
  type Bits,
  isKept,
  makeBits,
  type Param,
  pruneCount,
  selectLowest,
  setPruned,
  type Slice,
} from '@espalier/core';

/**
 * The same number of the lowest scores from every output of a kernel, rounded output by output: all that one output unit sums
 * over, which is how Wanda ranks (arXiv:2306.11695). Outputs of a depthwise kernel [h, w, c, m] are its c·m filters.
 */
export async function outputMask(slice: Slice, param: Param, sparsity: number): Promise<Bits> {
  const { outputs, outputOf } = outputsOf(param);
  const members: number[][] = Array.from({ length: outputs }, () => []);
  for (let i = 0; i < slice.size; i++) members[outputOf(i)].push(i);
  const scores = await slice.read();
  const bits = makeBits(slice.size);
  for (const [output, list] of members.entries()) {
    const id = slice.id;
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
    members[output].forEach((at, i) => !isKept(kept, i) && setPruned(bits, at));
  }
  return bits;
}

/** Dense [in, out], conv [.., in, out], transposed [.., out, in]: what is neither the input axis nor in front of it. */
function outputsOf({ shape, inAxis }: Param): { outputs: number; outputOf(index: number): number } {
  const last = shape[shape.length - 1];
  if (inAxis >= 0 && inAxis === shape.length - 1 && shape.length > 1) {
    const outputs = shape[shape.length - 2];
    return { outputs, outputOf: (index) => Math.floor(index / last) % outputs };
  }
  const outputs = inAxis < 0 && shape.length === 4 ? shape[2] * last : last;
  return { outputs, outputOf: (index) => index % outputs };
}
