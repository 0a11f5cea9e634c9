import { checkFiniteScores, type Group, type Param, type Selection, type Site } from '@espalier/core';

/**
 * One score per channel: what the scorer says of the group itself (`readGroup`), else the mean over the group's kernel
 * sites of the channel's mean score there. Each site is divided by its own mean first, so that a filter and the weights that
 * read it count the same, and so that layers of unlike scale compare. undefined where the scorer has no opinion on any
 * kernel of the group.
 */
export async function unitScores(group: Group, { params, scores }: Selection): Promise<Float32Array | undefined> {
  if (scores.readGroup) return Float32Array.from(relative(group, await scores.readGroup(group.id)));
  const sums = new Float64Array(group.size);
  let sites = 0;
  for (const site of group.sites) {
    const param = params.find((p) => p.id === site.param);
    if (param?.role !== 'kernel' || !scores.params.includes(param.id)) continue;
    relative(group, meanByUnit(group, site, param, await scores.read(param.id))).forEach((score, unit) => {
      sums[unit] += score;
    });
    sites++;
  }
  return sites > 0 ? Float32Array.from(sums, (sum) => sum / sites) : undefined;
}

/** Divided by the mean of their sizes; all zeros stay zeros. */
function relative(group: Group, values: ArrayLike<number>): Float64Array {
  checkFiniteScores(group.id, values);
  const exact = Float64Array.from(values);
  const mean = exact.reduce((sum, value) => sum + Math.abs(value), 0) / group.size;
  return mean > 0 ? exact.map((value) => value / mean) : exact;
}

function meanByUnit(group: Group, site: Site, { shape }: Param, values: Float32Array): Float64Array {
  const [sums, counts] = [new Float64Array(group.size), new Float64Array(group.size)];
  const inner = shape.slice(site.axis + 1).reduce((a, b) => a * b, 1);
  const length = shape[site.axis];
  for (let i = 0; i < values.length; i++) {
    const unit = site.unitOf[Math.floor(i / inner) % length];
    if (unit < 0) continue;
    sums[unit] += values[i];
    counts[unit]++;
  }
  return sums.map((sum, unit) => (counts[unit] > 0 ? sum / counts[unit] : 0));
}
