import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { seededRandom } from '@espalier/core';
import { enableTraining } from '../training/index.js';
import { accelerate } from '../index.js';
import { supportedBuilds } from '../kernels/instance.js';

tf.env().set('PROD', true);

const KERNELS = ['Conv2D', 'FusedConv2D', 'BatchMatMul', '_FusedMatMul'];

const registered = () => KERNELS.map((name) => tf.getKernel(name, 'wasm'));

/** The very same kernels. */
const isStock = (stock: tf.KernelConfig[]) => registered().every((kernel, i) => kernel === stock[i]);

interface Emscripten {
  _malloc(bytes: number): number;
  _free(offset: number): void;
  asm?: { memory?: WebAssembly.Memory };
}

const emscripten = () => (tf.backend() as unknown as { wasm: Emscripten }).wasm;

/** 1×1, 3×3 with stride, and dense; three quarters of the weights are zero. */
function network(): tfl.LayersModel {
  const { layers } = tfl;
  const model = tfl.sequential({
    layers: [
      layers.conv2d({ filters: 24, kernelSize: 1, activation: 'relu', inputShape: [12, 12, 8], name: 'point' }),
      layers.depthwiseConv2d({ kernelSize: 3, padding: 'same', name: 'depth' }),
      layers.conv2d({ filters: 16, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu', name: 'patch' }),
      layers.flatten(),
      layers.dense({ units: 10, activation: 'softmax', name: 'top' }),
    ],
  });
  const random = seededRandom(7);
  const weights = model.getWeights().map((w) => {
    const values = Float32Array.from({ length: w.size }, () => (random() < 0.75 && w.rank > 1 ? 0 : random() - 0.5));
    return tf.tensor(values, w.shape);
  });
  model.setWeights(weights);
  tf.dispose(weights);
  return model;
}

const input = (seed = 1) => {
  const random = seededRandom(seed);
  return tf.tensor4d(Float32Array.from({ length: 2 * 144 * 8 }, random), [2, 12, 12, 8]);
};

async function predict(model: tfl.LayersModel): Promise<number[]> {
  const y = tf.tidy(() => model.predict(input()) as tf.Tensor);
  const values = Array.from(await y.data());
  y.dispose();
  return values;
}

function expectClose(got: number[], wanted: number[]): void {
  expect(got.length).toBe(wanted.length);
  got.forEach((v, i) => expect(Math.abs(v - wanted[i])).toBeLessThanOrEqual(1e-5));
}

/** Pieces of WebAssembly memory that were taken since and not given back. */
function watchMemory(): () => number {
  const module = emscripten();
  const { _malloc, _free } = module;
  const held = new Set<number>();
  module._malloc = (bytes) => {
    const offset = _malloc(bytes);
    held.add(offset);
    return offset;
  };
  module._free = (offset) => {
    held.delete(offset);
    _free(offset);
  };
  return () => {
    Object.assign(module, { _malloc, _free });
    return held.size;
  };
}

beforeEach(() => tf.setBackend('wasm'));

describe('accelerate', () => {
  it('changes how a model runs, not what it answers, and is undone', async () => {
    const model = network();
    const stock = registered();
    const wanted = await predict(model);
    const tensors = tf.memory().numTensors;
    const held = watchMemory();
    const fast = await accelerate(model);
    expect(fast.build).toBe(supportedBuilds()[0]);
    expect(fast.layers.map(({ reason }) => reason)).toEqual(
      Array(4).fill('no convolution or matrix product has used it yet'),
    );
    expectClose(await predict(model), wanted);
    expectClose(await predict(model), wanted);
    const layers = Object.fromEntries(fast.layers.map((layer) => [layer.id, layer]));
    expect(Object.keys(layers)).toEqual(['point/kernel', 'depth/depthwise_kernel', 'patch/kernel', 'top/kernel']);
    for (const id of ['point/kernel', 'patch/kernel', 'top/kernel']) {
      expect(layers[id].reason).toMatch(/^[a-z\d-]+ ran [\d.]+× as fast as the stock kernel on \d+ pixels$/);
      expect(layers[id].sparsity).toBeCloseTo(0.75, 1);
    }
    expect(layers['depth/depthwise_kernel']).toMatchObject({
      kernel: 'stock',
      reason: expect.stringMatching(/has used it/),
    });
    expect(tf.memory().numTensors).toBe(tensors);
    fast.dispose();
    fast.dispose();
    expect(held()).toBe(0);
    expect(isStock(stock)).toBe(true);
    expect(Object.hasOwn(tf.backend(), 'disposeData')).toBe(false);
    expect(fast.layers[0]).toMatchObject({ kernel: 'stock', reason: 'the acceleration is disposed' });
    expectClose(await predict(model), wanted);
    model.dispose();
  });

  it('takes no more memory however often a model runs', async () => {
    const model = network();
    const fast = await accelerate(model);
    await predict(model);
    const held = watchMemory();
    const { memory } = emscripten().asm!;
    const bytes = memory!.buffer.byteLength;
    for (let i = 0; i < 300; i++) tf.tidy(() => void model.predict(input()));
    expect(memory!.buffer.byteLength).toBe(bytes);
    expect(held()).toBe(0);
    fast.dispose();
    model.dispose();
  });

  it('notices weights that are assigned to', async () => {
    const model = network();
    const fast = await accelerate(model);
    await predict(model);
    const [kernel] = model.getLayer('patch').getWeights();
    tf.tidy(() =>
      model.getLayer('patch').setWeights([tf.mul(kernel, 2), ...model.getLayer('patch').getWeights().slice(1)]),
    );
    expect(fast.layers.find(({ id }) => id === 'patch/kernel')).toMatchObject({
      kernel: 'stock',
      reason: 'was assigned to since; call accelerate() again',
    });
    const got = await predict(model);
    fast.dispose();
    expectClose(got, await predict(model));
    model.dispose();
  });

  it('frees what it holds of a model that is disposed', async () => {
    const model = network();
    const fast = await accelerate(model);
    await predict(model);
    model.dispose();
    expect(new Set(fast.layers.map(({ reason }) => reason))).toEqual(new Set(['is disposed']));
    fast.dispose();
    await expect(accelerate(model)).rejects.toMatchObject({ code: 'disposed', where: 'point/kernel' });
  });

  it('gives way when the backend is switched, and says so', async () => {
    const model = network();
    const wanted = await predict(model);
    const fast = await accelerate(model);
    await predict(model);
    await tf.setBackend('cpu');
    expectClose(await predict(model), wanted);
    await expect(accelerate(model)).rejects.toMatchObject({ code: 'backend', found: 'cpu' });
    await tf.setBackend('wasm');
    expectClose(await predict(model), wanted);
    expect(fast.layers[0]).toMatchObject({
      kernel: 'stock',
      reason: 'was moved to another backend; call accelerate() again',
    });
    fast.dispose();
    model.dispose();
  });

  it('takes weights that live on another backend until they are used', async () => {
    await tf.setBackend('cpu');
    const b = tf.tensor2d(new Float32Array(64).fill(1), [8, 8]);
    await tf.setBackend('wasm');
    const fast = await accelerate({ weights: { b } });
    const y = tf.tidy(() => tf.matMul(tf.ones([30, 8]), b));
    expect(new Set(await y.data())).toEqual(new Set([8]));
    expect(fast.layers[0].reason).toMatch(/ran/);
    fast.dispose();
    tf.dispose([b, y]);
  });

  it('leaves weights alone that are not finite, or have too few zeros', async () => {
    const weights = { a: tf.tensor2d([1, NaN, 0, 0], [2, 2]), b: tf.tensor2d([1, 2, 3, 0], [2, 2]), c: [tf.ones([3])] };
    const fast = await accelerate({ weights }, { minSparsity: 0.5 });
    expect(fast.layers).toEqual([
      { id: 'a', kernel: 'stock', sparsity: 0.5, reason: 'has weights that are not finite' },
      { id: 'b', kernel: 'stock', sparsity: 0.25, reason: 'has fewer zeros than minSparsity 0.5' },
    ]);
    const y = tf.tidy(() => tf.matMul(tf.ones([1, 2]), weights.a as tf.Tensor2D));
    expect(Array.from(await y.data())).toEqual([1, NaN]);
    fast.dispose();
    tf.dispose([weights.a, weights.b, ...weights.c, y]);
  });

  it('serves two callers of one model until both are done', async () => {
    const model = network();
    const stock = registered();
    const [one, two] = await Promise.all([accelerate(model), accelerate(model)]);
    await predict(model);
    one.dispose();
    expect(isStock(stock)).toBe(false);
    expect(two.layers[0].reason).toMatch(/ran/);
    two.dispose();
    expect(isStock(stock)).toBe(true);
    model.dispose();
  });

  it.each([true, false])('goes with enableTraining() (undone first: %s)', async (first) => {
    const model = network();
    const stock = registered();
    const wanted = await predict(model);
    const disable = enableTraining();
    const fast = await accelerate(model);
    expectClose(await predict(model), wanted);
    for (const undo of first ? [disable, fast.dispose, enableTraining()] : [fast.dispose, disable]) undo();
    expectClose(await predict(model), wanted);
    if (!first) expect(isStock(stock)).toBe(true);
    model.dispose();
  });

  it('has the gradients of the stock kernels', async () => {
    const values = Float32Array.from({ length: 40 }, (_, i) => (i % 3 === 0 ? i / 40 : 0));
    const b = tf.tensor2d(values, [8, 5]);
    const gradient = () =>
      tf.tidy(() => tf.grad((x) => tf.sum(tf.square(tf.matMul(x as tf.Tensor2D, b))))(tf.ones([30, 8])));
    const wanted = gradient();
    const fast = await accelerate({ weights: { b } });
    const got = gradient();
    expectClose(Array.from(await got.data()), Array.from(await wanted.data()));
    fast.dispose();
    tf.dispose([b, wanted, got]);
  });
});

describe('accelerate refuses', () => {
  it('an engine without SIMD, by changing nothing', async () => {
    const model = network();
    const stock = registered();
    const validate = jest.spyOn(WebAssembly, 'validate').mockReturnValue(false);
    const none = await accelerate(model);
    validate.mockRestore();
    expect(none.build).toBeUndefined();
    expect(none.layers[0]).toMatchObject({ kernel: 'stock', reason: 'this engine has no WebAssembly SIMD' });
    expect(isStock(stock)).toBe(true);
    none.dispose();
    model.dispose();
  });

  it('a TensorFlow.js whose inside has moved', async () => {
    const model = network();
    const stock = registered();
    const module = emscripten() as unknown as Record<string, unknown>;
    for (const name of ['asm', '_malloc', 'HEAPU8']) {
      const value = module[name];
      module[name] = undefined;
      await expect(accelerate(model)).rejects.toMatchObject({ code: 'tfjs-internals', wanted: '4.22' });
      module[name] = value;
    }
    expect(isStock(stock)).toBe(true);
    model.dispose();
  });

  it.each([-0.1, 1.5, NaN, 'half' as unknown as number])('minSparsity %s', async (minSparsity) => {
    await expect(accelerate({ weights: {} }, { minSparsity })).rejects.toMatchObject({ code: 'min-sparsity' });
  });

  it('what is no model', async () => {
    await expect(accelerate({} as never)).rejects.toMatchObject({ code: 'no-weights' });
  });
});
