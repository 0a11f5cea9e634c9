import { type PrunableModel, seededRandom } from '@espalier/core';
import type { Dataset } from '@espalier/data';
import * as tf from '@tensorflow/tfjs-core';

const random = seededRandom(4);
export const labels = Int32Array.from({ length: 30 }, (_, i) => i % 3);

/** Three classes around three corners, for the networks of tests. */
export const data: Dataset = {
  x: Float32Array.from({ length: 120 }, (_, i) => (labels[i >> 2] === i % 4 ? 1 : 0) + random() * 0.4 - 0.2),
  y: labels,
  shape: [4],
  classes: 3,
  size: 30,
};

/** Runs on a fresh network and checks that nothing leaks. */
export async function withFresh(
  make: () => PrunableModel,
  body: (model: PrunableModel) => Promise<void>,
): Promise<void> {
  const before = tf.memory().numTensors;
  const model = make();
  await body(model);
  model.dispose();
  expect(tf.memory().numTensors).toBe(before);
}

/** Gradients over all of `data`. */
export async function wholeGradients(model: PrunableModel, ids: readonly string[]): Promise<[number, Float32Array[]]> {
  const x = tf.tensor(data.x, [30, 4]);
  const y = tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), 3), 'float32'));
  const { loss, grads } = await model.gradients({ x, y });
  const found = await Promise.all(ids.map((id) => grads[id].data<'float32'>()));
  tf.dispose([x, y, grads]);
  return [loss, found];
}

/** One step of plain descent over all of `data`. */
export const ONE_STEP = { data, epochs: 1, batchSize: 30, learningRate: 0.5, optimizer: tf.train.sgd };
