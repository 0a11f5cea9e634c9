import { countKept, InputError, isKept, type Slice } from '@espalier/core';

export const bitsOf = (scores: Float32Array) => new Int32Array(scores.buffer, scores.byteOffset, scores.length);

/** Float bits as integers in the same order; −0 and +0 are both 0. */
export function keyOf(bits: number): number {
  const sign = bits >> 31;
  return (((bits & 0x7fffffff) ^ sign) - sign) | 0;
}

export const floatOf = (key: number) => new Float32Array(Int32Array.of(key < 0 ? -0x80000000 | -key : key).buffer)[0];

/** The bits of what is not pruned yet. */
export async function survivors(slice: Slice, kept: number | undefined): Promise<Int32Array> {
  const scores = await slice.read();
  if (scores.length !== slice.size) {
    const [wanted, found] = [String(slice.size), String(scores.length)];
    throw new InputError('score-length', `the scores of '${slice.id}' need ${wanted} values, got ${found}`, {
      where: slice.id,
      wanted,
      found,
    });
  }
  const all = bitsOf(scores);
  const { previous } = slice;
  if (!previous) return all;
  const out = new Int32Array(kept ?? countKept(previous));
  for (let i = 0, n = 0; i < all.length; i++) if (isKept(previous, i)) out[n++] = all[i];
  return out;
}

export function join(parts: readonly Int32Array[]): Int32Array {
  if (parts.length === 1) return parts[0];
  const all = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (all.set(part, at), at + part.length), 0);
  return all;
}
