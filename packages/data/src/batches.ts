/**
 * Batches of tensors from labelled samples in memory.
 */
import { tensor, type Tensor } from '@tensorflow/tfjs-core';
import { type Batch, InputError, seededRandom, show, shuffle, sizeOf, UsageError } from '@espalier/core';
import { checkLabels, type Dataset } from './dataset.js';
import { BATCH_DEFAULTS } from './defaults.js';

export interface BatchOptions {
  readonly batchSize?: number;
  /** The shape of one sample as the model wants it; element counts must match. Default: the dataset's own. */
  readonly inputShape?: readonly number[];
  /** Shuffles with this seed; absent = in order. */
  readonly seed?: number;
  /** At most this many samples, the first ones of the order. */
  readonly limit?: number;
}

/** Throws an InputError with code 'data-shape' unless samples of `data` can be reshaped to `inputShape`. */
export function checkInputShape(data: Dataset, inputShape: readonly (number | null)[], where = 'data'): void {
  const known = inputShape.filter((n): n is number => n !== null && n >= 0);
  const open = known.length < inputShape.length;
  const [got, wanted] = [sizeOf(data.shape), sizeOf(known)];
  if (open ? got % wanted === 0 : got === wanted) return;
  const [w, f] = [`[${inputShape.map((n) => n ?? '?').join(', ')}]`, `[${data.shape.join(', ')}]`];
  throw new InputError(
    'data-shape',
    `${where}: the model takes samples of shape ${w} (${wanted} values), the data has ${f} (${got} values); use data made for this model`,
    { where, wanted: w, found: f, fix: 'use data made for this model' },
  );
}

/**
 * A source of batches that can be started again and again, each time in the same order. Each batch is disposed when the
 * next one is asked for, or when the loop is left. Timers and signals get their turn between batches. Labels become one-hot rows [n, classes]. Throws an InputError with code
 * 'data-shape', or 'data-invalid' for a label out of range.
 */
export function arrayBatches(data: Dataset, options: BatchOptions = {}): () => AsyncIterable<Batch> {
  const { batchSize = BATCH_DEFAULTS.batchSize, inputShape = data.shape, seed, limit = data.size } = options;
  if (!(Number.isInteger(batchSize) && batchSize > 0)) {
    throw new UsageError('batch-size', `the batch size must be a positive integer, got ${show(batchSize)}`);
  }
  checkInputShape(data, inputShape);
  // It would be a one in the row of another sample.
  if (data.classes !== undefined) checkLabels(data.y, data.classes, 'data');
  const order = Int32Array.from({ length: data.size }, (_, i) => i);
  if (seed !== undefined) shuffle(order, seededRandom(seed));
  const total = Math.min(limit, data.size);
  return async function* () {
    let turned = performance.now();
    for (let at = 0; at < total; at += batchSize) {
      if (performance.now() - turned > TURN_MS) {
        await eventLoop();
        turned = performance.now();
      }
      const batch = gather(data, order.subarray(at, Math.min(at + batchSize, total)), inputShape);
      try {
        yield batch;
      } finally {
        batch.x.dispose();
        batch.y.dispose();
      }
    }
  };
}

/**
 * Where a backend answers at once, as wasm does, a loop over batches awaits nothing but promises that are kept: it would hold up
 * signals, messages and timers until it ends.
 */
const TURN_MS = 50;

const eventLoop = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

function gather(data: Dataset, rows: Int32Array, inputShape: readonly number[]): { x: Tensor; y: Tensor } {
  const width = sizeOf(data.shape);
  const x = new Float32Array(rows.length * width);
  rows.forEach((row, i) => x.set(data.x.subarray(row * width, (row + 1) * width), i * width));
  const inputs = tensor(x, [rows.length, ...inputShape], 'float32');
  const { classes } = data;
  if (classes !== undefined) {
    // tf.oneHot would do, but on the wasm backend it writes the bits of an integer 1 into a float32 tensor.
    const hot = new Float32Array(rows.length * classes);
    rows.forEach((row, i) => (hot[i * classes + data.y[row]] = 1));
    return { x: inputs, y: tensor(hot, [rows.length, classes], 'float32') };
  }
  const targets = data.y.length / data.size;
  const y = new Float32Array(rows.length * targets);
  rows.forEach((row, i) => y.set(data.y.subarray(row * targets, (row + 1) * targets), i * targets));
  return { x: inputs, y: tensor(y, [rows.length, targets], 'float32') };
}
