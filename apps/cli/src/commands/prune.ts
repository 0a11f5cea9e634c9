import {
  type Batch,
  cubic,
  encodePlan,
  iterative,
  type MaskHandle,
  oneShot,
  prune,
  type PruneResult,
  type Schedule,
  type Scorer,
  type Strategy,
} from '@espalier/core';
import { arrayBatches, type Dataset } from '@espalier/data';
import { writeModel } from '@espalier/format';
import { accuracy } from '@espalier/measure';
import { cosine, fineTune } from '@espalier/train';
import type { Command } from 'commander';
import { type AnyPrunable, artifactsOf, notesOf } from '../adapted.js';
import { useBackend } from '../backend.js';
import { atInputShape } from '../budget/input-shape.js';
import { type Measuring, settleByMeasuring } from '../budget/measured.js';
import { checkOutcome, outcomeOf, timedInput } from '../budget/outcome.js';
import { type Resolved, resolveBudget } from '../budget/resolve.js';
import { checkFigurePath, drawPruning, type Kernel, kernelOf, writeFigure } from '../figure.js';
import { inputShapeOf, lossFor, openData, openModel, type OpenModel, required } from '../open.js';
import { printJson } from '../plain.js';
import { LEARNING_RATE } from '../options.js';
import { checkOutputFolder } from '../output.js';
import { makeRepair, makeScorer, makeStrategy, needsData } from '../plugins.js';
import { permute } from '../permute.js';
import { reestimateNorms } from '../reestimate-norms.js';
import { pruneTable } from '../tables.js';
import { bytes, count, inOut, note, percent, task, total } from '../ui.js';
import { checkCombination, type PruneCliOptions, pruneOptions } from './prune-options.js';

const PLAN_FILE = 'pruning.plan';
/** Timed rounds of a model that is compared with a budget. */
const ROUNDS = 21;

export const pruneCommand = (): Command => pruneOptions(run);

async function run(source: string, options: PruneCliOptions): Promise<void> {
  checkCombination(options);
  const { out, figure } = options;
  if (out !== undefined) await checkOutputFolder(out);
  if (figure !== undefined) await checkFigurePath(figure);
  // Checks the pattern before anything is read.
  makeStrategy(options);
  if (needsData(options.scorer)) required(options.data, `--scorer ${options.scorer}`);
  if (options.repair !== 'none') required(options.data, `--repair ${options.repair}`);
  if (options.reestimateNorms) required(options.data, '--reestimate-norms');
  if (options.fineTune > 0) required(options.data, '--fine-tune');

  const backend = await useBackend(options.backend);
  const open = await task(
    'read',
    () => openModel(source, options.loss, options.nonFinite),
    ({ name, file }) => `${name}, ${bytes(total(file.files))}`,
  );
  const resolved = await resolveBudget(options, await sizesKnown(open, options));
  const { calibration, test, testName } = await openData(open, options.data, options.test);
  const model = await sizesKnown({ ...open, model: lossFor(open, calibration, options.loss) }, options);
  const calibrationShape = calibration && inputShapeOf(open, calibration, '--data');
  const testShape = test && inputShapeOf(open, test, options.test === undefined ? '--data' : '--test');
  const measure = (which: string, candidate: AnyPrunable) =>
    task(
      `accuracy ${which}`,
      (bar) => accuracy((x) => candidate.predict(x), test!, { inputShape: testShape!, onProgress: bar.update }),
      (value) => `${value.toFixed(2)}%`,
    );

  const dense = test && (await measure('dense', model));
  const batches =
    calibration &&
    arrayBatches(calibration, { batchSize: options.batch, inputShape: calibrationShape!, seed: options.seed });
  const permuted =
    options.permute === undefined
      ? undefined
      : await permute(model, {
          ...options,
          scorer: makeScorer(options.scorer, options.seed),
          moves: options.permute === true ? undefined : options.permute,
          data: batches,
        });
  const kernel = figure === undefined ? undefined : await kernelOf(model, options.layer);
  const measuring = { model, ...timedInput(open, options, calibrationShape), rounds: ROUNDS, seed: options.seed };
  const { strategy, sparsity, goal, scorer, settled } = await settle(resolved, options, measuring, batches);
  const result = await pruneWithProgress(
    model,
    options,
    { strategy, sparsity, scorer },
    batches,
    calibration,
    calibrationShape,
  );
  for (const text of result.notes) note(text);
  const shrinks = options.strategy === 'structured' && !options.keepShape;
  const pruned = shrinks ? await model.shrink(result.plan) : model;
  const norms = options.reestimateNorms
    ? await reestimateNorms(pruned, required(batches, '--reestimate-norms'), shrinks ? [] : [result.handle])
    : undefined;
  result.handle.makePermanent();
  const prunedAccuracy = test && (await measure('pruned', pruned));
  const budget = goal && (await outcomeOf(goal, result.plan, measuring, pruned, result.params.kept));
  if (budget) checkOutcome(budget).forEach(note);

  const files = [];
  if (out !== undefined && !options.dryRun) {
    const plan = await encodePlan(result.plan);
    files.push(
      ...(await task(
        'write',
        async () =>
          writeModel(out, await artifactsOf(pruned), { extras: { [PLAN_FILE]: plan }, nonFinite: options.nonFinite }),
        (written) =>
          `${out}, ${inOut(total(open.file.files), total(written.filter(({ path }) => !path.endsWith(PLAN_FILE))))}`,
      )),
    );
  }
  if (figure !== undefined && kernel && !options.dryRun) {
    // A threshold on another score, or on weights that training has moved since, is no line in a histogram of weights.
    const onWeights =
      options.scorer === 'magnitude' && (options.schedule ?? 'one-shot') === 'one-shot' && options.repair === 'none';
    const svg = await drawAfter(kernel, result, onWeights);
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
    repair: options.repair,
    backend,
    sparsity: result.sparsity,
    params: result.params,
    macs: result.macs,
    ...(budget && { budget: { ...budget, ...settled } }),
    ...(settled.roundTo !== undefined && { roundTo: settled.roundTo }),
    layers: result.layers.map(({ id, shape, size, kept, threshold }) => ({ id, shape, size, kept, threshold })),
    ...(permuted && { permuted }),
    ...(norms && { reestimated: norms.layers }),
    ...(pruned.history && { history: pruned.history }),
    ...(result.channels && { channels: result.channels }),
    ...(result.branches && { branches: result.branches }),
    ...(test && { accuracy: { dense: dense!, pruned: prunedAccuracy! }, testedOn: testName }),
    skipped: result.skipped,
    notes: [...notesOf(model), ...result.notes, ...(norms?.notes ?? [])],
    files,
    ...(options.dryRun && { dryRun: true }),
  };
  if (options.json) printJson(summary);
  else process.stdout.write(`${pruneTable(summary)}\n`);
  if (pruned !== model) pruned.dispose();
  model.dispose();
}

/** What --input-shape says of the sizes that the model leaves open. */
const sizesKnown = ({ file, model }: OpenModel, { inputShape }: PruneCliOptions): Promise<AnyPrunable> =>
  inputShape ? atInputShape(file, model, inputShape) : Promise.resolve(model);

async function settle(
  resolved: Resolved,
  options: PruneCliOptions,
  measuring: Measuring,
  batches: (() => AsyncIterable<Batch>) | undefined,
) {
  const scorer = makeScorer(options.scorer, options.seed);
  if (options.latency === undefined && options.roundTo !== 'auto') return { ...resolved, scorer, settled: {} };
  const none = () => required(batches, `--scorer ${options.scorer}`)();
  const found = await settleByMeasuring(resolved, scorer, options, { ...measuring, batches: batches ?? none });
  const { resolved: settled, scorer: scored, roundTo } = found;
  return { ...settled, scorer: scored, settled: roundTo === undefined ? {} : { roundTo } };
}

async function pruneWithProgress(
  model: AnyPrunable,
  options: PruneCliOptions,
  { strategy, sparsity: target, scorer }: { strategy: Strategy; sparsity: number; scorer: Scorer },
  batches: (() => AsyncIterable<Batch>) | undefined,
  data: Dataset | undefined,
  inputShape: number[] | undefined,
): Promise<PruneResult> {
  const repair = makeRepair(options.repair, { steps: options.repairSteps });
  const schedule = scheduleOf(options, target);
  return task(
    `prune ${strategy.name} by ${scorer.name}${repair ? `, repair ${repair.name}` : ''}`,
    (bar) =>
      prune(model, {
        scorer,
        strategy,
        ...(schedule && { schedule }),
        ...(repair && { repair }),
        sparsity: target,
        ...(batches && { data: batches }),
        ...(options.ignore && { ignore: options.ignore }),
        ...(options.keepInputs && { keepInputs: options.keepInputs }),
        onStep: async ({ step, steps, sparsity: reached, handle }) => {
          bar.update(step + 1, steps, percent(reached));
          if (options.fineTune > 0)
            await tune(
              model,
              options,
              handle,
              required(data, '--fine-tune'),
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
  model: AnyPrunable,
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

/** undefined = what suits the repair, else one shot. */
function scheduleOf({ schedule, steps = 5 }: PruneCliOptions, target: number): Schedule | undefined {
  if (schedule === undefined) return undefined;
  if (schedule === 'iterative') return iterative({ sparsity: target, steps });
  return schedule === 'cubic' ? cubic({ sparsity: target, end: steps }) : oneShot(target);
}

async function drawAfter(kernel: Kernel, { plan, layers }: PruneResult, onWeights: boolean): Promise<string> {
  const layer = layers.find(({ id }) => id === kernel.id);
  const mask = plan.params.includes(kernel.id) ? await plan.mask(kernel.id) : kernel.maskOf(plan);
  return drawPruning(kernel, { mask: await mask, threshold: onWeights ? (layer?.threshold ?? null) : null });
}
