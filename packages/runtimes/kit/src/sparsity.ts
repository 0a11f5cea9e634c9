import type { Sizes } from './calls.js';

/** The share of zeros of a matrix; an empty one has none. */
export function sparsityOf({ nonzeros, inputs, outputs }: Sizes & { readonly nonzeros: number }): number {
  const size = inputs * outputs;
  return size === 0 ? 0 : 1 - nonzeros / size;
}
