import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { compile } from '../index.js';

tf.env().set('PROD', true);

const { layers } = tfl;

beforeEach(() => tf.setBackend('wasm'));

const ramp = (shape: number[], step: number) =>
  tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => ((i * step) % 1) - 0.4),
    shape,
  );

/** A layer that is a function of its input. */
function layerOf(call: (x: tf.Tensor) => tf.Tensor, shape: (s: tfl.Shape) => tfl.Shape, stateful = false) {
  class Custom extends layers.Layer {
    static readonly className = 'Custom';
    override computeOutputShape(given: tfl.Shape | tfl.Shape[]) {
      return shape(given as tfl.Shape);
    }
    override call(inputs: tf.Tensor | tf.Tensor[]) {
      return tf.tidy(() => call([inputs].flat()[0]));
    }
    override get stateful() {
      return stateful;
    }
  }
  return new Custom({});
}

const onto = (x: tfl.SymbolicTensor, ...all: tfl.layers.Layer[]) =>
  all.reduce((y, layer) => layer.apply(y) as tfl.SymbolicTensor, x);

/** What a compiled model gives against what the model does, errors too. */
async function expectAsStock(model: tfl.LayersModel, inputs: readonly (tf.Tensor | tf.Tensor[])[]): Promise<string[]> {
  const attempt = async (predict: () => unknown) => {
    try {
      const y = predict() as tf.Tensor;
      const values = Array.from(await y.data());
      y.dispose();
      return { shape: y.shape, values };
    } catch (error) {
      return String(error);
    }
  };
  const net = await compile(model);
  for (const x of inputs) {
    const wanted = await attempt(() => model.predict(x));
    const before = tf.memory().numTensors;
    const got = await attempt(() => net.predict(x));
    expect(tf.memory().numTensors).toBe(before);
    if (typeof wanted === 'string' || typeof got === 'string') {
      expect(got).toEqual(wanted);
      continue;
    }
    expect(got.shape).toEqual(wanted.shape);
    got.values.forEach((v, i) => expect(v).toBeCloseTo(wanted.values[i], 4));
  }
  const reasons = net.compilations.map(({ reason }) => reason);
  net.dispose();
  tf.dispose(inputs as tf.Tensor[]);
  return reasons;
}

test('the same tensor for two inputs compiles nothing for two different ones', async () => {
  const [a, b] = [tfl.input({ shape: [3] }), tfl.input({ shape: [3] })];
  const model = tfl.model({ inputs: [a, b], outputs: layers.add().apply([a, b]) as tfl.SymbolicTensor });
  const [x, y] = [ramp([2, 3], 0.37), ramp([2, 3], 0.71)];
  await expectAsStock(model, [
    [x, x],
    [x, y],
    [y, x],
    [y, y],
  ]);
});

test('a tensor of weights as the input compiles nothing for another input', async () => {
  const model = tfl.sequential({ layers: [layers.dense({ units: 3, useBias: false, inputShape: [3] })] });
  await expectAsStock(model, [tf.clone(model.getWeights()[0]), ramp([3, 3], 0.71)]);
  const net = await compile(model);
  const [w, x] = [model.getWeights()[0], ramp([3, 3], 0.71)];
  for (const input of [w, x]) {
    const [got, wanted] = [net.predict(input) as tf.Tensor, model.predict(input) as tf.Tensor];
    const [a, b] = await Promise.all([got.data(), wanted.data()]);
    a.forEach((v, i) => expect(v).toBeCloseTo(b[i], 4));
    tf.dispose([got, wanted]);
  }
  net.dispose();
});

test('inputs that a model refuses are refused, and lists of numbers are samples', async () => {
  const image = tfl.sequential({ layers: [layers.conv2d({ filters: 3, kernelSize: 3, inputShape: [6, 6, 2] })] });
  await expectAsStock(image, [
    ramp([1, 6, 6, 2], 0.37),
    ramp([1, 7, 7, 2], 0.37),
    ramp([6, 6, 2], 0.37),
    [ramp([1, 6, 6, 2], 0.37), ramp([1, 6, 6, 2], 0.37)],
  ]);
  const list = tfl.sequential({ layers: [layers.dense({ units: 3, inputShape: [1] })] });
  const reasons = await expectAsStock(list, [ramp([4], 0.37), tf.scalar(1)]);
  expect(reasons[0]).toBe('its input is a list');
});

test('a model whose layers remember earlier calls runs once for each call', async () => {
  let calls = 0;
  const input = tfl.input({ shape: [3] });
  const count = layerOf(
    (x) => tf.add(x, ++calls),
    (s) => s,
    true,
  );
  const net = await compile(tfl.model({ inputs: input, outputs: onto(input, count) }));
  const x = ramp([1, 3], 0.37);
  tf.dispose(net.predict(x));
  expect(calls).toBe(1);
  expect(net.compilations[0].reason).toBe('it is stateful');
  net.dispose();
  x.dispose();
});

test('parts without values, and padding that is read in another shape, compile', async () => {
  const input = tfl.input({ shape: [4, 6] });
  const empty = layerOf(
    (x) => {
      const [first, second] = [0, 2].map((from) => tf.slice(x, [0, from, 0], [-1, 0, 6]));
      return tf.concat([x, tf.slice(tf.concat([tf.relu(first), second], 2), [0, 0, 0], [-1, -1, 6])], 1);
    },
    (s) => s,
  );
  const dense = layers.dense({ units: 6 });
  const [parts] = await expectAsStock(tfl.model({ inputs: input, outputs: onto(input, dense, empty) }), [
    ramp([2, 4, 6], 0.37),
  ]);
  expect(parts).toMatch(/^compiled, it ran/);
  const image = tfl.input({ shape: [6, 6, 4] });
  const reshape = layers.reshape({ targetShape: [4, 16, 4] });
  const conv = layers.conv2d({ filters: 5, kernelSize: 3 });
  const model = tfl.model({ inputs: image, outputs: onto(image, layers.zeroPadding2d({ padding: 1 }), reshape, conv) });
  const [padded] = await expectAsStock(model, [ramp([2, 6, 6, 4], 0.37)]);
  expect(padded).toMatch(/^compiled, it ran/);
});
