import {
  checkFiniteScores,
  checkUnsigned,
  type Group,
  type Param,
  type Selection,
  type Site,
  sizeOf,
} from '@espalier/core';
import { type Aggregate, byMean, mean, type Normalise } from './aggregate.js';

export interface UnitScoreOptions {
  /** What a channel's weights are worth together. */
  readonly aggregate?: Aggregate;
  readonly normalise?: Normalise;
}

export const UNIT_SCORE_DEFAULTS = { aggregate: mean, normalise: byMean };

/**
 * One score per channel: what the scorer says of the group itself (`readGroup`), else the mean over the group's kernel
 * sites of the channel's aggregated score there. Each site is normalised first, by default to its own mean, so that a filter
 * and the weights that read it count the same, and so that layers of unlike scale compare. undefined where the scorer has
 * no opinion on any kernel of the group. Throws a UsageError with code 'scores-signed' where an aggregate that squares meets signed
 * scores.
 */
export async function unitScores(
  group: Group,
  { params, scores }: Pick<Selection, 'params' | 'scores'>,
  options: UnitScoreOptions = {},
): Promise<Float32Array | undefined> {
  const { aggregate, normalise } = { ...UNIT_SCORE_DEFAULTS, ...options };
  if (scores.readGroup) return Float32Array.from(normalise(finite(group, await scores.readGroup(group.id))));
  const totals = new Float64Array(group.size);
  let sites = 0;
  for (const site of group.sites) {
    const param = params.find((p) => p.id === site.param);
    if (param?.role !== 'kernel' || !scores.params.includes(param.id)) continue;
    const values = await scores.read(param.id);
    if (aggregate.squares) checkUnsigned(`the aggregate ${aggregate.name}`, param.id, values);
    const own = aggregateByUnit(group, site, param, values, aggregate);
    normalise(finite(group, own)).forEach((score, unit) => {
      totals[unit] += score;
    });
    sites++;
  }
  return sites > 0 ? Float32Array.from(totals, (total) => total / sites) : undefined;
}

function finite(group: Group, values: ArrayLike<number>): Float64Array {
  checkFiniteScores(group.id, values);
  return Float64Array.from(values);
}

function aggregateByUnit(
  group: Group,
  site: Site,
  { shape }: Param,
  values: Float32Array,
  { start, add, end }: Aggregate,
): Float64Array {
  const [totals, counts] = [new Float64Array(group.size).fill(start), new Float64Array(group.size)];
  const inner = sizeOf(shape.slice(site.axis + 1));
  const length = shape[site.axis];
  for (let i = 0; i < values.length; i++) {
    const unit = site.unitOf[Math.floor(i / inner) % length];
    if (unit < 0) continue;
    totals[unit] = add(totals[unit], values[i]);
    counts[unit]++;
  }
  return totals.map((total, unit) => (counts[unit] > 0 ? end(total, counts[unit]) : 0));
}
