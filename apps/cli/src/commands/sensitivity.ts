import { type Batch, isEspalierError, type PrunableModel, type Scorer, show, UsageError } from '@espalier/core';
import type { Dataset } from '@espalier/data';
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
import { calibration, findScorer, findStrategy, labelOfPlugin, type Settings, valueOf } from '@espalier/pipeline';
import { Command, Option } from 'commander';
import { dirname, extname } from 'node:path';
import { writeFigure } from '../figure.js';
import { host } from '../host.js';
import { openAll, required } from '../open.js';
import {
  addOptions,
  jsonOption,
  list,
  oneOf,
  optionOf,
  positiveInteger,
  positiveNumber,
  refuse,
  settingsOf,
  sparsity,
  usage,
} from '../options.js';
import { checkOutputFolder } from '../output.js';
import { printJson } from '../plain.js';
import { drawSensitivity, sensitivityPage } from '../sensitivity/page.js';
import { sensitivityTable } from '../sensitivity/table.js';
import { bytes, line, note, task } from '../ui.js';

const GRANULARITIES = ['element', 'channel'] as const;

interface SensitivityCliOptions extends Omit<Settings, 'granularity'> {
  readonly data: string;
  readonly granularity: (typeof GRANULARITIES)[number];
  readonly sparsities: number[];
  readonly samples?: number;
  readonly figure?: string;
  readonly budgetOut?: string;
  readonly drop?: number;
  readonly json?: boolean;
}

export function sensitivityCommand(): Command {
  const command = new Command('sensitivity')
    .description('prunes each layer alone at several sparsities, and says what each costs in accuracy')
    .argument('<model>', 'a directory, a path to model.json, or a zoo name')
    .addOption(optionOf('data').makeOptionMandatory())
    .addOption(optionOf('test'))
    .addOption(
      new Option('--granularity <what>', 'element: single weights; channel: whole channels')
        .argParser(oneOf('--granularity', GRANULARITIES))
        .default('element'),
    )
    .addOption(optionOf('scorer'))
    .addOption(
      new Option('--sparsities <list>', 'fractions to remove of each layer')
        .argParser(list(sparsity))
        .default([...SENSITIVITY_DEFAULTS.sparsities], SENSITIVITY_DEFAULTS.sparsities.join(',')),
    )
    .option('--samples <n>', 'evaluates on the first n samples; default: all', positiveInteger('--samples'))
    .addOption(optionOf('ignore'))
    .option('--figure <file>', 'writes the curves as .svg or .png, or the whole result as .html')
    .option('--budget-out <file>', 'writes the budget that prune --budget takes back')
    .option(
      '--drop <points>',
      `the budget: what each layer alone may cost (default: ${SENSITIVITY_BUDGET_DEFAULTS.drop})`,
      positiveNumber('--drop'),
    )
    .option('--sparsity <s>', 'the budget: the sparsity of all layers together, at the same drop for each', sparsity);
  return addOptions(command, ['batch', 'backend', 'loss', 'seed', 'nonFinite']).addOption(jsonOption()).action(run);
}

async function run(source: string, options: SensitivityCliOptions): Promise<void> {
  await checkOptions(options);
  const settings: Settings = { ...settingsOf(options), granularity: undefined, sparsity: undefined };
  const scorer = await findScorer(valueOf(settings, 'scorer')!, { seed: valueOf(settings, 'seed')!, load: host.load });
  const open = await openAll(source, settings);
  const { model, backend, testName } = open;
  const [used, test] = [required(open.calibration, 'sensitivity'), required(open.test, 'sensitivity')];
  const samples = firstOf(test.data, options.samples);
  const evaluate = () => accuracy(model.predict, samples, { inputShape: test.inputShape });
  const found = await measure(model, options, scorer, calibration(settings, used), evaluate);
  const { budget, why } = budgetOf(found, options);
  if (why !== undefined) note(why);

  const label = labelOfPlugin('scorer', valueOf(settings, 'scorer')!, scorer);
  const about = { model: open.name, scorer: label, backend, testedOn: testName, samples: samples.size };
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
  if (drop !== undefined && wanted !== undefined) refuse('--sparsity', 'contradicts --drop: give one of them');
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

async function measure(
  model: PrunableModel,
  options: SensitivityCliOptions,
  scorer: Scorer,
  batches: () => AsyncIterable<Batch>,
  evaluate: () => Promise<number>,
): Promise<Sensitivity> {
  const { granularity, sparsities, ignore } = options;
  const strategy = await findStrategy({ strategy: granularity === 'channel' ? 'structured' : 'unstructured' });
  return task(
    `sensitivity of ${granularity}s by ${scorer.name}`,
    (bar) =>
      sensitivity(model, {
        scorer,
        strategy,
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
