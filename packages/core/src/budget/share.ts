import type { Param } from '../contracts.js';
import { type Cut, selectLowest, type Slice } from '../selection.js';

/** A parameter's scores in a contest for a network's weights. */
export interface Contestant extends Slice {
  readonly param: Param;
}

/** How a sparsity is shared out among the parameters of a network. */
export interface Share {
  readonly name: string;
  /** Prunes pruneCount(Σ sizes, sparsity) entries in all; one cut for each contestant, in their order. */
  cut(contestants: readonly Contestant[], count: number): Promise<readonly Cut[]>;
}

/** Each contestant loses its own number of entries. */
export async function cutEach(contestants: readonly Contestant[], counts: ArrayLike<number>): Promise<Cut[]> {
  const cuts: Cut[] = [];
  for (const [i, contestant] of contestants.entries()) cuts.push(await selectLowest([contestant], counts[i]));
  return cuts;
}

export const sliceSize = ({ size }: Slice) => size;
export const total = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0);
