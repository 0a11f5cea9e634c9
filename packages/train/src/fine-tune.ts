import {
  type Batch,
  InputError,
  type MaskHandle,
  type PrunableModel,
  seededRandom,
  show,
  UsageError,
} from '@espalier/core';
import { arrayBatches, BATCH_DEFAULTS, checkDataset, type Dataset } from '@espalier/core/data';
import { type Optimizer, train } from '@tensorflow/tfjs-core';
import { checkLoss, checkWeights } from './divergence.js';
import { type LearningRate, rateAt } from './learning-rate.js';
import { disposeOptimizer, setRate } from './optimizer.js';
import { trainStep } from './train-step.js';

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
  /** After every step. */
  readonly onProgress?: (progress: Progress) => void;
  /** After every epoch: the place to measure accuracy, or to abort when it no longer rises. */
  readonly onEpoch?: (epoch: EpochEnd) => void | Promise<void>;
  /** Ends training before the next step, with the signal's reason. */
  readonly signal?: AbortSignal;
}

export const FINE_TUNE_DEFAULTS = { learningRate: 1e-3, batchSize: BATCH_DEFAULTS.batchSize, seed: 0 };

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
 * Throws a UsageError with code 'epochs', 'learning-rate', 'batch-size', 'seed' or 'nothing-trainable'; an InputError with
 * code 'data-invalid' or 'data-shape', and 'loss-diverged' when the loss or a weight is no longer finite; and the signal's
 * reason when it is aborted.
 */
export async function fineTune(model: PrunableModel, options: FineTuneOptions): Promise<FineTuneResult> {
  const {
    data,
    epochs,
    inputShape,
    learningRate,
    batchSize,
    seed,
    handles = [],
    ...rest
  } = {
    ...FINE_TUNE_DEFAULTS,
    ...options,
  };
  const { onProgress, onEpoch, signal, optimizer: makeOptimizer = train.adam } = rest;
  checkInteger('epochs', epochs, 0);
  checkInteger('seed', seed);
  const firstRate = rateAt(learningRate, 0);
  const params = model.params.filter(({ trainable }) => trainable);
  if (params.length === 0) throw nothingTrainable();
  const shape = { batchSize, ...(inputShape && { inputShape }) };
  const { size, batchesOf } = epochsFrom(data, shape, seed);

  const steps = epochs * Math.ceil(size / batchSize);
  const losses: number[] = [];
  const optimizer = makeOptimizer(firstRate);
  const start = performance.now();
  let step = 0;
  try {
    for (let epoch = 1; epoch <= epochs; epoch++) {
      let [sum, samples] = [0, 0];
      for await (const batch of batchesOf(epoch)) {
        signal?.throwIfAborted();
        setRate(optimizer, rateAt(learningRate, step / steps));
        const loss = await trainStep(model, params, batch, optimizer, handles, (value) =>
          checkLoss(value, { epoch, epochs, step: step + 1, steps }),
        );
        step++;
        sum += loss * batch.x.shape[0];
        samples += batch.x.shape[0];
        const elapsedMs = performance.now() - start;
        const remainingMs = (elapsedMs / step) * (steps - step);
        onProgress?.({ epoch, epochs, step, steps, loss: sum / samples, elapsedMs, remainingMs });
      }
      losses.push(sum / samples);
      await checkWeights(model, params, { epoch, epochs, step, steps });
      await onEpoch?.({ epoch, epochs, loss: sum / samples });
    }
    return { losses, steps: step };
  } finally {
    disposeOptimizer(optimizer);
  }
}

/** Batches of each epoch, in an order of its own. The first epoch's data is checked before anything is trained. */
function epochsFrom(
  data: FineTuneOptions['data'],
  options: { readonly batchSize: number; readonly inputShape?: readonly number[] },
  seed: number,
): { size: number; batchesOf: (epoch: number) => AsyncIterable<Batch> } {
  const dataOf = (epoch: number) => checkDataset(typeof data === 'function' ? data(epoch) : data);
  const first = dataOf(1);
  arrayBatches(first, options);
  const random = seededRandom(seed);
  return {
    size: first.size,
    batchesOf(epoch) {
      const current = epoch === 1 || typeof data !== 'function' ? first : dataOf(epoch);
      if (current.size !== first.size) throw otherSize(epoch, first.size, current.size);
      return arrayBatches(current, { ...options, seed: Math.floor(random() * 2 ** 32) })();
    },
  };
}

function otherSize(epoch: number, wanted: number, found: number): InputError {
  return new InputError(
    'data-invalid',
    `the data of epoch ${epoch} has ${found} samples, that of epoch 1 ${wanted}; draw as many for each epoch`,
    { where: `epoch ${epoch}`, wanted: `${wanted} samples`, found: String(found), fix: 'draw as many for each epoch' },
  );
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
