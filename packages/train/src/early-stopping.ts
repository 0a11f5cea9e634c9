import { seededRandom, show, shuffle, UsageError } from '@espalier/core';
import type { Dataset } from '@espalier/data';
import { EARLY_STOPPING_DEFAULTS } from './defaults.js';

export interface EarlyStopping {
  /** Measured after every epoch, on samples that are not trained on; higher is better. */
  readonly score: () => Promise<number>;
  /** How many epochs in a row may pass without a better score. */
  readonly patience?: number;
}

/** Throws a UsageError with code 'patience'. */
export function patienceOf({ patience = EARLY_STOPPING_DEFAULTS.patience }: EarlyStopping): number {
  if (Number.isSafeInteger(patience) && patience >= 1) return patience;
  throw new UsageError('patience', `patience must be a positive integer, got ${show(patience)}`, {
    where: 'patience',
    wanted: 'a positive integer',
    found: String(patience),
  });
}

/**
 * Splits samples at random into those to train on and those to validate on: round(fraction · size) of the latter, at least
 * one of each. The same seed gives the same split. Throws a UsageError with code 'hold-out'.
 */
export function holdOut(data: Dataset, fraction: number, seed = 0): { train: Dataset; validation: Dataset } {
  const count = Math.max(1, Math.round(fraction * data.size));
  if (!(fraction > 0 && fraction < 1) || count >= data.size) {
    throw new UsageError(
      'hold-out',
      `the fraction held out must lie between 0 and 1 and leave samples on both sides, got ${show(fraction)} of ${data.size}`,
      {
        where: 'fraction',
        wanted: 'a number between 0 and 1',
        found: String(fraction),
      },
    );
  }
  const order = shuffle(
    Int32Array.from({ length: data.size }, (_, i) => i),
    seededRandom(seed),
  );
  return { validation: pick(data, order.slice(0, count).sort()), train: pick(data, order.slice(count).sort()) };
}

function pick(data: Dataset, rows: Int32Array): Dataset {
  const [width, targets] = [data.x.length / data.size, data.y.length / data.size];
  const x = new Float32Array(rows.length * width);
  const y =
    data.y instanceof Int32Array ? new Int32Array(rows.length * targets) : new Float32Array(rows.length * targets);
  rows.forEach((row, i) => {
    x.set(data.x.subarray(row * width, (row + 1) * width), i * width);
    y.set(data.y.subarray(row * targets, (row + 1) * targets), i * targets);
  });
  return { ...data, x, y, size: rows.length };
}
