import { tinyNetwork } from '@espalier/conformance';
import { bitsFrom, memoryPlan, type PrunableModel } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';

export const plan = memoryPlan({
  masks: { 'hidden/kernel': bitsFrom(24, (i) => i % 3 !== 0), 'out/kernel': bitsFrom(18, (i) => i % 2 !== 0) },
});

export const IDS = ['hidden/kernel', 'hidden/bias', 'out/kernel', 'out/bias'];

export const weightsOf = (model: PrunableModel) => Promise.all(IDS.map((id) => model.read(id)));

export const plusZero = (v: number) => Object.is(v, 0);

export async function checkZeros(values: ArrayLike<number>, pruned: (i: number) => boolean, expectRest = true) {
  const all = Array.from(values);
  expect(all.filter((_, i) => pruned(i)).every(plusZero)).toBe(true);
  if (expectRest) expect(all.filter((_, i) => !pruned(i)).some((v) => v !== 0)).toBe(true);
}

/** Runs on a fresh network and checks that nothing leaks. */
export async function withModel(
  body: (model: PrunableModel) => Promise<void>,
  change: (m: PrunableModel) => object = () => ({}),
) {
  const before = tf.memory().numTensors;
  const model = tinyNetwork();
  await body({ ...model, ...change(model) });
  model.dispose();
  expect(tf.memory().numTensors).toBe(before);
}
