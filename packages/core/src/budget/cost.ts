import type { Param } from '../contracts.js';
import { show, UsageError } from '../errors.js';

/**
 * What a network costs: fixed + Σ each(param) · entries kept of it. Linear in what is kept, so a plan's cost follows from
 * parameters and groups alone, neighbours of a removed channel included.
 */
export interface Cost {
  /** For people: 'MACs'. */
  readonly name: string;
  /** Of one entry of the parameter. */
  each(param: Param): number;
  /** What no plan changes. */
  readonly fixed?: number;
}

/** Every weight, biases and norms included. */
export const paramCost: Cost = { name: 'parameters', each: () => 1 };

/**
 * Multiply-accumulates a sample: `uses` for each weight of a kernel. Throws a UsageError with code 'macs-unknown' where the
 * model leaves sizes open.
 */
export const macCost: Cost = {
  name: 'MACs',
  each({ id, role, uses }) {
    if (role !== 'kernel') return 0;
    if (uses !== null) return uses;
    const fix = 'give the adapter an inputShape';
    throw new UsageError(
      'macs-unknown',
      `the MACs of ${show(id)} are not known, because the model leaves sizes open; ${fix}`,
      { where: id, wanted: 'known sizes', found: 'open sizes', fix },
    );
  },
};

/** Bytes of float32 weights; `fixed` is what lies around them in a file. */
export const byteCost = (fixed = 0): Cost => ({ name: 'bytes', each: () => 4, fixed });
