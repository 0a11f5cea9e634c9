import { type Bits, type Cut, InputError, isKept, makeBits, type Slice } from '@espalier/core';
import { bitsOf, floatOf, keyOf } from './keys.js';
import { CHUNK } from '../abi/selection.js';
import type { Selector } from './module.js';

export interface Decision {
  /** The largest key that goes. */
  readonly key: number;
  /** How many keys equal to it stay, in all. */
  readonly kept: number;
  /** How many each slice has. */
  readonly equal: readonly number[];
}

/** The threshold and the masks of a decision. */
export function realise(wasm: Selector, slices: readonly Slice[], { key, kept, equal }: Decision): Cut {
  // The earlier slice keeps its equals first.
  const ties = new Map<string, number>();
  let left = kept;
  slices.forEach(({ id }, i) => {
    ties.set(id, left);
    left -= Math.min(left, equal[i]);
  });
  return {
    threshold: floatOf(key),
    async mask(id) {
      const slice = slices.find((s) => s.id === id);
      if (!slice) throw new InputError('plan-param', `the plan has no mask for '${id}'`, { where: id });
      return maskAbove(wasm, bitsOf(await slice.read()), key, ties.get(id)!, slice.previous);
    },
  };
}

/** Keeps what lies above the cut, and the first `ties` equal to it, of those that `previous` kept. */
function maskAbove(wasm: Selector, bits: Int32Array, cut: number, ties: number, previous: Bits | undefined): Bits {
  const mask = makeBits(bits.length, false);
  let left = ties;
  for (let at = 0; at < bits.length; at += CHUNK) {
    const chunk = bits.subarray(at, at + CHUNK);
    const equal = wasm.mask(chunk, cut, mask.bytes, at >> 3);
    for (let i = 0; equal > 0 && left > 0 && i < chunk.length; i++) {
      if (keyOf(chunk[i]) !== cut || (previous && !isKept(previous, at + i))) continue;
      mask.bytes[(at + i) >> 3] |= 1 << ((at + i) & 7);
      left--;
    }
  }
  if (previous) for (let byte = 0; byte < mask.bytes.length; byte++) mask.bytes[byte] &= previous.bytes[byte];
  return mask;
}
