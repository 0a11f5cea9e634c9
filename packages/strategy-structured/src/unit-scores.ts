import { checkFiniteScores, type Group, type Param, type Scores, type Selection } from '@espalier/core';

/**
 * One score per channel: what the scorer says of the group itself (`readGroup`), else the mean score of the kernel weights
 * that the channel owns, over every site of the group. Divided by the group's mean, so that layers of unlike scale
 * compare. undefined where the scorer has no opinion on any of its kernels.
 */
export async function unitScores(group: Group, { params, scores }: Selection): Promise<Float32Array | undefined> {
  const values = (await groupScores(group, scores)) ?? (await meanOverSites(group, params, scores));
  if (!values) return undefined;
  checkFiniteScores(group.id, values);
  const mean = values.reduce((sum, value) => sum + Math.abs(value), 0) / group.size;
  return mean > 0 ? Float32Array.from(values, (value) => value / mean) : Float32Array.from(values);
}

async function groupScores(group: Group, scores: Scores): Promise<Float64Array | undefined> {
  return scores.readGroup ? Float64Array.from(await scores.readGroup(group.id)) : undefined;
}

async function meanOverSites(
  group: Group,
  params: readonly Param[],
  scores: Scores,
): Promise<Float64Array | undefined> {
  const [sums, counts] = [new Float64Array(group.size), new Float64Array(group.size)];
  for (const site of group.sites) {
    const param = params.find((p) => p.id === site.param);
    if (param?.role !== 'kernel' || !scores.params.includes(site.param)) continue;
    const values = await scores.read(site.param);
    const inner = param.shape.slice(site.axis + 1).reduce((a, b) => a * b, 1);
    const length = param.shape[site.axis];
    for (let i = 0; i < values.length; i++) {
      const unit = site.unitOf[Math.floor(i / inner) % length];
      if (unit < 0) continue;
      sums[unit] += values[i];
      counts[unit]++;
    }
  }
  return counts.some((n) => n > 0) ? sums.map((sum, unit) => (counts[unit] > 0 ? sum / counts[unit] : 0)) : undefined;
}
