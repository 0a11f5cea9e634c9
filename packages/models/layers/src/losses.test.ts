import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { adaptLayers, type Loss, LOSSES } from './index.js';
import { chain, dense, functional, L, sequential, type Symbolic } from '../testing/build.js';

beforeAll(async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
});

afterEach(() => tf.setBackend('cpu'));

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
