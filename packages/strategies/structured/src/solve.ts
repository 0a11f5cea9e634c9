import type { Ledger } from '@espalier/core';
import type { Step } from './steps.js';

/**
 * Takes steps in order until the ledger is at most at `target`, then puts back those that still fit, the highest first. In a
 * group only its last step can come back. Answers with what is left; `reached` is false where the steps do not suffice.
 *
 * Greedy and exact: no further step could be put back without going over the target.
 */
export function solve(steps: readonly Step[], ledger: Ledger, target: number): { taken: Step[]; reached: boolean } {
  // Targets are products of fractions, which miss whole numbers by a little.
  const limit = target + 1e-9 * Math.max(1, Math.abs(target));
  const taken: Step[] = [];
  for (const step of steps) {
    if (!step.forced && ledger.total() <= limit) break;
    step.units.forEach((unit) => ledger.remove(step.group, unit));
    taken.push(step);
  }
  if (ledger.total() > limit) return { taken, reached: false };
  const stays: Step[] = [];
  const blocked = new Set<string>();
  for (const step of taken.reverse()) {
    const { group, units, forced } = step;
    if (!forced && !blocked.has(group)) {
      units.forEach((unit) => ledger.restore(group, unit));
      if (ledger.total() <= limit) continue;
      units.forEach((unit) => ledger.remove(group, unit));
    }
    blocked.add(group);
    stays.push(step);
  }
  return { taken: stays, reached: true };
}
