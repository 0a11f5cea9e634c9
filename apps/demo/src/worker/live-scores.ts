import { scoreModel, type Scores, scoresInMemory, UsageError } from '@espalier/core';
import { arrayBatches } from '@espalier/data';
import { findScorer, OPTIONS } from '@espalier/pipeline';
import { needsData } from '../settings.js';
import { fitOf } from '../fit.js';
import type { Data } from './data.js';
import type { OpenModel } from './open.js';

/** Enough for a live answer; the comparison scores on all training digits. */
const CALIBRATION = 256;

/** Scores of every weight, and of every channel where the scorer has an opinion of its own on channels. */
export async function scoreInMemory(
  { model, info }: OpenModel,
  data: Data,
  name: string,
  limit = CALIBRATION,
): Promise<Scores> {
  const seed = OPTIONS.seed.default!;
  const fit = needsData(name) ? fitOf(info, data.info) : undefined;
  const batches = () => {
    if (!fit) {
      throw new UsageError('data-missing', `the ${name} scorer needs data that fits the model`);
    }
    const { inputShape, classes } = fit;
    return arrayBatches({ ...data.train, classes }, { inputShape, seed, limit })();
  };
  const scores = await scoreModel(await findScorer(name, { seed }), { model, batches });
  const all = new Map<string, Float32Array>();
  for (const id of scores.params) all.set(id, await scores.read(id));
  const groups = new Map<string, Float32Array>();
  if (scores.readGroup) {
    for (const { id, skip } of [...model.groups, ...(model.branches ?? [])]) {
      if (skip === undefined) groups.set(id, await scores.readGroup(id));
    }
  }
  return {
    ...scoresInMemory(name, all, scores),
    ...(scores.readGroup && { readGroup: async (id: string) => groups.get(id)!.slice() }),
  };
}
