import { bitsFrom, memoryPlan } from '@espalier/core';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { adaptLayers, reestimateBatchNorm } from './index.js';
import { bytesOf, chain, functional, L, sequential, type Symbolic } from '../testing/build.js';

beforeAll(async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
});

const norm = (name: string, rest = {}) => L.batchNormalization({ name, epsilon: 1e-3, ...rest });
const conv = (name: string, rest = {}) => L.conv2d({ filters: 3, kernelSize: 2, name, activation: 'relu', ...rest });

/** The same samples in batches of other sizes. */
const split = (x: tf.Tensor, ...sizes: number[]) =>
  async function* () {
    let at = 0;
    for (const size of sizes) {
      const part = tf.slice(x, at, size);
      at += size;
      try {
        yield { x: part, y: part };
      } finally {
        part.dispose();
      }
    }
  };

/** Mean and variance over all but the last axis, in float64. */
async function momentsOf(x: tf.Tensor) {
  const channels = x.shape[x.rank - 1];
  const rows = (await tf.tidy(() => tf.reshape(x, [-1, channels])).array()) as number[][];
  const mean = Array.from({ length: channels }, (_, c) => rows.reduce((sum, row) => sum + row[c], 0) / rows.length);
  const variance = mean.map((m, c) => rows.reduce((sum, row) => sum + (row[c] - m) ** 2, 0) / rows.length);
  return [mean, variance];
}

const close = (found: Float32Array, wanted: number[]) =>
  wanted.forEach((value, i) => expect(Math.abs(found[i] - value)).toBeLessThanOrEqual(1e-5 * (1 + Math.abs(value))));

test('each batch norm has the statistics of its inputs, with those in front of it already new; however data is split', async () => {
  const make = () =>
    sequential(
      conv('a', { inputShape: [6, 6, 2] }),
      norm('n1'),
      conv('b'),
      norm('n2', { scale: false }),
      L.flatten(),
      L.dense({ units: 4, name: 'd' }),
      norm('n3'),
      L.dense({ units: 2, name: 'out' }),
    );
  const [model, other] = [make(), make()];
  const x = tf.randomNormal([12, 6, 6, 2], 3, 2, 'float32', 5);
  const tensors = tf.memory().numTensors;
  const result = await reestimateBatchNorm(model, { batches: split(x, 12) });
  expect(result).toEqual({ layers: ['n1', 'n2', 'n3'], passes: 3 });
  await reestimateBatchNorm(adaptLayers(other), { batches: split(x, 5, 1, 6) });
  expect(tf.memory().numTensors).toBe(tensors);
  const [one, two] = [adaptLayers(model), adaptLayers(other)];
  for (const name of ['n1', 'n2', 'n3']) {
    const before = tfl.model({ inputs: model.inputs, outputs: model.getLayer(name).input as Symbolic });
    const input = before.predict(x) as tf.Tensor;
    const [mean, variance] = await momentsOf(input);
    close(await one.read(`${name}/moving_mean`), mean);
    close(await one.read(`${name}/moving_variance`), variance);
    close(await two.read(`${name}/moving_mean`), mean);
    close(await two.read(`${name}/moving_variance`), variance);
    input.dispose();
  }
  x.dispose();
});

test('branches share a pass; nested models and shared layers are reached', async () => {
  const input = tfl.input({ shape: [3] });
  const inner = tfl.sequential({
    name: 'inner',
    layers: [L.dense({ units: 3, name: 'in', inputShape: [3] }), norm('deep')],
  });
  const [left, right] = [chain(input, norm('left')), chain(input, inner as never)];
  const shared = norm('shared');
  const both = L.add().apply([shared.apply(left), shared.apply(right)] as Symbolic[]) as Symbolic;
  const model = functional(input, chain(both, L.dense({ units: 2 })));
  const x = tf.randomNormal([8, 3], 1, 2, 'float32', 3);
  const result = await reestimateBatchNorm(model, { batches: split(x, 3, 5) });
  expect(result.passes).toBe(2);
  expect([...result.layers.slice(0, 2)].sort()).toEqual(['deep', 'left']);
  // Over both calls: each is normalised already, so with its own γ and β.
  const parts = tfl.model({ inputs: input, outputs: [left, right] }).predict(x) as tf.Tensor[];
  const all = tf.concat(parts);
  const [mean] = await momentsOf(all);
  close(await adaptLayers(model).read('shared/moving_mean'), mean);
  tf.dispose([x, all, parts]);
});

test('masked channels keep statistics of zero', async () => {
  const model = sequential(
    conv('a', { inputShape: [5, 5, 1], activation: 'sigmoid' }),
    norm('n'),
    L.flatten(),
    L.dense({ units: 2 }),
  );
  const prunable = adaptLayers(model);
  const handle = await prunable.mask(memoryPlan({ units: { a: bitsFrom(3, (i) => i !== 1) } }));
  const x = tf.randomNormal([4, 5, 5, 1], 0, 1, 'float32', 3);
  await reestimateBatchNorm(prunable, { batches: split(x, 4), handles: [handle] });
  expect((await prunable.read('n/moving_mean'))[1]).toBe(0);
  expect((await prunable.read('n/moving_variance'))[1]).toBe(0);
  expect((await prunable.read('n/moving_mean'))[0]).not.toBe(0);
  x.dispose();
  prunable.dispose();
});

test('no data, values that are no numbers: refused, nothing changed, nothing leaked', async () => {
  const model = sequential(L.dense({ units: 3, inputShape: [2] }), norm('n'), L.dense({ units: 1 }));
  const before = await bytesOf(model);
  const tensors = tf.memory().numTensors;
  await expect(reestimateBatchNorm(model, { batches: async function* () {} })).rejects.toMatchObject({
    name: 'UsageError',
    code: 'data-missing',
  });
  const bad = tf.tensor2d([NaN, 1, 2, 3], [2, 2]);
  await expect(reestimateBatchNorm(model, { batches: split(bad, 2) })).rejects.toMatchObject({
    name: 'InputError',
    code: 'values-not-finite',
    where: 'n',
  });
  bad.dispose();
  expect(await bytesOf(model)).toEqual(before);
  expect(tf.memory().numTensors).toBe(tensors);
  model.dispose();
});
