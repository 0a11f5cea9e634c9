import { type Batch, type MaskHandle, type Plan, type PrunableModel, show, UsageError } from '@espalier/core';
import type { Dataset } from '@espalier/data';
import { type Optimizer, train } from '@tensorflow/tfjs-core';
import { bestEpoch } from './best-epoch.js';
import { type Checkpoint, checkSameTraining, decodeCheckpoint, encodeCheckpoint } from './checkpoint.js';
import { checkLoss, checkWeights } from './divergence.js';
import type { EarlyStopping } from './early-stopping.js';
import { epochsFrom } from './epochs.js';
import { type LearningRate, rateAt } from './learning-rate.js';
import { disposeOptimizer, fitsOptimizer, loadOptimizer, saveOptimizer, setRate, squaresOf } from './optimizer.js';
import { gradientsOf, type TrainingRule } from './rule.js';
import { type RuleMasks, ruleMasks } from './rule-masks.js';
import { trainStep } from './train-step.js';
import { readWeights, writeWeights } from './weights.js';
import { FINE_TUNE_DEFAULTS } from './defaults.js';

export interface FineTuneOptions {
  /** Samples, or for augmentation a function that draws them for each epoch (from 1), as many each time. */
  readonly data: Dataset | ((epoch: number) => Dataset);
  /** Passes over the data; 0 leaves the model as it is. */
  readonly epochs: number;
  /** The shape of one sample as the model wants it; element counts must match. Default: the dataset's own. */
  readonly inputShape?: readonly number[];
  readonly learningRate?: LearningRate;
  readonly batchSize?: number;
  /** Any integer. Orders the samples, anew in each epoch. */
  readonly seed?: number;
  /** Made for this call from the first learning rate, and disposed by it. Default: Adam. */
  readonly optimizer?: (learningRate: number) => Optimizer;
  /** Masks that stay in force; one handle or several on top of one another. */
  readonly handles?: readonly MaskHandle[];
  /** What else happens on the way: `gradual`, `rigl`, `sparseEvolution`, `srSte`, `distill`. The first one is outermost. */
  readonly rules?: readonly TrainingRule[];
  /** Ends training when the score of held-out samples no longer rises, with the weights of the best epoch. */
  readonly earlyStopping?: EarlyStopping;
  /** Hands out a checkpoint every so many epochs (default: 1) and at the end; write it so that a crash leaves the old one. */
  readonly checkpoint?: { readonly write: (bytes: Uint8Array) => void | Promise<void>; readonly every?: number };
  /** A checkpoint to go on from, with the same model, data and options: the rest is bit for bit what it would have been. */
  readonly resume?: Uint8Array;
  /** After every step. */
  readonly onProgress?: (progress: Progress) => void;
  /** After every epoch: the place to measure accuracy, or to abort when it no longer rises. */
  readonly onEpoch?: (epoch: EpochEnd) => void | Promise<void>;
  /** Ends training before the next step, with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface EpochEnd {
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Mean training loss over the epoch's samples so far. */
  readonly loss: number;
}

export interface Progress extends EpochEnd {
  /** Steps done, from 1, and of the whole training. */
  readonly step: number;
  readonly steps: number;
  readonly elapsedMs: number;
  /** An estimate from the steps done. */
  readonly remainingMs: number;
}

export interface FineTuneResult {
  /** Mean training loss of each epoch, over its samples, while they were learnt. */
  readonly losses: readonly number[];
  readonly steps: number;
  /** What the rules pruned, and its mask: in force, and the caller's to end. */
  readonly plan?: Plan;
  readonly handle?: MaskHandle;
  /** The epoch whose weights were kept by early stopping. */
  readonly best?: { readonly epoch: number; readonly score: number };
}

/**
 * Trains the weights that pruning left. Each step masks the gradients before the optimizer sees them, and the weights after
 * it moved them, so pruned weights AND their moments stay +0. Masking the weights alone would not do: moments of pruned
 * weights would fill, and bring the weights back as soon as somebody trains on without the mask. Batch norm learns its
 * statistics on the way. Weights that are not trainable stay as they are.
 *
 * The same seed gives the same bytes on the same backend, as long as the model itself draws nothing (unseeded dropout).
 * Whatever ends it, the masks are still in force and no tensor is left behind; the weights are those of the last whole step.
 *
 * Rules may prune, bring back weights, or change the loss on the way; moments of weights that are pruned late are zeroed with
 * them. With `resume`, the weights, moments, plan and orders of samples of a checkpoint take the place of the model's.
 *
 * Throws a UsageError with code 'epochs', 'learning-rate', 'batch-size', 'seed' or 'nothing-trainable'; an InputError with
 * code 'data-invalid' or 'data-shape', and 'loss-diverged' when the loss or a weight is no longer finite (the
 * last checkpoint is then the last good one); 'checkpoint-file' and 'checkpoint-mismatch' for a checkpoint that is damaged or of
 * another training; and the signal's reason when it is aborted.
 */
export async function fineTune(model: PrunableModel, options: FineTuneOptions): Promise<FineTuneResult> {
  const run = begin(model, options);
  const { epochs, handles, rules, masks, optimizer, saved } = run;
  try {
    if (saved) await goOnFrom(saved, model, optimizer, masks);
    const stopping = run.earlyStopping && bestEpoch(model, run.earlyStopping, saved?.best, masks.plan);
    run.started = performance.now();
    let stopped = false;
    for (let epoch = (saved?.epoch ?? 0) + 1; epoch <= epochs && !stopped; epoch++) {
      const loss = await trainEpoch(run, epoch);
      run.losses.push(loss);
      await checkWeights(model, run.params, { epoch, epochs, step: run.step, steps: run.steps });
      stopped = (await stopping?.isOver(epoch, masks.plan)) ?? false;
      await writeCheckpoint(run, epoch, stopped, stopping?.best);
      await run.onEpoch?.({ epoch, epochs, loss });
    }
    stopping?.restore();
    for (const rule of rules) {
      const plan = await rule.end?.(model, masks.plan);
      if (plan) await masks.replace(plan);
    }
    for (const handle of [...handles, ...(masks.handle ? [masks.handle] : [])]) handle.apply();
    const best = stopping?.best;
    return {
      losses: run.losses,
      steps: run.step,
      ...(masks.handle && { handle: masks.handle, plan: masks.plan! }),
      ...(best && { best: { epoch: best.epoch, score: best.score } }),
    };
  } catch (error) {
    masks.handle?.makePermanent();
    throw error;
  } finally {
    disposeOptimizer(optimizer);
  }
}

/** A training under way. */
type Run = ReturnType<typeof begin>;

/** Checks the options, and makes what a training needs. */
function begin(model: PrunableModel, options: FineTuneOptions) {
  const settings = { ...FINE_TUNE_DEFAULTS, ...options };
  const { data, epochs, inputShape, learningRate, batchSize, seed, handles = [], rules = [] } = settings;
  checkInteger('epochs', epochs, 0);
  checkInteger('seed', seed);
  const firstRate = rateAt(learningRate, 0);
  const params = model.params.filter(({ trainable }) => trainable);
  if (params.length === 0) throw nothingTrainable();
  const saved = settings.resume && decodeCheckpoint(settings.resume);
  const shape = { batchSize, ...(inputShape && { inputShape }) };
  const { size, batchesOf } = epochsFrom(data, shape, seed, Math.max(1, Math.min(epochs, (saved?.epoch ?? 0) + 1)));
  const of = identityOf(model, { epochs, batchSize, seed, samples: size, learningRate, rules });
  if (saved) checkSameTraining(saved.of, of);
  const optimizer = (settings.optimizer ?? train.adam)(firstRate);
  return {
    ...settings,
    model,
    params,
    handles,
    rules,
    saved,
    of,
    batchesOf,
    optimizer,
    masks: ruleMasks(model, optimizer),
    steps: epochs * Math.ceil(size / batchSize),
    /** Steps done, those of a checkpoint among them. */
    step: saved?.step ?? 0,
    losses: [...(saved?.losses ?? [])],
    started: 0,
  };
}

/** The mean loss over the samples of an epoch. */
async function trainEpoch(run: Run, epoch: number): Promise<number> {
  const { epochs, steps, signal, onProgress, saved } = run;
  let [sum, samples] = [0, 0];
  for await (const batch of run.batchesOf(epoch)) {
    signal?.throwIfAborted();
    const loss = await trainBatch(run, epoch, batch);
    const step = ++run.step;
    sum += loss * batch.x.shape[0];
    samples += batch.x.shape[0];
    const elapsedMs = performance.now() - run.started;
    const remainingMs = (elapsedMs / (step - (saved?.step ?? 0))) * (steps - step);
    onProgress?.({ epoch, epochs, step, steps, loss: sum / samples, elapsedMs, remainingMs });
  }
  return sum / samples;
}

function momentOf(run: Run, epoch: number, batch: Batch) {
  const { model, epochs, step, steps, masks, optimizer } = run;
  const squares = (param: string) => squaresOf(optimizer, model, param);
  return { model, batch, epoch, epochs, step, steps, plan: masks.plan, squares };
}

async function trainBatch(run: Run, epoch: number, batch: Batch): Promise<number> {
  const { model, epochs, step, steps, rules, masks, optimizer, handles } = run;
  setRate(optimizer, rateAt(run.learningRate, step / steps));
  for (const rule of rules) {
    const plan = await rule.plan?.(momentOf(run, epoch, batch));
    if (plan) await masks.replace(plan);
  }
  const moment = momentOf(run, epoch, batch);
  return trainStep(
    model,
    run.params,
    () => gradientsOf(rules, moment),
    optimizer,
    masks.handle ? [...handles, masks.handle] : handles,
    (value) => checkLoss(value, { epoch, epochs, step: step + 1, steps }),
  );
}

async function writeCheckpoint(
  { checkpoint, model, epochs, of, step, losses, optimizer, masks }: Run,
  epoch: number,
  stopped: boolean,
  best: Checkpoint['best'],
): Promise<void> {
  if (!checkpoint || !(epoch % (checkpoint.every ?? 1) === 0 || epoch === epochs || stopped)) return;
  const weights = await readWeights(model);
  const state = { of, epoch, step, losses, weights, optimizer: await saveOptimizer(optimizer, model) };
  await checkpoint.write(
    await encodeCheckpoint({ ...state, ...(masks.plan && { plan: masks.plan }), ...(best && { best }) }),
  );
}

async function goOnFrom(
  saved: Checkpoint,
  model: PrunableModel,
  optimizer: Optimizer,
  masks: RuleMasks,
): Promise<void> {
  if (!fitsOptimizer(optimizer, saved.optimizer))
    checkSameTraining({ optimizer: 'another kind' }, { optimizer: 'this one' });
  writeWeights(model, saved.weights);
  loadOptimizer(optimizer, model, saved.optimizer);
  if (saved.plan) await masks.replace(saved.plan);
}

/** What a training that goes on must have in common with the one before. */
function identityOf(
  { params }: PrunableModel,
  {
    learningRate,
    rules,
    ...rest
  }: Pick<FineTuneOptions, 'learningRate'> & { rules: readonly TrainingRule[] } & Record<string, unknown>,
): Checkpoint['of'] {
  return {
    params: params.map(({ id, shape }) => `${id} [${shape.join(', ')}]`).join('; '),
    ...rest,
    learningRate: typeof learningRate === 'function' ? 'a schedule' : (learningRate ?? null),
    rules: rules.map(({ name }) => name),
  };
}

function checkInteger(where: string, value: unknown, least = -Infinity): void {
  if (Number.isSafeInteger(value) && (value as number) >= least) return;
  const wanted = least === 0 ? 'an integer of at least 0' : 'an integer';
  throw new UsageError(where, `${where} must be ${wanted}, got ${show(value)}`, {
    where,
    wanted,
    found: String(value),
  });
}

function nothingTrainable(): UsageError {
  const fix = 'set trainable = true on the layers to train';
  return new UsageError('nothing-trainable', `no weight of the model is trainable; ${fix}`, { where: 'model', fix });
}
