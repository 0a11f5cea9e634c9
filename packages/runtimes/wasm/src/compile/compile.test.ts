import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { seededRandom } from '@espalier/core';
import { accelerate, compile } from '../index.js';
import type { Inputs } from './model.js';

tf.env().set('PROD', true);

const { layers } = tfl;
const KERNELS = ['Conv2D', 'FusedConv2D', 'BatchMatMul', '_FusedMatMul', 'Add', 'Relu', 'Identity'];
const registered = () => KERNELS.map((name) => tf.getKernel(name, 'wasm'));

/** Big enough to be quicker compiled: an inverted residual, pooled, with 60% of its weights zero. */
function network(): tfl.LayersModel {
  const input = tfl.input({ shape: [24, 24, 3], name: 'image' });
  const norm = (x: tfl.SymbolicTensor) => layers.batchNormalization().apply(x) as tfl.SymbolicTensor;
  const conv = (x: tfl.SymbolicTensor, name: string, filters: number, kernelSize: number) =>
    norm(layers.conv2d({ name, filters, kernelSize, padding: 'same', useBias: false }).apply(x) as tfl.SymbolicTensor);
  const relu = (x: tfl.SymbolicTensor) => layers.reLU({ maxValue: 6 }).apply(x) as tfl.SymbolicTensor;
  const x = relu(conv(input, 'stem', 24, 3));
  const y = relu(
    norm(layers.depthwiseConv2d({ name: 'deep', kernelSize: 3, padding: 'same' }).apply(x) as tfl.SymbolicTensor),
  );
  const sum = layers.add().apply([x, conv(y, 'project', 24, 1)]) as tfl.SymbolicTensor;
  const pooled = layers.globalAveragePooling2d({}).apply(sum);
  const output = layers.dense({ name: 'top', units: 10, activation: 'softmax' }).apply(pooled) as tfl.SymbolicTensor;
  const model = tfl.model({ inputs: input, outputs: [output, sum] });
  const random = seededRandom(7);
  const weights = model.getWeights().map((w) => {
    const draw = () => (w.rank > 1 && random() < 0.6 ? 0 : random() - (w.rank > 1 ? 0.5 : 0));
    return tf.tensor(Float32Array.from({ length: w.size }, draw), w.shape);
  });
  model.setWeights(weights);
  tf.dispose(weights);
  return model;
}

const image = (batch = 1, seed = 1) => {
  const random = seededRandom(seed);
  return tf.tensor4d(Float32Array.from({ length: batch * 24 * 24 * 3 }, random), [batch, 24, 24, 3]);
};

interface Predictor {
  predict(x: tf.Tensor): unknown;
}

async function predict(model: Predictor, x: tf.Tensor): Promise<number[][]> {
  const outputs = [model.predict(x) as tf.Tensor | tf.Tensor[]].flat();
  const values = await Promise.all(outputs.map(async (y) => Array.from(await y.data())));
  tf.dispose(outputs);
  return values;
}

/** max|a − b| ≤ 1e-4·max|b| */
function expectClose(got: number[][], wanted: number[][]): void {
  expect(got.map(({ length }) => length)).toEqual(wanted.map(({ length }) => length));
  got.forEach((values, i) => {
    const largest = wanted[i].reduce((max, v) => Math.max(max, Math.abs(v)), 0);
    const apart = values.reduce((max, v, j) => Math.max(max, Math.abs(v - wanted[i][j])), 0);
    expect(apart).toBeLessThanOrEqual(1e-4 * largest);
  });
}

beforeEach(() => tf.setBackend('wasm'));

describe('compile', () => {
  it('answers what the model does, from steps of its own, and is undone', async () => {
    const model = network();
    const stock = registered();
    const x = image();
    const wanted = await predict(model, x);
    const tensors = tf.memory().numTensors;
    const net = await compile(model);
    expect(net.compilations).toEqual([]);
    expectClose(await predict(net, x), wanted);
    expectClose(await predict(net, x), wanted);
    expect(tf.memory().numTensors).toBe(tensors);
    const [compilation, ...others] = net.compilations;
    expect(others).toEqual([]);
    expect(compilation).toMatchObject({ shapes: [[1, 24, 24, 3]], runtime: 'compiled' });
    expect(compilation.reason).toMatch(/^compiled, it ran \d+\.\d+× as fast as by itself$/);
    const steps = compilation.steps.filter(({ operation }) => operation !== 'layout');
    expect(steps.map(({ name, operation }) => [name, operation])).toEqual([
      ['stem/kernel', 'convolution'],
      ['deep/depthwise_kernel', 'depthwise convolution'],
      ['project/kernel', 'convolution'],
      ['Mean', 'global mean pooling'],
      ['top/kernel', 'matrix product'],
      ['Softmax', 'Softmax'],
    ]);
    expect(steps[2].sparsity).toBeCloseTo(0.6, 1);
    expect(compilation.arenaBytes).toBeGreaterThan(2 * 24 * 24 * 24 * 4);
    expect(compilation.weightBytes).toBeGreaterThan(0);
    net.dispose();
    net.dispose();
    expect(net.compilations).toEqual([]);
    expect(registered().every((kernel, i) => kernel === stock[i])).toBe(true);
    expect(() => net.predict(x)).toThrow(expect.objectContaining({ code: 'disposed' }));
    expectClose(await predict(model, x), wanted);
    x.dispose();
    model.dispose();
  });

  it('compiles once for each shape of input, and keeps eight', async () => {
    const model = network();
    const net = await compile(model);
    for (const batch of [1, 2, 1, 40]) {
      const x = image(batch, batch);
      expectClose(await predict(net, x), await predict(model, x));
      x.dispose();
    }
    expect(net.compilations.map(({ shapes: [[batch]] }) => batch)).toEqual([2, 1, 40]);
    for (let batch = 3; batch < 10; batch++) {
      const x = image(batch);
      tf.dispose(net.predict(x));
      x.dispose();
    }
    expect(net.compilations.map(({ shapes: [[batch]] }) => batch)).toEqual([40, 3, 4, 5, 6, 7, 8, 9]);
    net.dispose();
    model.dispose();
  });

  it('notices weights that are assigned to', async () => {
    const model = network();
    const net = await compile(model);
    const x = image();
    await predict(net, x);
    const top = model.getLayer('top');
    const doubled = top.getWeights().map((w) => tf.mul(w, 2));
    top.setWeights(doubled);
    tf.dispose(doubled);
    expectClose(await predict(net, x), await predict(model, x));
    expect(net.compilations.length).toBe(1);
    net.dispose();
    x.dispose();
    model.dispose();
  });

  it('takes no more memory however often it runs', async () => {
    const model = network();
    const net = await compile(model);
    const x = image();
    await predict(net, x);
    const { memory } = (tf.backend() as unknown as { wasm: { asm: { memory: WebAssembly.Memory } } }).wasm.asm;
    const before = { bytes: memory.buffer.byteLength, ...tf.memory() };
    for (let i = 0; i < 300; i++) tf.dispose(net.predict(x));
    expect({ bytes: memory.buffer.byteLength, ...tf.memory() }).toEqual(before);
    net.dispose();
    x.dispose();
    model.dispose();
  });

  it('runs the model by itself where it cannot be written down, and says why', async () => {
    const add = (x: tf.Tensor, by: (x: tf.Tensor) => tf.Tensor | number) => ({
      weights: {},
      predict: (input: Inputs) => tf.add(tf.mul(input as tf.Tensor, 3), by(x)),
    });
    const x = tf.tensor1d([1, 2, 3]);
    const reason = async (model: Parameters<typeof compile>[0], input: tf.Tensor = x) => {
      const net = await compile(model);
      tf.dispose(net.predict(input) as tf.Tensor);
      tf.dispose(net.predict(input) as tf.Tensor);
      const [{ runtime, reason }] = net.compilations;
      net.dispose();
      expect(runtime).toBe('stock');
      return reason;
    };
    const tensors = tf.memory().numTensors;
    expect(await reason({ weights: {}, predict: (y) => tf.add(y as tf.Tensor, (y as tf.Tensor).dataSync()[0]) })).toBe(
      'it reads values while it runs',
    );
    expect(await reason(add(x, () => tf.randomUniform([3])))).toMatch(/^compiled, its results differ by/);
    const empty = tf.tensor2d([], [0, 3]);
    expect(await reason({ weights: {}, predict: (y) => tf.relu(y as tf.Tensor) }, empty)).toBe('its input is empty');
    empty.dispose();
    expect(tf.memory().numTensors).toBe(tensors);
    x.dispose();
  });

  it('sees when shapes depend on values after all', async () => {
    const boxes = (size: number) => tf.tensor2d([0, 0, size, size, 0, 0, 1, 1, 5, 5, 6, 6], [3, 4]);
    const scores = tf.tensor1d([0.9, 0.8, 0.7]);
    const model = {
      weights: { scores: [scores] },
      predict: (x: Inputs) => {
        let y = tf.relu(x as tf.Tensor2D);
        for (let i = 0; i < 50; i++) y = tf.relu(tf.add(y, 0));
        return tf.image.nonMaxSuppression(y, scores, 3, 0.5);
      },
    };
    const net = await compile(model);
    const [apart, together] = [boxes(4), boxes(1)];
    expect(await predict(net, apart)).toEqual([[0, 1, 2]]);
    expect(await predict(net, together)).toEqual([[0, 2]]);
    expect(await predict(net, apart)).toEqual([[0, 1, 2]]);
    net.dispose();
    tf.dispose([apart, together, scores]);
  });

  it('takes several inputs, by name or in a list, and gives outputs in the format of the model', async () => {
    const w = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    const model = {
      weights: { w: [w] },
      predict: (x: Inputs) => {
        const { a, b } = x as tf.NamedTensorMap;
        return { sum: tf.add(a, b), product: tf.matMul(a as tf.Tensor2D, w) };
      },
    };
    const net = await compile(model);
    const [a, b] = [tf.tensor2d([1, 0], [1, 2]), tf.tensor2d([5, 6], [1, 2])];
    const values = async (y: unknown) => Array.from(await (y as tf.Tensor).data());
    for (let i = 0; i < 2; i++) {
      const { sum, product } = net.predict({ b, a }) as tf.NamedTensorMap;
      expect([await values(sum), await values(product)]).toEqual([
        [6, 6],
        [1, 2],
      ]);
      tf.dispose([sum, product]);
    }
    net.dispose();
    tf.dispose([a, b, w]);
  });

  it('leaves an input alone that a model passes on', async () => {
    const net = await compile({ weights: {}, predict: (x) => x });
    const x = tf.tensor1d([1, 2]);
    net.predict(x);
    expect(x.isDisposed).toBe(false);
    net.dispose();
    x.dispose();
  });

  it('works beside accelerate()', async () => {
    const model = network();
    const x = image();
    const wanted = await predict(model, x);
    const fast = await accelerate(model);
    const net = await compile(model);
    expectClose(await predict(net, x), wanted);
    fast.dispose();
    expectClose(await predict(net, x), wanted);
    expectClose(await predict(model, x), wanted);
    net.dispose();
    x.dispose();
    model.dispose();
  });

  it('refuses what is no model, another backend, and a model that is gone', async () => {
    await expect(compile({} as never)).rejects.toMatchObject({ code: 'no-weights' });
    const model = network();
    const net = await compile(model);
    const x = image();
    await tf.setBackend('cpu');
    await expect(compile(model)).rejects.toMatchObject({ code: 'backend', found: 'cpu' });
    expect(() => net.predict(x)).toThrow(expect.objectContaining({ code: 'backend' }));
    await tf.setBackend('wasm');
    expectClose(await predict(net, x), await predict(model, x));
    model.dispose();
    expect(() => net.predict(x)).toThrow(expect.objectContaining({ code: 'disposed' }));
    net.dispose();
    x.dispose();
  });
});
