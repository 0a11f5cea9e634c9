import { show, UsageError } from '@espalier/core';

/** Throws a UsageError with code 'nm-pattern' unless 1 ≤ keep < group. */
export function checkPattern(keep: number, group: number): void {
  if (Number.isInteger(keep) && Number.isInteger(group) && keep >= 1 && keep < group) return;
  const wanted = 'integers with 1 ≤ keep < group';
  throw new UsageError(
    'nm-pattern',
    `N:M needs ${wanted}, got keep ${show(keep)} and group ${show(group)}; 2:4 is keep 2, group 4`,
    { where: 'keep, group', wanted, found: `${keep}:${group}` },
  );
}
