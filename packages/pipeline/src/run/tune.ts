import type { MaskHandle, PrunableModel } from '@espalier/core';
import { arrayBatches, type Dataset } from '@espalier/data';
import { accuracy } from '@espalier/measure';
import {
  cosine,
  distill,
  type FineTuneOptions,
  fineTune,
  type FineTuneResult,
  holdOut,
  type TrainingRule,
} from '@espalier/train';
import { type Settings, valueOf } from '../options/table.js';

/** Samples with the shape that the model takes them in. */
export interface Samples {
  readonly data: Dataset;
  readonly inputShape: readonly number[];
}

export type Hooks = Pick<FineTuneOptions, 'onProgress' | 'onEpoch' | 'checkpoint' | 'resume'>;

export interface Training {
  /** Without what is held out. */
  readonly samples: Samples;
  readonly options: FineTuneOptions;
}

/** Batches of calibration, in the order that the seed gives. */
export const calibration = (settings: Settings, { data, inputShape }: Samples) =>
  arrayBatches(data, { batchSize: valueOf(settings, 'batch')!, inputShape, seed: valueOf(settings, 'seed')! });

/** What settings say of a training: rate, batches, seed, what is held out, and the dense model to learn from, which is borrowed. */
export function trainingOf(
  settings: Settings,
  model: PrunableModel,
  { data: all, inputShape }: Samples,
  epochs: number,
  teacher: PrunableModel | undefined,
  hooks: Hooks = {},
): Training {
  const [seed, patience] = [valueOf(settings, 'seed')!, settings.patience];
  const split = patience === undefined ? undefined : holdOut(all, valueOf(settings, 'heldOut')!, seed);
  const data = split?.train ?? all;
  const [temperature, alpha] = [valueOf(settings, 'temperature')!, valueOf(settings, 'alpha')!];
  return {
    samples: { data, inputShape },
    options: {
      data,
      inputShape,
      epochs,
      batchSize: valueOf(settings, 'batch')!,
      seed,
      learningRate: cosine(valueOf(settings, 'lr')!),
      rules: teacher ? [distill({ teacher, temperature, alpha })] : [],
      ...hooks,
      ...(split && {
        earlyStopping: {
          patience: patience!,
          score: () => accuracy((x) => model.predict(x), split.validation, { inputShape, batchSize: 256 }),
        },
      }),
    },
  };
}

/** Trains what masks have left, for `epochs`. */
export function tune(
  settings: Settings,
  model: PrunableModel,
  samples: Samples,
  { handles, teacher, hooks }: { handles: readonly MaskHandle[]; teacher?: PrunableModel | undefined; hooks?: Hooks },
): Promise<FineTuneResult> {
  const { options } = trainingOf(settings, model, samples, valueOf(settings, 'fineTune')!, teacher, hooks);
  return fineTune(model, { ...options, handles });
}

export type { TrainingRule };
