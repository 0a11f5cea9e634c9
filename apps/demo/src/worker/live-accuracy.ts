import { accuracy } from '@espalier/measure';
import type { AnyPrunable } from './adapted.js';
import { breathe } from './breathe.js';
import { loadDigits, SIDE } from './digits.js';

/** Between two batches the slider can be heard. */
const BATCH = 200;

/** Percent right; undefined where `goesOn` said no in between. */
export async function accuracyOf(
  model: AnyPrunable,
  inputShape: readonly number[],
  goesOn: () => boolean,
): Promise<number | undefined> {
  const { test } = await loadDigits();
  const pixels = SIDE ** 2;
  let right = 0;
  for (let at = 0; at < test.size; at += BATCH) {
    const size = Math.min(BATCH, test.size - at);
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
  return right / test.size;
}
