import { UsageError } from '@espalier/core';

/**
 * The q-quantile of a sample, 0 ≤ q ≤ 1: with the values sorted, x₀ ≤ … ≤ xₙ₋₁, it is read at position h = (n − 1)·q and
 * interpolated between the neighbours, x⌊h⌋ + (h − ⌊h⌋)·(x⌊h⌋₊₁ − x⌊h⌋). This is type 7 of Hyndman and Fan, the default of
 * NumPy and R. The argument keeps its order.
 *
 * Throws a UsageError with code 'quantile' for an empty sample, a NaN in it, or q outside [0, 1].
 */
export function quantile(values: ArrayLike<number>, q: number): number {
  const sorted = Float64Array.from(values).sort();
  // Typed arrays sort NaN to the end.
  if (sorted.length === 0 || Number.isNaN(sorted[sorted.length - 1])) {
    throw new UsageError('quantile', `a quantile needs at least one value and no NaN, got ${sorted.length} values`);
  }
  if (!(q >= 0 && q <= 1)) throw new UsageError('quantile', `q must be from 0 to 1, got ${q}`);
  const h = (sorted.length - 1) * q;
  const low = Math.floor(h);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (h - low) * (sorted[high] - sorted[low]);
}

export interface Spread {
  readonly median: number;
  readonly p10: number;
  readonly p90: number;
}

/** The middle and the 10th and 90th percentile. */
export function spread(values: ArrayLike<number>): Spread {
  return { median: quantile(values, 0.5), p10: quantile(values, 0.1), p90: quantile(values, 0.9) };
}
