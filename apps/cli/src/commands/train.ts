import { UsageError } from '@espalier/core';
import { writeFile } from '@espalier/format';
import {
  checkSettings,
  isTraining,
  type Recipe,
  recipeJsonSchema,
  runPruning,
  trains,
  valueOf,
  withDefaults,
} from '@espalier/pipeline';
import { loadRecipe } from '@espalier/pipeline/node';
import { isEspalierError } from '@espalier/core';
import { Command } from 'commander';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { host } from '../host.js';
import { openAll } from '../open.js';
import { jsonOption, optionOf, refuse } from '../options.js';
import { checkOutputFolder } from '../output.js';
import { printJson } from '../plain.js';
import { summaryOf } from '../summary.js';
import { pruneTable } from '../tables.js';
import { note } from '../ui.js';
import { writePruned } from '../write-pruned.js';

interface TrainOptions {
  readonly out?: string;
  readonly seed?: number;
  readonly resume?: boolean;
  readonly dryRun?: boolean;
  readonly schema?: boolean;
  readonly json?: boolean;
}

const CHECKPOINT = 'train.checkpoint';
/** Recipes are written against it wherever they lie, also where nothing is installed. */
const OWN = { '@espalier/cli/recipe': fileURLToPath(new URL('../recipe.js', import.meta.url)) };

export function trainCommand(): Command {
  return new Command('train')
    .description('prunes and trains a model as a recipe says: every option of prune, by its name, in a file')
    .argument('[recipe]', 'a JSON file, or a TypeScript or JavaScript module that exports a recipe by default')
    .option('-o, --out <dir>', "where the model goes; default: the recipe's out")
    .addOption(optionOf('seed', "in place of the recipe's"))
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
  const recipe = await readRecipe(path, options);
  if (options.dryRun) return printJson(recipe);
  const { out, schedule } = recipe;
  if (out === undefined) refuse('-o, --out', "is missing, and so is the recipe's out: say where the model goes");
  if (options.resume && (schedule === 'lottery-ticket' || schedule === 'iterative' || schedule === 'cubic'))
    refuse('--resume', `is not for the schedule ${schedule}, which leaves no checkpoints`);
  await checkOutputFolder(out);
  await checkSettings(recipe, host);
  const file = join(out, CHECKPOINT);
  const resume = options.resume ? await readCheckpoint(file) : undefined;
  const open = await openAll(recipe.model, recipe);
  const { model } = open;
  const checkpoint = trains(recipe)
    ? { checkpoint: { write: async (saved: Uint8Array) => void (await writeFile(file, saved)) } }
    : {};
  const hooks = { ...checkpoint, ...(resume && { resume }) };
  const done = await runPruning({ ...open, settings: recipe, host, hooks }).catch((error: unknown) => {
    if (isEspalierError(error) && error.code === 'loss-diverged' && existsSync(file))
      note(`${file} holds the last good epoch: --resume goes on from it, with a smaller learning rate`);
    throw error;
  });
  const files = await writePruned(out, open, done, recipe);
  await rm(file, { force: true });
  const summary = {
    ...summaryOf(open, recipe, done),
    ...(isTraining(schedule) && { strategy: `${done.strategy}, ${schedule}` }),
    files,
    recipe,
  };
  if (options.json) printJson(summary);
  else process.stdout.write(`${pruneTable(summary)}\n`);
  if (done.pruned !== model) done.pruned.dispose();
  model.dispose();
}

/** The recipe with what the command line changes in it and with every default. */
async function readRecipe(path: string, { seed, out }: TrainOptions): Promise<Recipe> {
  const { $schema, ...read } = (await loadRecipe(path, OWN)) as Recipe & { $schema?: string };
  void $schema;
  const given: Recipe = { ...read, ...(seed !== undefined && { seed }), ...(out !== undefined && { out }) };
  return withDefaults({ ...given, seed: valueOf(given, 'seed') });
}

async function readCheckpoint(file: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(file));
  } catch (cause) {
    const text = `--resume: there is no ${file}; leave --resume out to start anew`;
    throw new UsageError('checkpoint-missing', text, { where: '--resume', cause });
  }
}
