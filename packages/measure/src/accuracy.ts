import { InputError } from '@espalier/core';
import { say } from './notes.js';
import { arrayBatches, type Dataset } from '@espalier/data';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Gives a tensor of its own, which the caller disposes. */
export type Predict = (x: Tensor) => Tensor;

export interface AccuracyOptions {
  readonly batchSize?: number;
  /** The shape of one sample as the model wants it; default: the dataset's own. */
  readonly inputShape?: readonly number[];
  /** A single output means class 1 where it is above this: 0.5 for a sigmoid, 0 for a logit. */
  readonly threshold?: number;
  /** After every batch; samples. */
  readonly onProgress?: (done: number, total: number) => void;
}

export const ACCURACY_DEFAULTS = { batchSize: 256, threshold: 0.5 };

/**
 * Percent of samples whose highest output is the one of their class; among equal outputs the lower class is taken. A model
 * with one output answers 1 above `threshold`, else 0. Targets are integer labels, or one row a sample as wide as the output.
 *
 * Throws an InputError with code 'output-nan' that names the sample, or 'data-classes' where outputs and classes do not fit.
 */
export async function accuracy(predict: Predict, data: Dataset, options: AccuracyOptions = {}): Promise<number> {
  const { batchSize, threshold, inputShape = data.shape } = { ...ACCURACY_DEFAULTS, ...options };
  let seen = 0;
  let right = 0;
  for await (const { x } of arrayBatches(data, { batchSize, inputShape })()) {
    const samples = x.shape[0];
    const outputs = await outputsOf(predict, x);
    const width = outputs.length / samples;
    if (seen === 0) checkWidth(width, data);
    for (let i = 0; i < samples; i++, seen++) {
      const answer = classOf(outputs.subarray(i * width, (i + 1) * width), threshold);
      if (answer === undefined) throw notANumber(seen);
      if (answer === labelOf(data, seen)) right++;
    }
    options.onProgress?.(seen, data.size);
  }
  if (seen === 0) throw new InputError('data-invalid', 'accuracy needs at least one sample, found none');
  return (100 * right) / seen;
}

async function outputsOf(predict: Predict, x: Tensor) {
  const output = predict(x);
  try {
    return await output.data<'float32'>();
  } finally {
    if (output !== x) output.dispose();
  }
}

/** The index of the highest value; one value is compared with the threshold. undefined = there is a NaN among them. */
function classOf(values: Float32Array, threshold: number): number | undefined {
  let best = 0;
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) return undefined;
    if (values[i] > values[best]) best = i;
  }
  return values.length === 1 ? Number(values[0] > threshold) : best;
}

function labelOf({ y, classes, size }: Dataset, sample: number): number {
  if (classes !== undefined) return y[sample];
  const width = y.length / size;
  // Targets of 0 and 1; the threshold is the outputs' own.
  return classOf(Float32Array.from(y.subarray(sample * width, (sample + 1) * width)), 0.5)!;
}

function checkWidth(width: number, { classes, y, size }: Dataset): void {
  const targets = classes ?? y.length / size;
  if (width === targets || (width === 1 && classes === 2)) return;
  const wanted = `${targets} outputs a sample`;
  const fix = 'use data made for this model';
  throw new InputError(
    'data-classes',
    `the data has ${targets} ${classes === undefined ? 'targets a sample' : 'classes'}, the model gives ${width} outputs a sample; ${fix}`,
    { where: 'data', wanted, found: String(width), fix },
  );
}

function notANumber(sample: number): InputError {
  const fix = 'check the weights and the normalisation of the data';
  return new InputError('output-nan', say('output-nan', { sample }), {
    where: `sample ${sample}`,
    wanted: 'finite outputs',
    found: 'NaN',
    fix,
  });
}
