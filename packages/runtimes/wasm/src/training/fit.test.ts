import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { enableTraining } from './index.js';
import { grid, tensor } from '../testing.js';

const { layers } = tfl;
const CLASSES = 3;
const SAMPLES = 7;

const inputShape = [6, 6, 2];

/** A chain of layers on 6×6×2 images, ending in a classifier. */
function chain(...body: tfl.layers.Layer[]): tfl.Sequential {
  const model = tfl.sequential({ layers: body });
  if (model.outputShape.length > 2) model.add(layers.flatten());
  model.add(layers.dense({ units: CLASSES, activation: 'softmax' }));
  return model;
}

const conv = (config: object = {}) => layers.conv2d({ filters: 4, kernelSize: 3, ...config });
const first = (config: object = {}) => conv({ inputShape, ...config });

const models: Record<string, () => tfl.LayersModel> = {
  'dense alone': () => chain(layers.flatten({ inputShape }), layers.dense({ units: 6, activation: 'tanh' })),
  conv2d: () => chain(first({ activation: 'relu' }), conv({ strides: 2, padding: 'same' })),
  'conv2d 1×1': () => chain(first({ kernelSize: 1 }), conv({ kernelSize: 1, strides: 2 })),
  depthwiseConv2d: () => chain(first(), layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: 'same' })),
  separableConv2d: () => chain(first(), layers.separableConv2d({ filters: 5, kernelSize: 3, padding: 'same' })),
  conv2dTranspose: () =>
    chain(first(), layers.conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2, padding: 'same' })),
  conv1d: () =>
    chain(
      layers.reshape({ targetShape: [9, 8], inputShape }),
      layers.conv1d({ filters: 4, kernelSize: 3 }),
      layers.conv1d({ filters: 4, kernelSize: 3, strides: 2 }),
    ),
  // The pool comes before the activation, so that most windows have a negative maximum.
  'conv2d, maxPooling2d, relu': () =>
    chain(
      first({ biasInitializer: tfl.initializers.constant({ value: -1 }) }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.leakyReLU({ alpha: 0.3 }),
      layers.maxPooling2d({ poolSize: 3, strides: 1, padding: 'same' }),
    ),
  averagePooling2d: () => chain(first(), layers.averagePooling2d({ poolSize: 2 })),
  'global pooling': () => chain(first(), layers.globalAveragePooling2d({})),
  batchNormalization: () =>
    chain(first({ useBias: false }), layers.batchNormalization(), layers.activation({ activation: 'relu' })),
  'batchNormalization of vectors': () =>
    chain(layers.flatten({ inputShape }), layers.dense({ units: 5 }), layers.batchNormalization()),
  // Dropout draws from a stream of its own that has no seed; at this rate it does its work and drops nothing.
  dropout: () => chain(first(), layers.dropout({ rate: 1e-9 })),
  'residual, Functional': () => {
    const input = tfl.input({ shape: inputShape });
    const stem = conv({ padding: 'same' }).apply(input) as tfl.SymbolicTensor;
    const branch = layers.batchNormalization().apply(conv({ padding: 'same' }).apply(stem)) as tfl.SymbolicTensor;
    const joined = layers.activation({ activation: 'relu' }).apply(layers.add().apply([stem, branch]));
    const pooled = layers.globalAveragePooling2d({}).apply(joined);
    const output = layers.dense({ units: CLASSES, activation: 'softmax' }).apply(pooled) as tfl.SymbolicTensor;
    return tfl.model({ inputs: input, outputs: output });
  },
};

/** Kernels on a grid, so that both backends start alike whatever the initialisers draw. */
function setKernels(model: tfl.LayersModel): void {
  model.weights.forEach((weight, i) => {
    if (weight.shape.length === 1) return;
    const values = tf.tidy(() => tf.mul(tensor(grid(weight.shape as number[], i + 1)), 0.5));
    weight.write(values);
    values.dispose();
  });
}

/** The loss of every epoch, and the weights at the end. */
async function fit(backend: string, build: () => tfl.LayersModel, x: () => tf.Tensor): Promise<number[]> {
  await tf.setBackend(backend);
  const before = tf.memory().numTensors;
  const model = build();
  setKernels(model);
  const optimizer = tf.train.sgd(0.05);
  model.compile({ optimizer, loss: 'categoricalCrossentropy' });
  const [inputs, labels] = tf.tidy(() => [
    x(),
    tf.oneHot(
      tf.tensor1d(
        Array.from({ length: SAMPLES }, (_, i) => i % CLASSES),
        'int32',
      ),
      CLASSES,
      1,
      0,
      'float32',
    ),
  ]);
  const { history } = await model.fit(inputs, labels, { epochs: 3, batchSize: 4, shuffle: false, verbose: 0 });
  const weights = await Promise.all(model.trainableWeights.map((weight) => weight.read().data()));
  model.dispose();
  optimizer.dispose();
  tf.dispose([inputs, labels]);
  expect(tf.memory().numTensors).toBe(before);
  return [...(history.loss as number[]), ...weights.flatMap((values) => [...values])];
}

function expectSame(got: number[], wanted: number[]): void {
  expect(got.every(Number.isFinite)).toBe(true);
  expect(Math.max(...wanted.map((value, i) => Math.abs(value - got[i]) / Math.max(1, Math.abs(value))))).toBeLessThan(
    2e-4,
  );
}

const images = () => tensor(grid([SAMPLES, ...inputShape], 99));

let disable: () => void;
beforeEach(() => {
  disable = enableTraining();
});
afterEach(() => disable());

describe('model.fit on wasm goes where it goes on the cpu backend', () => {
  test.each(Object.entries(models))('%s', async (_, build) => {
    expectSame(await fit('wasm', build, images), await fit('cpu', build, images));
  });

  test('embedding', async () => {
    const build = () => chain(layers.embedding({ inputDim: 9, outputDim: 4, inputLength: 6 }));
    const words = () =>
      tf.tensor2d(Array.from({ length: SAMPLES }, (_, i) => Array.from({ length: 6 }, (_, j) => (i * 5 + j * j) % 9)));
    expectSame(await fit('wasm', build, words), await fit('cpu', build, words));
  });
});

describe('batch norm', () => {
  /** Gradients of Σ weight·batchNorm(x) by x, mean, variance, offset and scale. */
  async function derivatives(backend: string, x: number[], mean: number[]) {
    await tf.setBackend(backend);
    const results = tf.tidy(() => {
      const [offset, scale] = [tensor(grid(mean, 4)), tensor(grid(mean, 5))];
      const variance = tf.add(tf.square(tensor(grid(mean, 3))), 0.5);
      const loss = (a: tf.Tensor, ...[m, v, o, s]: tf.Tensor[]) =>
        tf.sum(
          tf.mul(
            tensor(grid(x, 6)),
            tf.batchNorm(a, m as tf.Tensor1D, v as tf.Tensor1D, o as tf.Tensor1D, s as tf.Tensor1D, 0.01),
          ),
        );
      return tf.grads(loss)([tensor(grid(x, 1)), tensor(grid(mean, 2)), variance, offset, scale]);
    });
    const shapes = results.map((t) => t.shape);
    const values = await Promise.all(results.map((t) => t.data()));
    tf.dispose(results);
    return { shapes, values };
  }

  test.each([
    ['images', [2, 3, 4, 5], [5]],
    ['vectors', [6, 3], [3]],
    ['mean of the rank of x', [2, 3, 2, 2], [2, 3, 2, 2]],
  ])('%s: gradients by every argument agree with the stock ones', async (_, x, mean) => {
    const wanted = await derivatives('cpu', x, mean);
    const got = await derivatives('wasm', x, mean);
    expect(got.shapes).toEqual(wanted.shapes);
    got.values.forEach((values, i) => {
      values.forEach((value, j) => expect(Math.abs(value - wanted.values[i][j])).toBeLessThan(1e-4));
    });
  });

  test('the cpu backend keeps the stock gradient', async () => {
    const tiles = jest.spyOn(tf.getKernel('Tile', 'cpu'), 'kernelFunc');
    await derivatives('cpu', [2, 3, 4, 5], [5]);
    expect(tiles).toHaveBeenCalled();
    tiles.mockRestore();
  });

  test('an axis that TensorFlow.js does not normalise truly is refused', async () => {
    const refused = derivatives('wasm', [2, 3, 4, 5], [1, 3, 1, 1]);
    await expect(refused).rejects.toThrow(/needs a mean of shape \[5\], got \[1, 3, 1, 1\]; normalise the last axis/);
  });
});

describe('enableTraining', () => {
  const names = ['Conv2DBackpropFilter', 'Einsum', 'MaxPoolGrad', 'BatchMatMul', 'OneHot'];
  const registered = () => [...names.map((name) => tf.getKernel(name, 'wasm')), tf.getGradient('FusedBatchNorm')];

  test('twice is once, and its undo puts everything back', () => {
    const ours = registered();
    const again = enableTraining();
    expect(registered()).toEqual(ours);
    again();
    const stock = registered();
    expect(stock[0]).toBeUndefined();
    expect(stock.slice(1).every((config, i) => config !== ours[i + 1])).toBe(true);
    again();
    disable();
    expect(registered()).toEqual(stock);
    disable = enableTraining();
    expect(tf.getKernel('Conv2DBackpropFilter', 'wasm')).toBeDefined();
  });

  test('importing register is the call', async () => {
    disable();
    expect(tf.getKernel('Einsum', 'wasm')).toBeUndefined();
    await import('./register.js');
    expect(tf.getKernel('Einsum', 'wasm')).toBeDefined();
    disable = enableTraining();
  });

  test('an undo from before leaves a later call alone', () => {
    disable();
    const later = enableTraining();
    const ours = registered();
    disable();
    expect(registered()).toEqual(ours);
    later();
  });

  test('says nothing, and leaves the kernels of other backends alone', () => {
    disable();
    const warn = jest.spyOn(console, 'warn').mockImplementation();
    const cpu = tf.getKernelsForBackend('cpu');
    disable = enableTraining();
    expect(tf.getKernelsForBackend('cpu')).toEqual(cpu);
    disable();
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  test('works before the backend has started, and the stock kernels still work after it is undone', async () => {
    disable();
    const start = tf.findBackendFactory('wasm');
    tf.removeBackend('wasm');
    tf.registerBackend('wasm', start);
    disable = enableTraining();
    await tf.setBackend('wasm');
    disable();
    const product = tf.matMul(tf.ones([2, 3]), tf.ones([4, 3]), false, true);
    expect([...(await product.data())]).toEqual(Array(8).fill(3));
    tf.dispose(product);
  });
});
