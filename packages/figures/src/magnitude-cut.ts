import { type Bits, pruneCount, selectLowestIn } from '@espalier/core';

/** Prunes the pruneCount(n, sparsity) smallest |w|; among equal ones the lower index is kept. */
export function cutByMagnitude(values: Float32Array, sparsity: number): { mask: Bits; threshold: number | null } {
  return selectLowestIn(values.map(Math.abs), pruneCount(values.length, sparsity));
}
