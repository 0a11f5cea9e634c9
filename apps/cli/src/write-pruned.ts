import { encodePlan } from '@espalier/core';
import { type FileSize, writeModel } from '@espalier/format';
import { type Run, type Settings, valueOf } from '@espalier/pipeline';
import type { OpenModel } from './open.js';
import { inOut, task, total } from './ui.js';

const PLAN_FILE = 'pruning.plan';

/** The pruned model with its plan beside it: all of it, or nothing. */
export const writePruned = (
  out: string,
  { file }: OpenModel,
  { pruned, plan }: Run,
  settings: Settings,
): Promise<readonly FileSize[]> =>
  task(
    'write',
    async () => {
      const extras = { [PLAN_FILE]: await encodePlan(plan) };
      return writeModel(out, await pruned.toArtifacts(), { extras, nonFinite: valueOf(settings, 'nonFinite')! });
    },
    (written) => `${out}, ${inOut(total(file.files), total(written.filter(({ path }) => !path.endsWith(PLAN_FILE))))}`,
  );
