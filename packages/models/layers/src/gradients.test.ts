import { bitsFrom, memoryPlan } from '@espalier/core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { adaptLayers } from './index.js';
import { dense, L, sequential } from '../testing/build.js';

beforeAll(async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
});

afterEach(() => tf.setBackend('cpu'));

describe('gradients', () => {
  const batch = () => ({
    x: tf.tensor2d([
      [1, -2, 0.5],
      [0.3, 1, -1],
    ]),
    y: tf.tensor2d([
      [0, 1],
      [1, 0],
    ]),
  });

  test.each(['tanh', 'sigmoid'] as const)(
    'agree with finite differences (%s), and nothing leaks',
    async (activation) => {
      const model = sequential(
        dense('a', 4, { inputShape: [3], activation }),
        dense('b', 2, { activation: 'softmax' }),
      );
      const prunable = adaptLayers(model);
      const b = batch();
      const tensors = tf.memory().numTensors;
      const { grads } = await prunable.gradients(b);
      const lossWith = async (id: string, values: Float32Array) => {
        tf.tidy(() => prunable.variable(id).assign(tf.tensor(values, prunable.variable(id).shape)));
        const { loss, grads: unused } = await prunable.gradients(b);
        tf.dispose(unused);
        return loss;
      };
      for (const { id } of prunable.params) {
        const [g, w] = [await grads[id].data(), await prunable.read(id)];
        for (let i = 0; i < w.length; i += 2) {
          const [up, down] = [1e-2, -1e-2].map((step) => w.map((v, at) => (at === i ? v + step : v)));
          const slope = ((await lossWith(id, up)) - (await lossWith(id, down))) / 2e-2;
          await lossWith(id, w);
          expect(g[i]).toBeCloseTo(slope, 3);
        }
      }
      tf.dispose(grads);
      expect(tf.memory().numTensors).toBe(tensors);
      tf.dispose(b);
      model.dispose();
    },
  );

  test('cross-entropy from probabilities and from logits agree, also for confident mistakes', async () => {
    for (const [gap, label] of [
      [1, 0],
      [40, 1],
      [80, 1],
    ]) {
      const make = (activation: 'softmax' | 'linear') => {
        const model = sequential(dense('d', 2, { inputShape: [1], useBias: false, activation }));
        tf.tidy(() => model.layers[0].setWeights([tf.tensor2d([[gap / 2, -gap / 2]])]));
        return model;
      };
      const b = { x: tf.tensor2d([[1]]), y: tf.tensor2d([label === 0 ? [1, 0] : [0, 1]]) };
      const [p, l] = [make('softmax'), make('linear')];
      const fromP = await adaptLayers(p).gradients(b);
      const fromL = await adaptLayers(l, { loss: 'softmaxCrossEntropy' }).gradients(b);
      expect(fromP.loss).toBeCloseTo(Math.log(1 + Math.exp(label === 0 ? -gap : gap)), 3);
      expect(fromL.loss).toBeCloseTo(fromP.loss, 3);
      const expected = (label === 0 ? 1 : -1) * (1 / (1 + Math.exp(-gap)) - Number(label === 0));
      for (const { grads } of [fromP, fromL]) {
        const [g] = await grads['d/kernel'].data();
        expect(g).toBeCloseTo(label === 0 ? expected : 1, 4);
      }
      tf.dispose([b, fromP.grads, fromL.grads]);
      p.dispose();
      l.dispose();
    }
  });

  test('frozen layers have gradients, statistics have none; training mode updates statistics', async () => {
    const model = sequential(
      dense('frozen', 3, { inputShape: [3], trainable: false }),
      L.batchNormalization({ name: 'bn' }),
      dense('out', 2, { activation: 'softmax' }),
    );
    const prunable = adaptLayers(model);
    const b = batch();
    const mean = await prunable.read('bn/moving_mean');
    const { grads } = await prunable.gradients(b);
    expect(Object.keys(grads)).toEqual([
      'frozen/kernel',
      'frozen/bias',
      'bn/gamma',
      'bn/beta',
      'out/kernel',
      'out/bias',
    ]);
    expect(prunable.params[0].trainable).toBe(false);
    expect(await prunable.read('bn/moving_mean')).toEqual(mean);
    const tensors = tf.memory().numTensors;
    const training = await prunable.gradients(b, { training: true });
    tf.dispose(training.grads);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(await prunable.read('bn/moving_mean')).not.toEqual(mean);
    tf.dispose([b, grads]);
    model.dispose();
  });

  test('disposing the model frees the masks that nobody ended', async () => {
    const prunable = adaptLayers(sequential(dense('d', 2, { inputShape: [3] })));
    const tensors = tf.memory().numTensors;
    const handle = await prunable.mask(memoryPlan({ masks: { 'd/kernel': bitsFrom(6, (i) => i > 2) } }));
    expect(tf.memory().numTensors).toBe(tensors + 1);
    prunable.dispose();
    expect(tf.memory().numTensors).toBe(tensors - 2);
    expect(() => handle.apply()).toThrow(expect.objectContaining({ code: 'mask-ended' }));
  });

  test('dropout is active in training only', async () => {
    const model = sequential(
      dense('a', 40, { inputShape: [3] }),
      L.dropout({ rate: 0.5, seed: 1 }),
      dense('out', 2, { activation: 'softmax' }),
    );
    const prunable = adaptLayers(model);
    const b = batch();
    const zeros = async (training: boolean) => {
      const { grads } = await prunable.gradients(b, { training });
      const count = (await grads['a/bias'].data<'float32'>()).filter((g) => g === 0).length;
      tf.dispose(grads);
      return count;
    };
    expect(await zeros(false)).toBe(0);
    expect(await zeros(true)).toBeGreaterThan(0);
    tf.dispose(b);
    model.dispose();
  });

  test('convolution and pooling, on batches cut any way', async () => {
    const model = sequential(
      L.conv2d({ inputShape: [5, 5, 2], filters: 3, kernelSize: 2, activation: 'relu', name: 'c' }),
      L.maxPooling2d({ poolSize: 2 }),
      L.flatten(),
      dense('d', 2, { activation: 'softmax' }),
    );
    const prunable = adaptLayers(model);
    const x = tf.randomUniform([4, 5, 5, 2], -1, 1, 'float32', 3);
    const y = tf.tensor2d([
      [1, 0],
      [0, 1],
      [0, 1],
      [1, 0],
    ]);
    const whole = await prunable.gradients({ x, y });
    const parts = [];
    for (const at of [0, 2]) {
      const half = { x: tf.slice(x, at, 2), y: tf.slice(y, at, 2) };
      parts.push(await prunable.gradients(half));
      tf.dispose(half);
    }
    expect(whole.loss).toBeCloseTo((parts[0].loss + parts[1].loss) / 2, 5);
    for (const id of Object.keys(whole.grads)) {
      const [all, a, b] = await Promise.all([whole, ...parts].map(({ grads }) => grads[id].data<'float32'>()));
      all.forEach((g, i) => expect(g).toBeCloseTo((a[i] + b[i]) / 2, 5));
    }
    tf.dispose([x, y, whole.grads, parts.map(({ grads }) => grads)]);
    model.dispose();
  });
});
