import { toArtifacts, type LayersPrunable } from '@espalier/adapter-layers';
import {
  cubic,
  encodePlan,
  iterative,
  type MaskHandle,
  oneShot,
  prune,
  type PruneResult,
  type Schedule,
  UsageError,
} from '@espalier/core';
import { arrayBatches, BATCH_DEFAULTS, type Dataset } from '@espalier/core/data';
import { writeModel } from '@espalier/format';
import { accuracy } from '@espalier/measure';
import { cosine, fineTune } from '@espalier/train';
import { Command, Option } from 'commander';
import { BACKENDS, useBackend } from '../backend.js';
import { checkFigurePath, drawPruning, type Kernel, kernelOf, writeFigure } from '../figure.js';
import { inputShapeOf, lossFor, openData, openModel, requireData } from '../open.js';
import {
  dataOption,
  jsonOption,
  LEARNING_RATE,
  list,
  lossOption,
  oneOf,
  positiveInteger,
  positiveNumber,
  seedOption,
  sparsity,
  testOption,
  wholeNumber,
} from '../options.js';
import { checkOutputFolder } from '../output.js';
import {
  makeScorer,
  makeStrategy,
  needsData,
  type Scope,
  SCOPES,
  type ScorerName,
  SCORERS,
  STRATEGIES,
  type StrategyName,
} from '../plugins.js';
import { pruneTable } from '../tables.js';
import { bytes, count, note, percent, task } from '../ui.js';

const SCHEDULES = ['one-shot', 'iterative', 'cubic'] as const;
const PLAN_FILE = 'pruning.plan';

export interface PruneCliOptions {
  readonly out?: string;
  readonly strategy: StrategyName;
  readonly scorer: ScorerName;
  readonly scope?: Scope;
  readonly sparsity?: number;
  readonly keep?: number;
  readonly group?: number;
  readonly tail?: 'error' | 'dense';
  readonly data?: string;
  readonly test?: string;
  readonly loss?: string;
  readonly schedule: (typeof SCHEDULES)[number];
  readonly steps?: number;
  readonly fineTune: number;
  readonly lr?: number;
  readonly batch: number;
  readonly ignore?: string[];
  readonly backend: string;
  readonly keepShape?: boolean;
  readonly figure?: string;
  readonly layer?: string;
  readonly seed: number;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function pruneCommand(): Command {
  return new Command('prune')
    .description('prunes a model and writes one that any TensorFlow.js program loads, with the plan beside it')
    .argument('<model>', 'a directory, a path to model.json, or a zoo name')
    .option('-o, --out <dir>', 'where the pruned model goes; files of other programs in it are left alone')
    .addOption(
      new Option('--strategy <name>', STRATEGIES.join(' | '))
        .argParser(oneOf('--strategy', STRATEGIES))
        .default('unstructured'),
    )
    .addOption(
      new Option('--scorer <name>', SCORERS.join(' | ')).argParser(oneOf('--scorer', SCORERS)).default('magnitude'),
    )
    .option(
      '--scope <scope>',
      `${SCOPES.join(' | ')}: one threshold for all, or the same sparsity in every layer (default: global)`,
      oneOf('--scope', SCOPES),
    )
    .option('--sparsity <s>', 'the fraction to remove, 0 to 1 (default: 0.5; N:M has its own)', sparsity)
    .option('--keep <n>', 'N:M: how many weights of a group stay (default: 2)', positiveInteger('--keep'))
    .option('--group <m>', 'N:M: the size of a group (default: 4)', positiveInteger('--group'))
    .option(
      '--tail <what>',
      'N:M: error | dense, for input axes that the group does not divide (default: error)',
      oneOf('--tail', ['error', 'dense'] as const),
    )
    .addOption(dataOption())
    .addOption(testOption())
    .addOption(lossOption())
    .addOption(
      new Option('--schedule <name>', SCHEDULES.join(' | '))
        .argParser(oneOf('--schedule', SCHEDULES))
        .default('one-shot'),
    )
    .option('--steps <n>', 'steps of the schedule (default: 5)', positiveInteger('--steps'))
    .option(
      '--fine-tune <epochs>',
      'epochs of training after each step of the schedule, zeros kept',
      wholeNumber('--fine-tune'),
      0,
    )
    .option(
      '--lr <x>',
      `learning rate of fine-tuning, falling to 0 along a cosine (default: ${LEARNING_RATE})`,
      positiveNumber('--lr'),
    )
    .option('--batch <n>', 'samples in a batch', positiveInteger('--batch'), BATCH_DEFAULTS.batchSize)
    .option(
      '--ignore <globs>',
      'layers or parameters to leave alone',
      list((glob) => glob),
    )
    .addOption(
      new Option('--backend <name>', BACKENDS.join(' | ')).argParser(oneOf('--backend', BACKENDS)).default('wasm'),
    )
    .option('--keep-shape', 'structured: zeroes channels where they are, instead of removing them')
    .option('--figure <file>', 'writes the three panels (before, after, mask) of one kernel as .svg or .png')
    .option('--layer <id>', 'the kernel of --figure; default: the first')
    .addOption(seedOption())
    .option('--dry-run', 'does everything but writing')
    .addOption(jsonOption())
    .action(run);
}

async function run(source: string, options: PruneCliOptions): Promise<void> {
  checkCombination(options);
  const { out, figure } = options;
  if (out !== undefined) await checkOutputFolder(out);
  if (figure !== undefined) checkFigurePath(figure);
  const strategy = makeStrategy(options);
  if (needsData(options.scorer)) requireSpec(options.data, `--scorer ${options.scorer}`);
  if (options.fineTune > 0) requireSpec(options.data, '--fine-tune');

  const backend = await useBackend(options.backend);
  const open = await task(
    'read',
    () => openModel(source, options.loss),
    ({ name, file }) => `${name}, ${bytes(file.files.reduce((sum, f) => sum + f.bytes, 0))}`,
  );
  const { calibration, test, testName } = await openData(open, options.data, options.test);
  const model = lossFor(open, calibration, options.loss);
  const calibrationShape = calibration && inputShapeOf(open, calibration, '--data');
  const testShape = test && inputShapeOf(open, test, options.test === undefined ? '--data' : '--test');
  const measure = (which: string, candidate: LayersPrunable) =>
    task(
      `accuracy ${which}`,
      () => accuracy((x) => candidate.predict(x), test!, { inputShape: testShape!, batchSize: 256 }),
      (value) => `${value.toFixed(2)}%`,
    );

  const dense = test && (await measure('dense', model));
  const kernel = figure === undefined ? undefined : await kernelOf(model, options.layer);
  const result = await pruneWithProgress(model, options, strategy, calibration, calibrationShape);
  for (const text of result.notes) note(text);
  const shrinks = options.strategy === 'structured' && !options.keepShape;
  result.handle.makePermanent();
  const pruned = shrinks ? await model.shrink(result.plan) : model;
  const prunedAccuracy = test && (await measure('pruned', pruned));

  const files = [];
  if (out !== undefined && !options.dryRun) {
    const plan = await encodePlan(result.plan);
    files.push(
      ...(await task(
        'write',
        async () => writeModel(out, await toArtifacts(pruned.model), { extras: { [PLAN_FILE]: plan } }),
        (written) => `${out}, ${bytes(written.reduce((sum, f) => sum + f.bytes, 0))}`,
      )),
    );
  }
  if (figure !== undefined && kernel && !options.dryRun) {
    const svg = await drawAfter(kernel, result);
    files.push(
      await task(
        `figure of ${kernel.id}`,
        () => writeFigure(figure, svg),
        ({ path }) => path,
      ),
    );
  }
  const summary = {
    model: open.name,
    strategy: strategy.name,
    scorer: options.scorer,
    backend,
    sparsity: result.sparsity,
    params: result.params,
    macs: result.macs,
    layers: result.layers.map(({ id, shape, size, kept, threshold }) => ({ id, shape, size, kept, threshold })),
    ...(result.channels && { channels: result.channels }),
    ...(test && { accuracy: { dense: dense!, pruned: prunedAccuracy! }, testedOn: testName }),
    skipped: result.skipped,
    notes: result.notes,
    files,
    ...(options.dryRun && { dryRun: true }),
  };
  process.stdout.write(options.json ? `${JSON.stringify(summary, null, 2)}\n` : `${pruneTable(summary)}\n`);
  if (pruned !== model) pruned.dispose();
  model.dispose();
}

async function pruneWithProgress(
  model: LayersPrunable,
  options: PruneCliOptions,
  strategy: ReturnType<typeof makeStrategy>,
  data: Dataset | undefined,
  inputShape: number[] | undefined,
): Promise<PruneResult> {
  const scorer = makeScorer(options.scorer, options.seed);
  const target = options.sparsity ?? strategy.sparsity ?? 0.5;
  const schedule = scheduleOf(options, target);
  const batches = data && arrayBatches(data, { batchSize: options.batch, inputShape: inputShape!, seed: options.seed });
  return task(
    `prune ${strategy.name} by ${scorer.name}`,
    (bar) =>
      prune(model, {
        scorer,
        strategy,
        schedule,
        sparsity: target,
        ...(batches && { data: batches }),
        ...(options.ignore && { ignore: options.ignore }),
        onStep: async ({ step, steps, sparsity: reached, handle }) => {
          bar.update(step + 1, steps, percent(reached));
          if (options.fineTune > 0)
            await tune(
              model,
              options,
              handle,
              requireData(data, '--fine-tune'),
              inputShape!,
              `${percent(reached)} sparse`,
            );
        },
      }),
    ({ params, macs }) =>
      `${count(params.total)} → ${count(params.kept)} parameters${macs ? `, ${count(macs.dense)} → ${count(macs.kept)} MACs` : ''}`,
  );
}

async function tune(
  model: LayersPrunable,
  options: PruneCliOptions,
  handle: MaskHandle,
  data: Dataset,
  inputShape: number[],
  what: string,
): Promise<void> {
  await task(
    `fine-tune ${what}`,
    (bar) =>
      fineTune(model, {
        data,
        inputShape,
        epochs: options.fineTune,
        batchSize: options.batch,
        seed: options.seed,
        handles: [handle],
        learningRate: cosine(options.lr ?? LEARNING_RATE),
        onProgress: ({ step, steps, loss }) => bar.update(step, steps, `loss ${loss.toFixed(4)}`),
      }),
    ({ losses }) => `loss ${losses.map((loss) => loss.toFixed(4)).join(' → ')}`,
  );
}

function scheduleOf({ schedule, steps = 5 }: PruneCliOptions, target: number): Schedule {
  if (schedule === 'iterative') return iterative({ sparsity: target, steps });
  return schedule === 'cubic' ? cubic({ sparsity: target, end: steps }) : oneShot(target);
}

async function drawAfter(kernel: Kernel, { plan, layers }: PruneResult): Promise<string> {
  const layer = layers.find(({ id }) => id === kernel.id);
  const mask = plan.params.includes(kernel.id) ? await plan.mask(kernel.id) : kernel.maskOf(plan);
  return drawPruning(kernel, { mask: await mask, threshold: layer?.threshold ?? null });
}

function requireSpec(spec: string | undefined, why: string): void {
  if (spec !== undefined) return;
  throw new UsageError(
    'data-missing',
    `${why} needs data; give --data mnist, --data idx:IMAGES,LABELS or an ES module`,
    { where: '--data', wanted: 'data', found: 'none', fix: 'give --data' },
  );
}

/** Options that contradict each other are a mistake, never a preference that is dropped in silence. */
function checkCombination(o: PruneCliOptions): void {
  const refuse = (option: string, why: string) => {
    throw new UsageError('option-combination', `${option} ${why}`, { where: option });
  };
  if (o.out === undefined && !o.dryRun)
    refuse('-o, --out', 'is missing: say where the pruned model goes, or give --dry-run');
  if (o.strategy !== 'nm') {
    for (const [name, value] of [
      ['--keep', o.keep],
      ['--group', o.group],
      ['--tail', o.tail],
    ] as const) {
      if (value !== undefined) refuse(name, `is for --strategy nm, not ${o.strategy}`);
    }
  } else if (o.scope !== undefined) refuse('--scope', 'is not for --strategy nm, whose groups decide for themselves');
  if (o.keepShape && o.strategy !== 'structured')
    refuse('--keep-shape', `is for --strategy structured; ${o.strategy} keeps shapes anyway`);
  if (o.steps !== undefined && o.schedule === 'one-shot') refuse('--steps', 'is for --schedule iterative or cubic');
  if (o.lr !== undefined && o.fineTune === 0) refuse('--lr', 'is for --fine-tune');
  if (o.layer !== undefined && o.figure === undefined) refuse('--layer', 'is for --figure');
}
