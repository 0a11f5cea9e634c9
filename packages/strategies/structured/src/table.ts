import {
  checkSparsity,
  type Group,
  matchesGlob,
  namesOf,
  type Param,
  roundHalfEven,
  show,
  UsageError,
} from '@espalier/core';
import { say } from './notes.js';

/** The fraction of channels to remove, by glob over layer names; the first glob that matches a layer counts. */
export type Table = Readonly<Record<string, number>>;

function lookUp(group: Group, params: readonly Param[], table: Table): string | undefined {
  const { own } = namesOf(group, params);
  return Object.keys(table).find((glob) => matchesGlob(own, glob));
}

/**
 * The groups that the table removes something of; the others say that it leaves them alone. A glob that names no group is
 * a UsageError with code 'table-unmatched'.
 */
export function tableGroups(groups: readonly Group[], params: readonly Param[], table: Table): Group[] {
  for (const [glob, sparsity] of Object.entries(table)) checkSparsity(sparsity, `the budget of ${show(glob)}`);
  const used = new Set<string>();
  const result = groups.map((group) => {
    const glob = lookUp(group, params, table);
    if (glob !== undefined) used.add(glob);
    if (glob !== undefined && table[glob] > 0) return group;
    return { ...group, skip: group.skip ?? say('by-budget') };
  });
  const unused = Object.keys(table).find((glob) => !used.has(glob));
  if (unused === undefined) return result;
  const names = groups.slice(0, 12).map(({ id }) => id);
  throw new UsageError(
    'table-unmatched',
    `budget table: no layer with channels matches ${show(unused)}; the layers are ${names.join(', ') || 'none'}`,
    { where: unused, found: unused },
  );
}

/** What the table says of one group: its sparsity, and the channels that are left at it. */
export function shareOf(group: Group, params: readonly Param[], table: Table): { sparsity: number; least: number } {
  const sparsity = table[lookUp(group, params, table)!];
  return { sparsity, least: Math.max(1, group.size - roundHalfEven(sparsity * group.size)) };
}

/** The sparsity over all channels that may be pruned at which every group loses what its table says. */
export function tableSparsity(groups: readonly Group[], params: readonly Param[], table: Table): number {
  let [gone, total] = [0, 0];
  for (const group of tableGroups(groups, params, table)) {
    if (group.skip !== undefined) continue;
    total += group.size;
    gone += group.size - shareOf(group, params, table).least;
  }
  return total > 0 ? gone / total : 0;
}
