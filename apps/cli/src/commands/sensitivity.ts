import type { AnyPrunable } from '../adapted.js';
import { isEspalierError, show, type Strategy, UsageError } from '@espalier/core';
import { arrayBatches, BATCH_DEFAULTS, type Dataset } from '@espalier/data';
import { writeFile } from '@espalier/format';
import {
  accuracy,
  type Sensitivity,
  sensitivity,
  SENSITIVITY_BUDGET_DEFAULTS,
  SENSITIVITY_DEFAULTS,
  type SensitivityBudget,
  sensitivityBudget,
} from '@espalier/measure';
import { structured } from '@espalier/strategy-structured';
import { unstructured } from '@espalier/strategy-unstructured';
import { Command, Option } from 'commander';
import { dirname, extname } from 'node:path';
import { BACKEND_CHOICES, useBackend } from '../backend.js';
import { writeFigure } from '../figure.js';
import { inputShapeOf, lossFor, openData, openModel, required } from '../open.js';
import { printJson } from '../plain.js';
import { type NonFinite, unscoredOption } from '../read-any.js';
import {
  dataOption,
  jsonOption,
  list,
  lossOption,
  oneOf,
  positiveInteger,
  positiveNumber,
  seedOption,
  sparsity,
  testOption,
  usage,
} from '../options.js';
import { checkOutputFolder } from '../output.js';
import { makeScorer, type ScorerName, SCORERS } from '../plugins.js';
import { drawSensitivity, sensitivityPage } from '../sensitivity/page.js';
import { sensitivityTable } from '../sensitivity/table.js';
import { bytes, line, note, task } from '../ui.js';

const GRANULARITIES = ['element', 'channel'] as const;

interface SensitivityCliOptions {
  readonly data: string;
  readonly test?: string;
  readonly granularity: (typeof GRANULARITIES)[number];
  readonly scorer: ScorerName;
  readonly sparsities: number[];
  readonly samples?: number;
  readonly ignore?: string[];
  readonly figure?: string;
  readonly budgetOut?: string;
  readonly drop?: number;
  readonly sparsity?: number;
  readonly backend: string;
  readonly batch: number;
  readonly loss?: string;
  readonly seed: number;
  readonly nonFinite: NonFinite;
  readonly json?: boolean;
}

export function sensitivityCommand(): Command {
  return new Command('sensitivity')
    .description('prunes each layer alone at several sparsities, and says what each costs in accuracy')
    .argument('<model>', 'a directory, a path to model.json, or a zoo name')
    .addOption(dataOption().makeOptionMandatory())
    .addOption(testOption())
    .addOption(
      new Option('--granularity <what>', 'element: single weights; channel: whole channels')
        .argParser(oneOf('--granularity', GRANULARITIES))
        .default('element'),
    )
    .addOption(
      new Option('--scorer <name>', SCORERS.join(' | ')).argParser(oneOf('--scorer', SCORERS)).default('magnitude'),
    )
    .addOption(
      new Option('--sparsities <list>', 'fractions to remove of each layer')
        .argParser(list(sparsity))
        .default([...SENSITIVITY_DEFAULTS.sparsities], SENSITIVITY_DEFAULTS.sparsities.join(',')),
    )
    .option('--samples <n>', 'evaluates on the first n samples; default: all', positiveInteger('--samples'))
    .option(
      '--ignore <globs>',
      'layers or parameters to leave alone, such as conv1,block*',
      list((glob) => glob),
    )
    .option('--figure <file>', 'writes the curves as .svg or .png, or the whole result as .html')
    .option('--budget-out <file>', 'writes the budget that prune --budget takes back')
    .option(
      '--drop <points>',
      `the budget: what each layer alone may cost (default: ${SENSITIVITY_BUDGET_DEFAULTS.drop})`,
      positiveNumber('--drop'),
    )
    .option('--sparsity <s>', 'the budget: the sparsity of all layers together, at the same drop for each', sparsity)
    .option('--batch <n>', 'samples in a batch of calibration', positiveInteger('--batch'), BATCH_DEFAULTS.batchSize)
    .addOption(
      new Option('--backend <name>', BACKEND_CHOICES.join(' | '))
        .argParser(oneOf('--backend', BACKEND_CHOICES))
        .default('wasm'),
    )
    .addOption(lossOption())
    .addOption(seedOption())
    .addOption(unscoredOption())
    .addOption(jsonOption())
    .action(run);
}

async function run(source: string, options: SensitivityCliOptions): Promise<void> {
  await checkOptions(options);
  const backend = await useBackend(options.backend);
  const open = await task(
    'read',
    () => openModel(source, options.loss, options.nonFinite),
    ({ name }) => name,
  );
  const { calibration, test, testName } = await openData(open, options.data, options.test);
  const samples = firstOf(required(test, 'sensitivity'), options.samples);
  const model = lossFor(open, calibration, options.loss);
  const testShape = inputShapeOf(open, samples, options.test ?? options.data);
  const data = required(calibration, 'sensitivity');
  const batches = arrayBatches(data, {
    batchSize: options.batch,
    inputShape: inputShapeOf(open, data, '--data'),
    seed: options.seed,
  });
  const evaluate = () => accuracy(model.predict, samples, { inputShape: testShape });
  const found = await measure(model, options, batches, evaluate);
  const { budget, why } = budgetOf(found, options);
  if (why !== undefined) note(why);

  const about = { model: open.name, scorer: options.scorer, backend, testedOn: testName, samples: samples.size };
  const files = [];
  if (options.budgetOut !== undefined) {
    const { granularity } = found;
    const text = `${JSON.stringify({ granularity, ...budget, madeFrom: about }, null, 2)}\n`;
    files.push(await writeFile(options.budgetOut, text));
  }
  if (options.figure !== undefined) {
    const isPage = extname(options.figure).toLowerCase() === '.html';
    files.push(
      isPage
        ? await writeFile(options.figure, sensitivityPage(found, budget, about))
        : await writeFigure(options.figure, drawSensitivity(found, about.model)),
    );
  }
  if (options.json) {
    printJson({ ...about, ...found, budget, files });
  } else {
    process.stdout.write(`\n${sensitivityTable(found, budget, about)}\n`);
    for (const file of files) line(`wrote ${file.path} (${bytes(file.bytes)})`);
  }
  model.dispose();
}

async function checkOptions({ figure, budgetOut, drop, sparsity: wanted, sparsities }: SensitivityCliOptions) {
  if (drop !== undefined && wanted !== undefined) {
    throw new UsageError('option-combination', '--sparsity contradicts --drop: give one of them', {
      where: '--sparsity',
    });
  }
  if (sparsities.some((s) => s === 0)) throw usage('--sparsities', 'fractions above 0', '0');
  if (budgetOut !== undefined) await checkOutputFolder(dirname(budgetOut));
  if (figure === undefined) return;
  if (!['.svg', '.png', '.html'].includes(extname(figure).toLowerCase()))
    throw new UsageError('figure-kind', `--figure wants a file that ends in .svg, .png or .html, got ${show(figure)}`, {
      where: '--figure',
      wanted: '.svg, .png or .html',
      found: figure,
    });
  await checkOutputFolder(dirname(figure));
}

const strategyFor = ({ granularity }: SensitivityCliOptions): Strategy =>
  granularity === 'channel' ? structured() : unstructured();

function measure(
  model: AnyPrunable,
  options: SensitivityCliOptions,
  batches: ReturnType<typeof arrayBatches>,
  evaluate: () => Promise<number>,
): Promise<Sensitivity> {
  const { granularity, sparsities, ignore } = options;
  return task(
    `sensitivity of ${granularity}s by ${options.scorer}`,
    (bar) =>
      sensitivity(model, {
        scorer: makeScorer(options.scorer, options.seed),
        strategy: strategyFor(options),
        granularity,
        sparsities,
        batches,
        evaluate,
        ...(ignore && { ignore }),
        onProgress: ({ done, total, layer }) => bar.update(done, total, layer),
      }),
    ({ layers, dense }) => `${layers.length} layers, dense ${dense.toFixed(2)}%`,
  );
}

/** A budget that the measurements cannot give is an error only where it was asked for. */
function budgetOf(
  found: Sensitivity,
  { drop, sparsity: wanted, budgetOut }: SensitivityCliOptions,
): { budget?: SensitivityBudget; why?: string } {
  try {
    const goal = { ...(drop !== undefined && { drop }), ...(wanted !== undefined && { sparsity: wanted }) };
    return { budget: sensitivityBudget(found, goal) };
  } catch (error) {
    if (budgetOut !== undefined || !isEspalierError(error)) throw error;
    return { why: error.message };
  }
}

/** The first samples, in the order of the data. */
function firstOf(data: Dataset, samples = data.size): Dataset {
  if (samples >= data.size) return data;
  const share = (values: { length: number }) => (values.length / data.size) * samples;
  return { ...data, size: samples, x: data.x.subarray(0, share(data.x)), y: data.y.slice(0, share(data.y)) };
}
