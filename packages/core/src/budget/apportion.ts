import { checkCount } from '../counting.js';

/**
 * Whole numbers with the sum `count`, near the given quotas (whose sum it is) and at most `limits`: each quota is rounded
 * down, and what is missing goes to the largest fractions, among equal ones to the lower index (Hamilton's method).
 * Throws a UsageError with code 'prune-count' for a sum that the limits do not allow.
 */
export function apportion(quotas: ArrayLike<number>, limits: ArrayLike<number>, count: number): number[] {
  checkCount(
    count,
    Array.from(limits).reduce((sum, limit) => sum + limit, 0),
  );
  // A quota that should be a whole number may miss it by rounding.
  const near = Array.from(quotas, (q) => (Math.abs(q - Math.round(q)) < 1e-9 * Math.max(1, q) ? Math.round(q) : q));
  const shares = near.map((quota, i) => Math.min(limits[i], Math.max(0, Math.floor(quota))));
  let missing = count - shares.reduce((sum, share) => sum + share, 0);
  const order = near.map((_, i) => i).sort((a, b) => near[b] - shares[b] - (near[a] - shares[a]) || a - b);
  while (missing > 0) {
    const before = missing;
    for (const i of order) {
      if (missing === 0) break;
      if (shares[i] >= limits[i]) continue;
      shares[i]++;
      missing--;
    }
    if (missing === before) break;
  }
  return shares;
}
