import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { adaptLayers } from './adapt.js';
import { chain, functional, inputsFor, L, type Layer, sequential } from '../testing/build.js';
import * as tfl from '@tensorflow/tfjs-layers';

beforeAll(async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
});

async function rowsOf(model: LayersModel, x: tf.Tensor, id: string): Promise<tf.Tensor2D> {
  const pieces: tf.Tensor2D[] = [];
  for await (const piece of adaptLayers(model).inputs({ x, y: x }, id)) pieces.push(tf.clone(piece));
  return tf.tidy(() => tf.concat(pieces, 0));
}

/** inputs · kernel, channels last, is what the layer computes. */
async function expectProduct(layer: Layer, weight: string): Promise<void> {
  const model = sequential(layer);
  const [x] = inputsFor(model);
  const rows = await rowsOf(model, x, `${layer.name}/${weight}`);
  const output = await (model.predict(x) as tf.Tensor).data();
  const kernel = layer.weights.find((w) => w.originalName.endsWith(weight))!.read();
  const product = await tf.matMul(rows, tf.reshape(kernel, [rows.shape[1], -1]) as tf.Tensor2D).data();
  expect(product.length).toBe(output.length);
  output.forEach((value, i) => expect(product[i]).toBeCloseTo(value, 4));
  model.dispose();
}

const plain = { useBias: false, name: 'layer' } as const;

test.each([
  ['dense', () => L.dense({ ...plain, units: 3, inputShape: [5] })],
  ['dense on sequences', () => L.dense({ ...plain, units: 3, inputShape: [4, 5] })],
  ['conv1d', () => L.conv1d({ ...plain, filters: 3, kernelSize: 3, strides: 2, padding: 'same', inputShape: [7, 2] })],
  ['conv2d, valid', () => L.conv2d({ ...plain, filters: 3, kernelSize: [2, 3], inputShape: [6, 5, 2] })],
  [
    'conv2d, same, strides',
    () => L.conv2d({ ...plain, filters: 3, kernelSize: 3, strides: 2, padding: 'same', inputShape: [6, 7, 2] }),
  ],
  [
    'conv2d, same, even window',
    () => L.conv2d({ ...plain, filters: 2, kernelSize: [2, 4], padding: 'same', inputShape: [5, 5, 2] }),
  ],
  [
    'conv2d, dilated',
    () => L.conv2d({ ...plain, filters: 2, kernelSize: 3, dilationRate: 2, padding: 'same', inputShape: [7, 7, 1] }),
  ],
  ['conv3d', () => L.conv3d({ ...plain, filters: 2, kernelSize: 2, strides: 2, inputShape: [4, 4, 5, 2] })],
])('%s: rows times kernel is the output', (_, layer) => expectProduct(layer(), 'kernel'));

test('depthwise: every channel has its own columns', async () => {
  const layer = L.depthwiseConv2d({
    ...plain,
    kernelSize: 3,
    depthMultiplier: 2,
    padding: 'same',
    inputShape: [4, 5, 3],
  });
  const model = sequential(layer);
  const [x] = inputsFor(model);
  const rows = await rowsOf(model, x, 'layer/depthwise_kernel');
  const output = (await (model.predict(x) as tf.Tensor).array()) as number[][][][];
  const kernel = (await layer.weights[0].read().array()) as number[][][][];
  expect(rows.shape).toEqual([2 * 20, 27]);
  const values = await rows.array();
  output.flat(2).forEach((channels, row) =>
    channels.forEach((value, at) => {
      const [channel, multiple] = [Math.floor(at / 2), at % 2];
      let sum = 0;
      for (let p = 0; p < 9; p++)
        sum += values[row][p * 3 + channel] * kernel[Math.floor(p / 3)][p % 3][channel][multiple];
      expect(sum).toBeCloseTo(value, 4);
    }),
  );
  model.dispose();
});

test('separable: the second kernel sees what the first makes', () =>
  expectProduct(
    L.separableConv2d({ ...plain, filters: 4, kernelSize: 3, strides: 2, depthMultiplier: 2, inputShape: [7, 7, 2] }),
    'pointwise_kernel',
  ));

test('a shared layer gives the rows of each call; later layers see activations', async () => {
  const shared = L.dense({ ...plain, units: 4, activation: 'relu' });
  const input = tfl.input({ shape: [4] });
  const model = functional(input, chain(input, shared, shared));
  const x = tf.tensor2d([[1, 2, 3, 4]]);
  const rows = await (await rowsOf(model, x, 'layer/kernel')).array();
  expect(rows[0]).toEqual([1, 2, 3, 4]);
  expect(Math.min(...rows[1])).toBeGreaterThanOrEqual(0);
  model.dispose();
});

test('large batches come in pieces, small in memory; layers are as they were; nothing leaks', async () => {
  const model = sequential(L.conv2d({ ...plain, filters: 1, kernelSize: 5, inputShape: [20, 20, 16] }));
  const prunable = adaptLayers(model);
  const x = tf.ones([22, 20, 20, 16]);
  const before = tf.memory().numTensors;
  const sizes: number[] = [];
  for await (const piece of prunable.inputs({ x, y: x }, 'layer/kernel')) sizes.push(piece.shape[0]);
  expect(sizes.reduce((a, b) => a + b)).toBe(22 * 16 * 16);
  expect(Math.max(...sizes) * 400).toBeLessThanOrEqual(1 << 21);
  for await (const first of prunable.inputs({ x, y: x }, 'layer/kernel')) {
    expect(first.shape).toEqual([256, 400]);
    break;
  }
  expect(tf.memory().numTensors).toBe(before);
  expect(Object.hasOwn(model.layers[0], 'call')).toBe(false);
  prunable.dispose();
});

test('kernels of layers that are not followed say so', async () => {
  const model = sequential(L.lstm({ units: 3, recurrentInitializer: 'zeros', inputShape: [4, 2], name: 'lstm' }));
  const [x] = inputsFor(model);
  await expect(rowsOf(model, x, 'lstm/kernel')).rejects.toMatchObject({
    name: 'UsageError',
    code: 'inputs-unsupported',
    where: 'lstm/kernel',
  });
  await expect(rowsOf(model, x, 'lstm/bias')).rejects.toMatchObject({ code: 'inputs-unsupported' });
  await expect(rowsOf(model, x, 'other/kernel')).rejects.toMatchObject({ code: 'param-unknown' });
  model.dispose();
});
