import { UsageError } from '@espalier/core';

/** Throws a UsageError with code 'min-sparsity' for an option that is no share. */
export function checkMinSparsity(minSparsity: number): void {
  if (minSparsity >= 0 && minSparsity <= 1) return;
  throw new UsageError('min-sparsity', `minSparsity must be between 0 and 1, got ${minSparsity}`, {
    wanted: '0 to 1',
    found: String(minSparsity),
  });
}
