// What accelerate() does where something is not as it should be; never a wrong answer.
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { seededRandom } from '@espalier/core';
import { accelerate } from '../index.js';

tf.env().set('PROD', true);

const KERNELS = ['Conv2D', 'FusedConv2D', 'BatchMatMul', '_FusedMatMul'];
const registered = () => KERNELS.map((name) => tf.getKernel(name, 'wasm'));

/** A convolution and a dense layer with three quarters of their weights zero; `spoil` changes the convolution's values. */
function network(spoil: (values: Float32Array) => void = () => {}): tfl.LayersModel {
  const { layers } = tfl;
  const model = tfl.sequential({
    layers: [
      layers.conv2d({ filters: 16, kernelSize: 1, activation: 'relu', inputShape: [8, 8, 12], name: 'point' }),
      layers.flatten(),
      layers.dense({ units: 5, name: 'top' }),
    ],
  });
  const random = seededRandom(5);
  const weights = model.getWeights().map((w, i) => {
    const values = Float32Array.from({ length: w.size }, () => (random() < 0.75 && w.rank > 1 ? 0 : random() - 0.5));
    if (i === 0) spoil(values);
    return tf.tensor(values, w.shape);
  });
  model.setWeights(weights);
  tf.dispose(weights);
  return model;
}

const input = () => tf.reshape(tf.div(tf.range(0, 768), 768), [1, 8, 8, 12]);

async function predict(model: tfl.LayersModel): Promise<number[]> {
  const y = tf.tidy(() => model.predict(input()) as tf.Tensor);
  const values = Array.from(await y.data());
  y.dispose();
  return values;
}

function expectSame(got: number[], wanted: number[]): void {
  expect(got.map(Number.isNaN)).toEqual(wanted.map(Number.isNaN));
  got.forEach((v, i) => {
    if (Number.isFinite(wanted[i])) expect(Math.abs(v - wanted[i])).toBeLessThanOrEqual(1e-5);
    else expect(v).toBe(wanted[i]);
  });
}

beforeEach(() => tf.setBackend('wasm'));

describe('a TensorFlow.js whose inside has moved: one error, and all is as it was', () => {
  const backend = () => tf.backend() as unknown as Record<string, unknown>;
  const emscripten = () => backend().wasm as Record<string, unknown>;

  async function expectRefusal(found: RegExp): Promise<void> {
    const model = network();
    const stock = registered();
    const wanted = await predict(model);
    const tensors = tf.memory().numTensors;
    await expect(accelerate(model)).rejects.toMatchObject({
      code: 'tfjs-internals',
      where: '@tensorflow/tfjs-backend-wasm',
      wanted: '4.22',
      found: expect.stringMatching(found),
      fix: expect.stringContaining('4.22'),
    });
    expect(registered()).toEqual(stock);
    expect(Object.hasOwn(tf.backend(), 'disposeData')).toBe(false);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(await predict(model)).toEqual(wanted);
    model.dispose();
  }

  it('its memory is not the one that its heap views', async () => {
    const asm = emscripten().asm as object;
    emscripten().asm = { ...asm, memory: new WebAssembly.Memory({ initial: 1 }) };
    try {
      await expect(accelerate(network())).rejects.toMatchObject({ code: 'tfjs-internals', found: 'no its memory' });
    } finally {
      emscripten().asm = asm;
    }
  });

  it('tensors lie elsewhere than it says', async () => {
    const { dataIdMap } = tf.backend() as BackendWasm;
    const get = dataIdMap.get.bind(dataIdMap);
    // What reads an offset in this package is led astray; the backend itself goes on as it was.
    const spare = (emscripten()._malloc as (bytes: number) => number)(1 << 20);
    const isOurs = () => new Error().stack!.split('\n')[3].includes('runtimes/wasm/src/kernels/');
    dataIdMap.get = (id: object) => {
      const data = get(id) as { memoryOffset: number };
      return (isOurs() ? { ...data, memoryOffset: spare } : data) as never;
    };
    try {
      await expectRefusal(/results are wrong in its memory/);
    } finally {
      delete (dataIdMap as Partial<typeof dataIdMap>).get;
    }
  });

  it('a kernel that would be wrapped is not there', async () => {
    const stock = tf.getKernel('FusedConv2D', 'wasm');
    const model = network();
    tf.unregisterKernel('FusedConv2D', 'wasm');
    try {
      await expect(accelerate(model)).rejects.toMatchObject({ code: 'tfjs-internals', found: 'no kernel FusedConv2D' });
      expect(Object.hasOwn(tf.backend(), 'disposeData')).toBe(false);
    } finally {
      tf.registerKernel(stock);
    }
    expect(registered().filter(Boolean)).toHaveLength(KERNELS.length);
    model.dispose();
  });
});

describe('weights that are not finite', () => {
  it.each([NaN, Infinity, -Infinity])(
    '%s keeps the stock kernel for that weight, and the others run on ours',
    async (bad) => {
      const model = network((values) => (values[3] = bad));
      const wanted = await predict(model);
      const fast = await accelerate(model);
      expectSame(await predict(model), wanted);
      const [point, top] = fast.layers;
      expect(point).toMatchObject({ kernel: 'stock', reason: 'has weights that are not finite' });
      expect(top.reason).toMatch(/ran/);
      fast.dispose();
      model.dispose();
    },
  );
});

it('inputs that live on another backend are brought over', async () => {
  const model = network();
  const wanted = await predict(model);
  const fast = await accelerate(model);
  await tf.setBackend('cpu');
  const x = tf.tidy(input);
  await tf.setBackend('wasm');
  const y = tf.tidy(() => model.predict(x) as tf.Tensor);
  expectSame(Array.from(await y.data()), wanted);
  fast.dispose();
  tf.dispose([x, y]);
  model.dispose();
});

it('a model that is disposed in the middle of accelerate() is an error or a handle that says so, never a crash', async () => {
  const model = network();
  const stock = registered();
  const started = accelerate(model).then(
    (fast) => fast,
    (error: Error) => error,
  );
  model.dispose();
  const outcome = await started;
  if (outcome instanceof Error) expect(outcome.message).toMatch(/dispose/i);
  else {
    expect(new Set(outcome.layers.map(({ kernel, reason }) => `${kernel}: ${reason}`))).toEqual(
      new Set(['stock: is disposed']),
    );
    outcome.dispose();
  }
  expect(registered()).toEqual(stock);
});

it('a backend that is removed takes everything with it', async () => {
  const model = network();
  const fast = await accelerate(model);
  await predict(model);
  await tf.setBackend('cpu');
  tf.removeBackend('wasm');
  expect(() => fast.dispose()).not.toThrow();
  expect(fast.layers[0]).toMatchObject({ kernel: 'stock', reason: 'the acceleration is disposed' });
});
