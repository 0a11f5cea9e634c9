import { type PrunableModel, sizeOf } from '@espalier/core';
import { type Dataset } from '@espalier/data';
import { accuracy } from '@espalier/measure';
import { breathe } from './breathe.js';

/** Between two batches the slider can be heard. */
const BATCH = 200;
/** A live answer does not wait for more; the comparison measures on all of them. */
export const MOST_LIVE = 2000;

/** Percent right; undefined where `goesOn` said no in between. */
export async function accuracyOf(
  model: PrunableModel,
  test: Dataset,
  inputShape: readonly number[],
  goesOn: () => boolean,
): Promise<number | undefined> {
  const pixels = sizeOf(test.shape);
  const all = Math.min(test.size, MOST_LIVE);
  let right = 0;
  for (let at = 0; at < all; at += BATCH) {
    const size = Math.min(BATCH, all - at);
    const part = {
      ...test,
      x: test.x.subarray(at * pixels, (at + size) * pixels),
      y: test.y.subarray(at, at + size),
      size,
    };
    right += (await accuracy((x) => model.predict(x), part, { inputShape, batchSize: BATCH })) * size;
    await breathe();
    if (!goesOn()) return undefined;
  }
  return right / all;
}
