import { bitsFrom, makeBits, memoryPlan, prune, roundHalfEven } from '@espalier/core';
import { magnitude } from '@espalier/scorer-magnitude';
import { nm } from '@espalier/strategy-nm';
import { structured } from '@espalier/strategy-structured';
import { unstructured } from '@espalier/strategy-unstructured';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { adaptLayers } from './index.js';
import { bytesOf, chain, dense, functional, L, sequential, type Symbolic } from '../testing/build.js';

beforeAll(async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
});

afterEach(() => tf.setBackend('cpu'));

const every = (n: number, length: number) => bitsFrom(length, (i) => i % n === 0);

describe('masks', () => {
  const make = () => sequential(dense('a', 4, { inputShape: [3] }), dense('b', 2));

  test('pruned weights are +0, kept ones keep their bits, restore brings all bits back, −0 and NaN too', async () => {
    const model = make();
    const prunable = adaptLayers(model);
    tf.tidy(() =>
      prunable.variable('a/kernel').assign(tf.tensor2d([-0, NaN, 2, -3, 4, -5, 6, 7, 8, 9, -10, 11], [3, 4])),
    );
    const before = await bytesOf(model);
    const tensors = tf.memory().numTensors;
    const handle = await prunable.mask(memoryPlan({ masks: { 'a/kernel': bitsFrom(12, (i) => i > 1) } }));
    const values = await prunable.read('a/kernel');
    expect(Array.from(values.slice(0, 4), (v) => (Object.is(v, 0) ? '+0' : v))).toEqual(['+0', '+0', 2, -3]);
    handle.restore();
    handle.restore();
    expect(await bytesOf(model)).toEqual(before);
    expect(tf.memory().numTensors).toBe(tensors);
    model.dispose();
  });

  test('apply zeroes again after training; restore keeps what training made of the kept weights', async () => {
    const model = make();
    const prunable = adaptLayers(model);
    const original = await prunable.read('b/kernel');
    const handle = await prunable.mask(memoryPlan({ masks: { 'b/kernel': every(2, 8) } }));
    tf.tidy(() => prunable.variable('b/kernel').assign(tf.fill([4, 2], 5)));
    const tensors = tf.memory().numTensors;
    handle.apply();
    expect(tf.memory().numTensors).toBe(tensors);
    expect(Array.from(await prunable.read('b/kernel'))).toEqual([5, 0, 5, 0, 5, 0, 5, 0]);
    handle.restore();
    expect(Array.from(await prunable.read('b/kernel'))).toEqual(
      Array.from(original, (value, i) => (i % 2 === 0 ? 5 : value)),
    );
    model.dispose();
  });

  test('of two masks the later gives back what it took, then the earlier', async () => {
    const model = make();
    const prunable = adaptLayers(model);
    const original = await prunable.read('a/kernel');
    const first = await prunable.mask(memoryPlan({ masks: { 'a/kernel': every(2, 12) } }));
    const second = await prunable.mask(memoryPlan({ masks: { 'a/kernel': every(4, 12) } }));
    const keptBy = (n: number) => Array.from(original, (value, i) => (i % n === 0 ? value : 0));
    expect(Array.from(await prunable.read('a/kernel'))).toEqual(keptBy(4));
    second.restore();
    expect(Array.from(await prunable.read('a/kernel'))).toEqual(keptBy(2));
    first.restore();
    expect(await prunable.read('a/kernel')).toEqual(original);
    model.dispose();
  });

  test('units prune every site', async () => {
    const model = make();
    const prunable = adaptLayers(model);
    await prunable.mask(memoryPlan({ units: { a: bitsFrom(4, (i) => i !== 2) } }));
    const zeros = async (id: string) => Array.from(await prunable.read(id)).flatMap((v, i) => (v === 0 ? [i] : []));
    expect(await zeros('a/kernel')).toEqual([2, 6, 10]);
    expect(await zeros('a/bias')).toEqual([2]);
    expect(await zeros('b/kernel')).toEqual([4, 5]);
    model.dispose();
  });

  test('a handle works on after the backend has changed', async () => {
    const model = make();
    const prunable = adaptLayers(model);
    const before = await bytesOf(model);
    const tensors = tf.memory().numTensors;
    const handle = await prunable.mask(memoryPlan({ masks: { 'a/kernel': every(3, 12) } }));
    await tf.setBackend('wasm');
    tf.tidy(() => prunable.variable('a/kernel').assign(tf.fill([3, 4], 5)));
    handle.apply();
    expect(Array.from(await prunable.read('a/kernel'))).toEqual(
      Array.from({ length: 12 }, (_, i) => (i % 3 === 0 ? 5 : 0)),
    );
    await tf.setBackend('cpu');
    handle.apply();
    handle.restore();
    expect(tf.memory().numTensors).toBe(tensors);
    const after = await bytesOf(model);
    expect({ ...after, 'a/kernel': '' }).toEqual({ ...before, 'a/kernel': '' });
    model.dispose();
  });

  test('gradients are masked, those of other parameters copied', async () => {
    const model = make();
    const handle = await adaptLayers(model).mask(memoryPlan({ masks: { 'a/kernel': every(3, 12) } }));
    const grads = { 'a/kernel': tf.fill([3, 4], -2), 'b/kernel': tf.fill([4, 2], -2) };
    const masked = handle.maskGradients(grads);
    tf.dispose(grads);
    expect(Array.from(await masked['a/kernel'].data())).toEqual(
      Array.from({ length: 12 }, (_, i) => (i % 3 === 0 ? -2 : 0)),
    );
    expect(Array.from(await masked['b/kernel'].data())).toEqual(Array(8).fill(-2));
    tf.dispose(masked);
    handle.restore();
    model.dispose();
  });

  test('made permanent, the zeros stay, and the handle refuses to pretend otherwise', async () => {
    const model = make();
    const prunable = adaptLayers(model);
    const tensors = tf.memory().numTensors;
    const handle = await prunable.mask(memoryPlan({ masks: { 'b/kernel': every(2, 8) } }));
    handle.makePermanent();
    handle.makePermanent();
    handle.restore();
    expect(tf.memory().numTensors).toBe(tensors);
    expect((await prunable.read('b/kernel'))[1]).toBe(0);
    expect(() => handle.apply()).toThrow(expect.objectContaining({ code: 'mask-ended' }));
    expect(() => handle.maskGradients({})).toThrow(expect.objectContaining({ code: 'mask-ended' }));
    model.dispose();
  });

  test.each([
    ['bits of another length', memoryPlan({ masks: { 'a/kernel': makeBits(5) } }), 'plan-mismatch'],
    ['unknown parameters', memoryPlan({ masks: { 'z/kernel': makeBits(5) } }), 'plan-mismatch'],
    ['channels that must stay', memoryPlan({ units: { b: makeBits(2, false) } }), 'group-fixed'],
  ])('%s are refused before anything changes', async (_name, plan, code) => {
    const model = make();
    const before = await bytesOf(model);
    const tensors = tf.memory().numTensors;
    await expect(adaptLayers(model).mask(plan)).rejects.toMatchObject({ name: 'InputError', code });
    expect(tf.memory().numTensors).toBe(tensors);
    expect(await bytesOf(model)).toEqual(before);
    model.dispose();
  });
});

describe('pruning as a whole', () => {
  const make = () =>
    sequential(
      L.conv2d({ inputShape: [6, 6, 4], filters: 8, kernelSize: 3, activation: 'relu', name: 'c' }),
      L.flatten({ name: 'f' }),
      dense('d', 4, { activation: 'softmax' }),
    );

  test.each([
    ['unstructured', unstructured()],
    ['2:4', nm()],
    ['structured', structured()],
  ] as const)('%s: exact counts, no leak, restored to the bit', async (_name, strategy) => {
    const model = make();
    const prunable = adaptLayers(model);
    const [before, tensors] = [await bytesOf(model), tf.memory().numTensors];
    const result = await prune(prunable, { scorer: magnitude(), strategy });
    if (result.channels) expect(result.channels).toEqual({ total: 8, kept: 4 });
    else {
      const kept = result.layers.reduce((sum, layer) => sum + layer.kept, 0);
      expect(kept).toBe(result.params.prunable - roundHalfEven(0.5 * result.params.prunable));
    }
    result.handle.restore();
    expect(await bytesOf(model)).toEqual(before);
    expect(tf.memory().numTensors).toBe(tensors);
    model.dispose();
  });

  test('several outputs, several inputs and nested models are pruned weight by weight', async () => {
    const inputs = [tfl.input({ shape: [3] }), tfl.input({ shape: [3] })];
    const inner = tfl.sequential({ name: 'inner', layers: [dense('hidden', 3, { inputShape: [6] })] });
    const joined = inner.apply(L.concatenate().apply(inputs)) as Symbolic;
    const model = functional(inputs, [chain(joined, dense('one', 1)), chain(joined, dense('two', 2))]);
    const result = await prune(adaptLayers(model), { scorer: magnitude(), strategy: unstructured() });
    expect(result.layers.map(({ id }) => id)).toEqual(['hidden/kernel', 'one/kernel', 'two/kernel']);
    expect(result.macs).toEqual({ dense: 27, kept: 13 });
    model.dispose();
  });

  test('predict gives one tensor, and dispose frees the model', async () => {
    const start = tf.memory().numTensors;
    const prunable = adaptLayers(make());
    const x = tf.ones([70, 6, 6, 4]);
    const tensors = tf.memory().numTensors;
    const [output, reference] = [prunable.predict(x), prunable.model.predict(x) as tf.Tensor];
    expect(tf.memory().numTensors).toBe(tensors + 2);
    const [a, b] = [await output.data(), await reference.data()];
    a.forEach((value, i) => expect(value).toBeCloseTo(b[i], 6));
    tf.dispose([x, output, reference]);
    prunable.dispose();
    expect(tf.memory().numTensors).toBe(start);
  });
});
