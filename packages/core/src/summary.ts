import { sizeOf } from './shape.js';
import { countKept } from './bits.js';
import type { Group, Note, Plan, PrunableModel } from './contracts.js';
import { isPrunable } from './eligible.js';
import { resolveMask, unitsOf } from './plan.js';
import { asNote } from './note.js';
import { say } from './notes.js';

export interface LayerSummary {
  /** The parameter's id. */
  readonly id: string;
  readonly shape: readonly number[];
  readonly size: number;
  readonly kept: number;
  readonly sparsity: number;
  /** The largest pruned score; null for structured and N:M plans, and where nothing was pruned. */
  readonly threshold: number | null;
}

export interface PlanSummary {
  readonly sparsity: { readonly requested: number; readonly achieved: number };
  /** total: every weight of the model. prunable: in kernels that may be pruned. kept: of the total. */
  readonly params: { readonly total: number; readonly prunable: number; readonly kept: number };
  /** Multiply-accumulates per sample in kernels; null where the model's sizes are open. */
  readonly macs: { readonly dense: number; readonly kept: number } | null;
  readonly layers: readonly LayerSummary[];
  /** Over the groups that may be pruned; only for plans that remove channels. */
  readonly channels?: { readonly total: number; readonly kept: number };
  /** Residual branches; only for plans that remove some. */
  readonly branches?: { readonly total: number; readonly kept: number };
  /** What was left alone, and why. */
  readonly skipped: readonly { readonly id: string; readonly reason: Note }[];
  readonly notes: readonly Note[];
}

/** Counts what a plan keeps of a model, one mask in memory at a time. */
export async function summarisePlan(
  plan: Plan,
  { params, groups, branches = [] }: Pick<PrunableModel, 'params' | 'groups' | 'branches'>,
  requested: number,
): Promise<PlanSummary> {
  const layers: LayerSummary[] = [];
  const notes = (plan.notes ?? []).map(asNote);
  const total = { size: 0, kept: 0, prunable: 0, prunableKept: 0, macs: 0, macsKept: 0, openSizes: false };
  for (const param of params) {
    const size = sizeOf(param.shape);
    const mask = await resolveMask(plan, param, [...groups, ...branches]);
    const kept = mask ? countKept(mask) : size;
    total.size += size;
    total.kept += kept;
    if (param.role !== 'kernel') continue;
    if (param.uses === null) total.openSizes = true;
    else {
      total.macs += size * param.uses;
      total.macsKept += kept * param.uses;
    }
    if (!isPrunable(param) && kept === size) continue;
    if (kept === 0 && size > 0 && !isInRemoved(branches, plan, param.id))
      notes.push(say('nothing-left', { id: param.id }));
    if (isPrunable(param)) {
      total.prunable += size;
      total.prunableKept += kept;
    }
    const threshold = plan.thresholds?.[param.id] ?? null;
    layers.push({ id: param.id, shape: param.shape, size, kept, sparsity: size > 0 ? 1 - kept / size : 0, threshold });
  }
  const decidesOn = (list: readonly Group[]) => list.some(({ id }) => unitsOf(plan, id));
  const [removesChannels, removesBranches] = [decidesOn(groups), decidesOn(branches)];
  const channels = unitsLeft(plan, groups);
  const whole = unitsLeft(plan, branches);
  const removed = (all: number, kept: number) => (all > 0 ? (all - kept) / all : 0);
  return {
    sparsity: {
      requested,
      achieved: removesChannels
        ? removed(channels.total, channels.kept)
        : removesBranches
          ? removed(whole.total, whole.kept)
          : removed(total.prunable, total.prunableKept),
    },
    params: { total: total.size, prunable: total.prunable, kept: total.kept },
    macs: total.openSizes ? null : { dense: total.macs, kept: total.macsKept },
    layers,
    ...(removesChannels && { channels }),
    ...(removesBranches && { branches: whole }),
    skipped: [
      ...params.flatMap(({ id, role, skip }) =>
        role === 'kernel' && skip !== undefined ? [{ id, reason: skip }] : [],
      ),
      ...(removesChannels ? groups.flatMap(({ id, skip }) => (skip === undefined ? [] : [{ id, reason: skip }])) : []),
    ],
    notes,
  };
}

const isInRemoved = (branches: readonly Group[], plan: Plan, id: string) =>
  branches.some((branch) => {
    const units = unitsOf(plan, branch.id);
    return units && countKept(units) === 0 && branch.sites.some(({ param }) => param === id);
  });

/** Over the groups that may be pruned, and those that were. */
function unitsLeft(plan: Plan, groups: readonly Group[]): { total: number; kept: number } {
  const found = { total: 0, kept: 0 };
  for (const { id, size, skip } of groups) {
    const units = unitsOf(plan, id);
    if (skip !== undefined && !units) continue;
    found.total += size;
    found.kept += units ? countKept(units) : size;
  }
  return found;
}
