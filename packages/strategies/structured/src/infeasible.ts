import { type Cost, type Group, type Param, show, sizeOf, UsageError } from '@espalier/core';
import { say } from './notes.js';

export function channelsImpossible(found: {
  sparsity: number;
  total: number;
  left: number;
  groups: number;
}): UsageError {
  const { sparsity, total, left, groups } = found;
  const most = Math.floor((1000 * (total - left)) / total) / 1000;
  const fix = `use a sparsity of at most ${most}`;
  const why = left === groups ? say('one-of-each', { count: groups }) : say('floors-keep', { count: left });
  return new UsageError(
    'channels-impossible',
    say('channels-impossible', { sparsity, total, why, size: total - left, most }),
    { where: 'sparsity', wanted: `at most ${most}`, found: String(sparsity), fix },
  );
}

const number = (value: number) => Math.round(value).toLocaleString('en-US');
const percent = (value: number) => `${Math.round(1000 * value) / 10}%`;

export interface Infeasible {
  readonly task: { readonly params: readonly Param[]; readonly groups: readonly Group[]; readonly sparsity: number };
  readonly cost: Cost;
  readonly dense: number;
  /** With everything gone that may go. */
  readonly left: number;
  readonly limited: boolean;
}

/** Names what is in the way: the least that there can be, the share that nothing can remove, and whose it is. */
export function budgetInfeasible({ task, cost, dense, left, limited }: Infeasible): UsageError {
  const kept = 1 - task.sparsity;
  const touched = new Set(
    task.groups.flatMap(({ skip, sites }) => (skip === undefined ? sites.map(({ param }) => param) : [])),
  );
  const fixed = task.params.reduce(
    (sum, param) => sum + (touched.has(param.id) ? 0 : cost.each(param) * sizeOf(param.shape)),
    cost.fixed ?? 0,
  );
  const reasons = task.groups.flatMap(({ id, skip }) => (skip === undefined ? [] : [`${show(id)} ${skip.text}`]));
  const least = Math.ceil((1000 * left) / dense) / 1000;
  const fix = `ask for at least ${least}${limited ? ', lower the floors' : ''}${reasons.length > 0 ? ', or ignore less' : ''}`;
  const parts = [
    `a budget of ${percent(kept)} of the ${cost.name} cannot be met`,
    `${percent(left / dense)} (${number(left)} of ${number(dense)}) are left when every channel is gone that may go`,
    ...(fixed > 0 ? [`${percent(fixed / dense)} lie where no channel can be removed`] : []),
    ...(limited ? ['floors keep part of the rest'] : []),
    ...(reasons.length > 0 ? [`left alone: ${reasons.slice(0, 4).join('; ')}${reasons.length > 4 ? '; …' : ''}`] : []),
  ];
  return new UsageError('budget-infeasible', `${parts[0]}: ${parts.slice(1).join('; ')}; ${fix}`, {
    where: cost.name,
    wanted: `at most ${number(kept * dense)}`,
    found: `at least ${number(left)}`,
    fix,
  });
}
