import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { seededRandom } from '@espalier/core';
import { accelerate } from '../index.js';

tf.env().set('PROD', true);

beforeEach(() => tf.setBackend('wasm'));

const backend = () => tf.backend() as unknown as { readSync(dataId: object): unknown };

function network(): tfl.LayersModel {
  const { layers } = tfl;
  const first = layers.conv2d({ filters: 8, kernelSize: 1, activation: 'relu', inputShape: [5, 5, 3] });
  return tfl.sequential({ layers: [first, layers.flatten(), layers.dense({ units: 4 })] });
}

const images = (count: number) => {
  const random = seededRandom(count);
  return tf.tensor4d(Float32Array.from({ length: count * 75 }, random), [count, 5, 5, 3]);
};

/** What `run` gives, and how often something was copied out of WebAssembly memory for it. */
function counted(run: () => tf.Tensor): { y: tf.Tensor; copies: number } {
  const spy = jest.spyOn(backend(), 'readSync');
  try {
    return { y: tf.tidy(run), copies: spy.mock.calls.length };
  } finally {
    spy.mockRestore();
  }
}

async function expectSame(got: tf.Tensor, wanted: tf.Tensor): Promise<void> {
  expect(got.shape).toEqual(wanted.shape);
  const [a, b] = await Promise.all([got.data(), wanted.data()]);
  a.forEach((v, i) => expect(Math.abs(v - b[i])).toBeLessThanOrEqual(1e-5));
}

describe.each([1, 3, 32, 33, 100])('%s images', (count) => {
  it('are sliced without a copy of all of them, and leave nothing behind', async () => {
    const model = network();
    const x = images(count);
    const stock = counted(() => model.predict(x) as tf.Tensor);
    expect(stock.copies).toBe(Math.ceil(count / 32));
    const fast = await accelerate(model);
    tf.dispose(model.predict(x)); // The races of a first run.
    const before = tf.memory();
    const { y, copies } = counted(() => model.predict(x) as tf.Tensor);
    expect(copies).toBe(0);
    await expectSame(y, stock.y);
    y.dispose();
    const { numTensors, numDataBuffers } = tf.memory();
    expect([numTensors, numDataBuffers]).toEqual([before.numTensors, before.numDataBuffers]);
    fast.dispose();
    const after = counted(() => model.predict(x) as tf.Tensor);
    expect(after.copies).toBe(stock.copies);
    await expectSame(after.y, stock.y);
    tf.dispose([x, stock.y, after.y]);
    model.dispose();
  });
});

/** Runs `call` inside predict() of an accelerated model, and by itself. */
async function inside(call: (x: tf.Tensor) => tf.Tensor, x: tf.Tensor): Promise<[got: tf.Tensor, wanted: tf.Tensor]> {
  const model = { weights: {}, predict: call };
  const fast = await accelerate(model);
  const got = model.predict(x);
  fast.dispose();
  expect(model.predict).toBe(call);
  return [got, call(x)];
}

const numbers = (shape: number[], dtype: 'float32' | 'int32' | 'bool' = 'float32') =>
  tf.tensor(
    Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => (dtype === 'bool' ? i % 2 : i)),
    shape,
    dtype,
  );

const SLICES: [shape: number[], begin: number[], size: number[]][] = [
  [[6], [2], [3]],
  [[6], [0], [6]],
  [[6], [6], [0]],
  [
    [4, 5],
    [1, 0],
    [2, 5],
  ],
  [
    [4, 5],
    [1, 0],
    [2, -1],
  ],
  [
    [4, 5],
    [1, 1],
    [2, 3],
  ],
  [
    [4, 5],
    [2, 1],
    [1, 3],
  ],
  [
    [4, 5],
    [0, 0],
    [4, 5],
  ],
  [[4, 5], [3], [1]],
  [
    [2, 3, 4],
    [1, 1, 0],
    [1, 2, 4],
  ],
  [
    [2, 3, 4],
    [0, 1, 0],
    [2, 2, 4],
  ],
  [
    [2, 1, 4],
    [1, 0, 2],
    [1, 1, 2],
  ],
  [
    [3, 2, 2, 2, 2],
    [1, 0, 0, 0, 0],
    [2, 2, 2, 2, 2],
  ],
];

test.each(SLICES)('%j from %j, %j, is what the stock kernel gives', async (shape, begin, size) => {
  for (const dtype of ['float32', 'int32', 'bool'] as const) {
    const x = numbers(shape, dtype);
    const [got, wanted] = await inside((t) => tf.slice(t, begin, size), x);
    expect([got.shape, got.dtype]).toEqual([wanted.shape, dtype]);
    expect(Array.from(await got.data())).toEqual(Array.from(await wanted.data()));
    tf.dispose([x, got, wanted]);
  }
});

test('what is sliced or cloned has data of its own, for products remember their right operand by its data', async () => {
  const [x, w] = [numbers([6, 6]), numbers([6, 6])];
  const call = () =>
    tf.tidy(() => {
      const wide = tf.matMul(tf.slice(x, [0, 0], [-1, 4]), tf.reshape(w, [4, 9]));
      const same = [tf.clone(w), tf.slice(w, [0, 0], [6, 6])].map((y) => tf.matMul(x, y));
      return tf.concat([wide, ...same], 1);
    });
  const [got, wanted] = await inside(call, x);
  await expectSame(got, wanted);
  tf.dispose([x, w, got, wanted]);
});

test('the output of a model that gives back its input is another tensor with other data', async () => {
  const input = tfl.input({ shape: [3] });
  const model = tfl.model({
    inputs: input,
    outputs: tfl.layers.dropout({ rate: 0.5 }).apply(input) as tfl.SymbolicTensor,
  });
  const fast = await accelerate(model);
  const x = numbers([2, 3]);
  const before = tf.memory();
  const y = model.predict(x) as tf.Tensor;
  expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers + 1);
  x.dispose();
  fast.dispose();
  expect(Array.from(await y.data())).toEqual([0, 1, 2, 3, 4, 5]);
  y.dispose();
  model.dispose();
});

test('a frozen model is accelerated without it, and `this` is the one that a method is called on', async () => {
  const frozen = Object.freeze({ weights: {}, predict: (x: tf.Tensor) => tf.clone(x) });
  (await accelerate(frozen)).dispose();
  const later = { weights: {}, predict: (x: tf.Tensor) => tf.clone(x) };
  const fast = await accelerate(later);
  Object.freeze(later);
  expect(() => fast.dispose()).not.toThrow();
  const base = {
    weights: {},
    factor: 1,
    predict(x: number) {
      return x * this.factor;
    },
  };
  const other = await accelerate(base);
  expect(Object.assign(Object.create(base) as typeof base, { factor: 5 }).predict(3)).toBe(15);
  other.dispose();
});

test('scalars, strings and what lives on another backend are cloned as ever', async () => {
  await tf.setBackend('cpu');
  const elsewhere = numbers([3]);
  await tf.setBackend('wasm');
  for (const x of [tf.scalar(7), tf.tensor(['a', 'b']), elsewhere]) {
    const [got, wanted] = await inside((t) => tf.clone(t), x);
    expect(Array.from(await got.data())).toEqual(Array.from(await wanted.data()));
    tf.dispose([x, got, wanted]);
  }
});

test('a slice beyond the end fails, or not, as it does in the stock kernel', async () => {
  const x = numbers([4, 5]);
  const attempt = (run: () => tf.Tensor) => {
    try {
      return run().shape;
    } catch (error) {
      return String(error);
    }
  };
  const call = () => tf.slice(x, [3, 0], [2, 5]);
  const model = { weights: {}, predict: call };
  const fast = await accelerate(model);
  const got = attempt(model.predict);
  fast.dispose();
  expect(got).toEqual(attempt(call));
  x.dispose();
});

test('a model that throws, and acceleration that ends in any order, leave the stock kernels', async () => {
  const stock = tf.getKernel('Slice', 'wasm');
  const model = network();
  for (const order of [
    [0, 1],
    [1, 0],
  ]) {
    const both = [await accelerate(model), await accelerate(model)];
    expect(() => model.predict(tf.zeros([1, 2]))).toThrow(/shape/);
    const x = numbers([2, 3]);
    // Outside of predict() it is the stock kernel that runs.
    const { y, copies } = counted(() => tf.slice(x, [0, 0], [2, 3]));
    expect(copies).toBe(1);
    for (const i of order) both[i].dispose();
    expect(tf.getKernel('Slice', 'wasm')).toEqual(stock);
    expect(Object.hasOwn(model, 'predict')).toBe(false);
    tf.dispose([x, y]);
  }
  model.dispose();
});
