import { show, UsageError } from './errors.js';

/** Round to the nearest integer, halves to the even one, as torch.round and Python do; Math.round goes half up. */
export function roundHalfEven(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  if (rest !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
}

/** Throws a UsageError with code 'sparsity-range' unless sparsity is a number in [0, 1]. */
export function checkSparsity(sparsity: unknown, where = 'sparsity'): asserts sparsity is number {
  if (typeof sparsity === 'number' && sparsity >= 0 && sparsity <= 1) return;
  throw new UsageError(
    'sparsity-range',
    `${where} is the fraction of weights to remove and must be a number from 0 to 1, got ${show(sparsity)}; for 90% write 0.9`,
    { where, wanted: 'a number from 0 to 1', found: String(sparsity), fix: 'for 90% write 0.9' },
  );
}

/** Throws a UsageError with code 'prune-count' unless so many of `size` entries can be pruned. */
export function checkCount(count: number, size: number): void {
  if (Number.isInteger(count) && count >= 0 && count <= size) return;
  const wanted = `a whole number from 0 to ${size}`;
  throw new UsageError('prune-count', `the number of entries to prune must be ${wanted}, got ${show(count)}`, {
    where: 'count',
    wanted,
    found: String(count),
  });
}

/**
 * How many of `size` entries a sparsity prunes: roundHalfEven(sparsity · size). Only sparsity 1 is guarded: it keeps
 * one entry, because a network without weights is nobody's intent.
 */
export function pruneCount(size: number, sparsity: number): number {
  checkSparsity(sparsity);
  return sparsity === 1 ? Math.max(0, size - 1) : roundHalfEven(sparsity * size);
}
