import {
  andBits,
  type Bits,
  type Change,
  countKept,
  type Group,
  isKept,
  keptSlices,
  makeBits,
  type Param,
  type Plan,
  type Removal,
  setPruned,
  unitsOf,
} from '@espalier/core';
import { takeSlices, type Values } from './slices.js';

/**
 * What a plan's removed units take out of the parameters: one entry for each axis that loses slices, in the order of the
 * parameters and, within one, of the axes. Several groups may meet on one axis, behind a concatenation for example.
 */
export function changeOf(
  plan: Plan,
  { params, groups }: { params: readonly Param[]; groups: readonly Group[] },
): Change {
  const kept = new Map<string, Map<number, Bits>>();
  const units: Record<string, number[]> = {};
  for (const group of groups) {
    const decided = unitsOf(plan, group.id);
    if (!decided || countKept(decided) === decided.length) continue;
    units[group.id] = prunedIndices(decided);
    for (const site of group.sites) {
      const axes = kept.get(site.param) ?? new Map<number, Bits>();
      kept.set(site.param, axes);
      const [before, here] = [axes.get(site.axis), keptSlices(decided, site)];
      axes.set(site.axis, before ? andBits(before, here) : here);
    }
  }
  const removals = params.flatMap(({ id }) =>
    [...(kept.get(id) ?? [])]
      .sort(([a], [b]) => a - b)
      .map(([axis, bits]): Removal => ({ param: id, axis, size: bits.length, removed: prunedIndices(bits) })),
  );
  return { units, removals: removals.filter(({ removed }) => removed.length > 0) };
}

/** A parameter's values without what the change takes out of it. */
export function changedValues(param: string, values: Values, { removals }: Change): Values {
  return removals
    .filter((removal) => removal.param === param)
    .reduce((left, { axis, size, removed }) => takeSlices(left, axis, keepAllBut(size, removed)), values);
}

function prunedIndices(bits: Bits): number[] {
  return Array.from({ length: bits.length }, (_, i) => i).filter((i) => !isKept(bits, i));
}

function keepAllBut(size: number, removed: readonly number[]): Bits {
  const bits = makeBits(size);
  for (const index of removed) setPruned(bits, index);
  return bits;
}
