import { bitsFrom, makeBits, memoryPlan, prune, roundHalfEven } from '@espalier/core';
import { magnitude } from '@espalier/scorer-magnitude';
import { nm } from '@espalier/strategy-nm';
import { structured } from '@espalier/strategy-structured';
import { unstructured } from '@espalier/strategy-unstructured';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { adaptLayers, type Loss, LOSSES } from './index.js';
import { bytesOf, chain, functional, L, sequential, type Symbolic } from './testing.js';

beforeAll(async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
});
afterEach(() => tf.setBackend('cpu'));

const every = (n: number, length: number) => bitsFrom(length, (i) => i % n === 0);
const dense = (name: string, units: number, rest = {}) => L.dense({ units, name, ...rest });

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

describe('losses', () => {
  const shape: [number, number] = [3, 4];
  const probabilities = [0.1, 0.2, 0.3, 0.4, 0.25, 0.25, 0.4, 0.1, 0.7, 0.1, 0.1, 0.1];
  const meanOf = async (loss: tf.Tensor) => (await tf.mean(loss).data())[0];

  test.each([
    ['meanSquaredError', tfl.metrics.meanSquaredError],
    ['meanAbsoluteError', tfl.metrics.meanAbsoluteError],
    ['categoricalCrossentropy', tfl.metrics.categoricalCrossentropy],
    ['binaryCrossentropy', tfl.metrics.binaryCrossentropy],
  ] as const)('%s is what tfjs-layers computes', async (name, reference) => {
    const y = tf.tensor2d([0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1], shape);
    const p = tf.tensor2d(probabilities, shape);
    expect(await meanOf(LOSSES[name](y, p))).toBeCloseTo(await meanOf(reference(y, p)), 5);
  });

  test('the others, by hand', async () => {
    const values = async (name: keyof typeof LOSSES, y: number[], p: number[]) =>
      Array.from(await LOSSES[name](tf.tensor2d([y]), tf.tensor2d([p])).data(), (v) => Number(v.toFixed(4)));
    const round = (...list: number[]) => list.map((v) => Number(v.toFixed(4)));
    expect(await values('softmaxCrossEntropy', [1, 0], [0, Math.log(3)])).toEqual(round(Math.log(4)));
    expect(await values('sigmoidCrossEntropy', [1, 0], [Math.log(3), 100])).toEqual(round(Math.log(4 / 3), 100));
    expect(await values('logcosh', [0, 0], [1, 200])).toEqual(round(Math.log(Math.cosh(1)), 200 - Math.LN2));
    expect(await values('hinge', [1, -1], [0.25, 0.5])).toEqual([0.75, 1.5]);
    expect(await values('squaredHinge', [1, -1], [0.5, -2])).toEqual([0.25, 0]);
    expect(await values('poisson', [2, 0], [0.5, 3])).toEqual(round(0.5 + 2 * Math.LN2, 3));
    expect(await values('kullbackLeiblerDivergence', [0.5, 0.5], [0.25, 0.75])).toEqual(
      round(0.5 * Math.log(2) + 0.5 * Math.log(2 / 3)),
    );
    expect(await values('categoricalCrossentropy', [0, 1], [1, 0])).toEqual(round(126 * Math.LN2));
  });

  const make = (activation: 'softmax' | 'linear' | 'sigmoid' = 'linear') =>
    sequential(dense('d', 3, { inputShape: [2], activation }));

  test('which loss, and what the output then means', () => {
    const own = (y: tf.Tensor, p: tf.Tensor) => tf.abs(tf.sub(y, p));
    const compiled = make('softmax');
    compiled.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    const layer = sequential(dense('d', 3, { inputShape: [2] }), L.softmax());
    const nested = sequential(tfl.sequential({ layers: [dense('d', 3, { inputShape: [2], activation: 'softmax' })] }));
    const rows: [tfl.LayersModel, Loss | undefined, string | undefined, string][] = [
      [make('softmax'), undefined, 'categoricalCrossentropy', 'probabilities'],
      [layer, undefined, 'categoricalCrossentropy', 'probabilities'],
      [nested, undefined, 'categoricalCrossentropy', 'probabilities'],
      [make(), undefined, undefined, 'linear'],
      [make(), 'softmaxCrossEntropy', 'softmaxCrossEntropy', 'logits'],
      [make('softmax'), 'sparse_categorical_crossentropy', 'sparseCategoricalCrossentropy', 'probabilities'],
      [make('sigmoid'), 'categoricalCrossentropy', 'categoricalCrossentropy', 'other'],
      [make('softmax'), 'meanSquaredError', 'meanSquaredError', 'other'],
      [compiled, undefined, 'meanSquaredError', 'other'],
      [make(), own, 'own', 'other'],
      [make(), (y, p) => tf.sub(y, p), 'custom', 'other'],
    ];
    for (const [model, loss, name, output] of rows) {
      expect(adaptLayers(model, loss === undefined ? {} : { loss })).toMatchObject({ loss: name, output });
      model.dispose();
    }
  });

  test('sparse labels count as their one-hot rows do', async () => {
    const model = make('softmax');
    const prunable = adaptLayers(model, { loss: 'sparseCategoricalCrossentropy' });
    const x = tf.tensor2d([
      [1, 2],
      [3, 4],
    ]);
    const losses = [];
    for (const y of [
      tf.tensor2d([
        [0, 0, 1],
        [1, 0, 0],
      ]),
      tf.tensor1d([2, 0]),
      tf.tensor2d([[2], [0]]),
    ]) {
      const { loss, grads } = await prunable.gradients({ x, y });
      losses.push(loss);
      tf.dispose([grads, y]);
    }
    expect(losses[1]).toBe(losses[0]);
    expect(losses[2]).toBe(losses[0]);
    x.dispose();
    model.dispose();
  });

  test('losses that cannot be', () => {
    const code = (loss: Loss, activation?: 'softmax') => {
      try {
        adaptLayers(make(activation), { loss });
        return undefined;
      } catch (error) {
        return (error as { code: string; name: string }).code;
      }
    };
    expect(code('regret')).toBe('loss-unknown');
    expect(code('toString')).toBe('loss-unknown');
    expect(code('softmaxCrossEntropy', 'softmax')).toBe('loss-output');
    expect(() => adaptLayers(make(), { loss: 'regret' })).toThrow(/'regret'.*meanSquaredError/);
  });
});

describe('bad input leaves no tensor behind', () => {
  const x = () => tf.ones([2, 3]);
  const y = () => tf.ones([2, 2]);
  const simple = () => sequential(dense('d', 2, { inputShape: [3] }));
  const twoOutputs = () => {
    const input = tfl.input({ shape: [3] });
    return functional(input, [chain(input, dense('a', 2)), chain(input, dense('b', 2))]);
  };
  const twoInputs = () => {
    const inputs = [tfl.input({ shape: [3] }), tfl.input({ shape: [3] })];
    return functional(inputs, chain(L.add().apply(inputs) as Symbolic, dense('a', 2)));
  };
  test.each<[string, () => tfl.LayersModel, Loss | undefined, () => tf.Tensor, () => tf.Tensor, string]>([
    ['no loss', simple, undefined, x, y, 'loss-missing'],
    ['another input shape', simple, 'meanSquaredError', () => tf.ones([2, 4]), y, 'data-shape'],
    ['another rank', simple, 'meanSquaredError', () => tf.ones([2, 3, 1]), y, 'data-shape'],
    ['another target shape', simple, 'meanSquaredError', x, () => tf.ones([2, 1]), 'data-shape'],
    ['labels where one-hot rows belong', simple, 'softmaxCrossEntropy', x, () => tf.ones([2]), 'data-shape'],
    ['two outputs', twoOutputs, 'meanSquaredError', x, y, 'model-outputs'],
    ['two inputs', twoInputs, 'meanSquaredError', x, y, 'model-inputs'],
  ])('%s', async (_name, makeModel, loss, makeX, makeY, code) => {
    const model = makeModel();
    const prunable = adaptLayers(model, loss === undefined ? {} : { loss });
    const batch = { x: makeX(), y: makeY() };
    const tensors = tf.memory().numTensors;
    await expect(prunable.gradients(batch)).rejects.toMatchObject({ code });
    expect(tf.memory().numTensors).toBe(tensors);
    tf.dispose(Object.values(batch));
    model.dispose();
  });

  test('a loss that throws', async () => {
    const model = simple();
    const prunable = adaptLayers(model, {
      loss: (yTrue, yPred) => {
        tf.sub(yTrue, yPred);
        throw new Error('no idea');
      },
    });
    const batch = { x: x(), y: y() };
    const tensors = tf.memory().numTensors;
    await expect(prunable.gradients(batch)).rejects.toThrow('no idea');
    expect(tf.memory().numTensors).toBe(tensors);
    const { grads } = await adaptLayers(model, { loss: 'meanSquaredError' }).gradients(batch);
    expect(Object.keys(grads)).toEqual(['d/kernel', 'd/bias']);
    tf.dispose([grads, Object.values(batch)]);
    model.dispose();
  });

  test('a backend without the backward kernels says what to do', async () => {
    const model = sequential(
      L.conv2d({ inputShape: [3, 3, 1], filters: 2, kernelSize: 2, name: 'c' }),
      L.flatten(),
      dense('d', 2, { activation: 'softmax' }),
    );
    await tf.setBackend('wasm');
    const batch = { x: tf.ones([2, 3, 3, 1]), y: y() };
    const tensors = tf.memory().numTensors;
    await expect(adaptLayers(model).gradients(batch)).rejects.toMatchObject({
      name: 'UsageError',
      code: 'kernel-missing',
      message: expect.stringContaining('enableTraining()'),
    });
    expect(tf.memory().numTensors).toBe(tensors);
    tf.dispose(Object.values(batch));
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
