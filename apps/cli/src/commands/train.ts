import { type AnyPrunable, artifactsOf } from '../adapted.js';
import { encodePlan, isEspalierError, memoryPlan, summarisePlan, UsageError } from '@espalier/core';
import { arrayBatches } from '@espalier/data';
import { writeFile, writeModel } from '@espalier/format';
import { accuracy } from '@espalier/measure';
import { OBS_REPAIR_DEFAULTS } from '@espalier/repair-obs';
import { Command } from 'commander';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { useBackend } from '../backend.js';
import { inputShapeOf, lossFor, openData, openModel, required } from '../open.js';
import { printJson } from '../plain.js';
import { jsonOption, wholeNumber } from '../options.js';
import { checkOutputFolder } from '../output.js';
import { permute } from '../permute.js';
import { loadRecipe } from '../recipe/load.js';
import { type Recipe, recipeJsonSchema } from '../recipe/schema.js';
import { type Hooks, scorerOf, sparsityOf, strategyOf, trainBy, type Trained } from '../recipe/training.js';
import { pruneTable } from '../tables.js';
import { bytes, inOut, note, percent, task, total } from '../ui.js';

interface TrainOptions {
  readonly out?: string;
  readonly seed?: number;
  readonly resume?: boolean;
  readonly dryRun?: boolean;
  readonly schema?: boolean;
  readonly json?: boolean;
}

const CHECKPOINT = 'train.checkpoint';

export function trainCommand(): Command {
  return new Command('train')
    .description('prunes and trains a model as a recipe says: model, data, scorer, strategy, schedule, training')
    .argument('[recipe]', 'a JSON file, or a TypeScript or JavaScript module that exports a recipe by default')
    .option('-o, --out <dir>', "where the model goes; default: the recipe's out")
    .option('--seed <n>', "in place of the recipe's", wholeNumber('--seed'))
    .option('--resume', `goes on from ${CHECKPOINT} in the output folder, which every epoch writes`)
    .option('--dry-run', 'prints the recipe with every default filled in, and stops')
    .option('--schema', 'prints the JSON Schema of recipes, and stops')
    .addOption(jsonOption())
    .action(run);
}

async function run(path: string | undefined, options: TrainOptions): Promise<void> {
  if (options.schema) return printJson(recipeJsonSchema());
  if (path === undefined)
    throw new UsageError('recipe-missing', 'train wants a recipe; espalier train --schema prints what it may hold', {
      where: 'recipe',
    });
  const read = await loadRecipe(path);
  const given: Recipe = {
    ...read,
    ...(options.seed !== undefined && { seed: options.seed }),
    ...(options.out !== undefined && { out: options.out }),
  };
  const recipe: Recipe = {
    ...given,
    sparsity: sparsityOf(given),
    ...(given.repair === 'obs' && { repairSteps: given.repairSteps ?? OBS_REPAIR_DEFAULTS.steps }),
  };
  delete (recipe as { $schema?: string }).$schema;
  if (options.dryRun) return printJson(recipe);
  const { out, schedule } = recipe;
  if (out === undefined)
    throw new UsageError(
      'option-combination',
      "-o, --out is missing, and so is the recipe's out: say where the model goes",
      { where: '-o, --out' },
    );
  if (options.resume && schedule.kind === 'lottery-ticket')
    throw new UsageError('option-combination', '--resume: lottery tickets leave no checkpoints', { where: '--resume' });
  await checkOutputFolder(out);

  const backend = await useBackend(recipe.backend);
  const open = await task(
    'read',
    () => openModel(recipe.model, recipe.loss),
    ({ name, file }) => `${name}, ${bytes(total(file.files))}`,
  );
  const loaded = await openData(open, recipe.data, recipe.test);
  const [data, test] = [required(loaded.calibration, 'train'), required(loaded.test, 'train')];
  const model = lossFor(open, data, recipe.loss);
  const [inputShape, testShape] = [inputShapeOf(open, data, 'data'), inputShapeOf(open, test, 'test')];
  const measure = (which: string, candidate: AnyPrunable) =>
    task(
      `accuracy ${which}`,
      (bar) => accuracy((x) => candidate.predict(x), test, { inputShape: testShape, onProgress: bar.update }),
      (value) => `${value.toFixed(2)}%`,
    );
  const dense = await measure('dense', model);
  if (recipe.strategy.kind === 'nm' && recipe.strategy.permute) {
    const batches = arrayBatches(data, { batchSize: recipe.training.batchSize, inputShape, seed: recipe.seed });
    await permute(model, {
      ...recipe.strategy,
      scorer: scorerOf(recipe),
      seed: recipe.seed,
      ignore: recipe.ignore,
      data: batches,
    });
  }
  const teacher = recipe.training.distill && (await model.shrink(memoryPlan({})));
  const file = join(out, CHECKPOINT);
  const resume = options.resume ? await readCheckpoint(file) : undefined;
  const trained = await trainWithProgress(recipe, teacher, file, resume, (hooks) =>
    trainBy(recipe, model, data, inputShape, teacher, hooks),
  ).catch((error: unknown) => {
    if (isEspalierError(error) && error.code === 'loss-diverged' && existsSync(file))
      note(`${file} holds the last good epoch: --resume goes on from it, with a smaller learning rate`);
    throw error;
  });
  teacher?.dispose();
  trained.handle.makePermanent();
  const summary = await summarisePlan(trained.plan, model, sparsityOf(recipe));
  for (const line of summary.notes) note(line);
  const pruned = recipe.strategy.kind === 'structured' ? await model.shrink(trained.plan) : model;
  const reached = await measure('trained', pruned);
  const files = await task(
    'write',
    async () =>
      writeModel(out, await artifactsOf(pruned), { extras: { 'pruning.plan': await encodePlan(trained.plan) } }),
    (written) =>
      `${out}, ${inOut(total(open.file.files), total(written.filter(({ path }) => !path.endsWith('pruning.plan'))))}`,
  );
  await rm(file, { force: true });
  const result = {
    model: open.name,
    strategy: `${strategyOf(recipe).name}, ${schedule.kind}`,
    scorer: recipe.scorer,
    backend,
    ...summary,
    accuracy: { dense, pruned: reached },
    testedOn: loaded.testName,
    training: { losses: trained.losses, ...(trained.best && { best: trained.best }) },
    files,
    recipe,
  };
  if (options.json) printJson(result);
  else process.stdout.write(`${pruneTable(result)}\n`);
  if (pruned !== model) pruned.dispose();
  model.dispose();
}

async function trainWithProgress(
  { schedule, training }: Recipe,
  teacher: unknown,
  file: string,
  resume: Uint8Array | undefined,
  work: (hooks: Hooks) => Promise<Trained>,
): Promise<Trained> {
  const rounds = schedule.kind === 'lottery-ticket' ? schedule.rounds + 1 : 1;
  let round = 0;
  return task(
    `train ${training.epochs} epoch${training.epochs === 1 ? '' : 's'}, ${schedule.kind}${teacher ? ', distilled' : ''}`,
    (bar) =>
      work({
        onProgress: ({ step, steps, epoch, loss }) =>
          bar.update(
            round * steps + step,
            rounds * steps,
            `${rounds > 1 ? `round ${round + 1} of ${rounds}, ` : ''}epoch ${epoch}, loss ${loss.toFixed(4)}`,
          ),
        onRound: (now) => (round = now),
        // Nothing goes on from one round's checkpoint.
        ...(rounds === 1 && { checkpoint: { write: async (saved) => void (await writeFile(file, saved)) } }),
        ...(resume && { resume }),
      }),
    ({ losses, best }) =>
      `loss ${[losses[0], ...losses.slice(1).slice(-1)].map((loss) => loss.toFixed(4)).join(' → ')}${best ? `, best epoch ${best.epoch} (${percent(best.score / 100, 2)} of what was held out)` : ''}`,
  );
}

async function readCheckpoint(file: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(file));
  } catch (error) {
    throw new UsageError('checkpoint-missing', `--resume: there is no ${file}; leave --resume out to start anew`, {
      where: '--resume',
      cause: error,
    });
  }
}
