import '@tensorflow/tfjs-backend-cpu';
import { tinyNetwork } from '@espalier/conformance';
import { bitsFrom, memoryPlan } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { cosine, fineTune, type FineTuneOptions, type Progress } from './index.js';
import { data, ONE_STEP, wholeGradients } from '../testing/data.js';
import { plan, IDS, weightsOf, checkZeros, withModel } from '../testing/fine-tuned.js';

beforeAll(() => tf.setBackend('cpu'));

test('one step of SGD by hand: w − lr·g, and 0 where pruned', () =>
  withModel(async (model) => {
    const handle = await model.mask(plan);
    const before = await weightsOf(model);
    const [loss, gradients] = await wholeGradients(model, IDS);
    const result = await fineTune(model, { ...ONE_STEP, handles: [handle] });
    expect(result.steps).toBe(1);
    expect(result.losses).toHaveLength(1);
    expect(result.losses[0]).toBeCloseTo(loss, 5);
    const after = await weightsOf(model);
    for (const [k, id] of IDS.entries()) {
      const pruned = (i: number) => (id === IDS[0] && i % 3 === 0) || (id === IDS[2] && i % 2 === 0);
      after[k].forEach((w, i) =>
        pruned(i) ? expect(w).toBe(0) : expect(w).toBeCloseTo(before[k][i] - 0.5 * gradients[k][i], 5),
      );
    }
    handle.restore();
  }));

test('it learns, and pruned weights and their Adam moments stay +0', () =>
  withModel(async (model) => {
    const handle = await model.mask(plan);
    let adam!: tf.Optimizer;
    let moments: Awaited<ReturnType<tf.Optimizer['getWeights']>> = [];
    let copies: Map<string, ArrayLike<number>>;
    const { losses } = await fineTune(model, {
      data,
      epochs: 20,
      batchSize: 8,
      learningRate: 0.05,
      optimizer: (rate) => (adam = tf.train.adam(rate)),
      handles: [handle],
      async onEpoch() {
        const iterations = (moments = await adam.getWeights()).shift()!;
        iterations.tensor.dispose();
        copies = new Map(
          await Promise.all(moments.map(async (m) => [m.name, (await m.tensor.data()).slice()] as const)),
        );
      },
    });
    expect(losses).toHaveLength(20);
    expect(losses[19]).toBeLessThan(losses[0] / 4);
    const [hidden, , out] = await weightsOf(model);
    await checkZeros(hidden, (i) => i % 3 === 0);
    await checkZeros(out, (i) => i % 2 === 0);
    for (const moment of ['m', 'v']) {
      await checkZeros(copies!.get(`${model.variable('hidden/kernel').name}/${moment}`)!, (i) => i % 3 === 0);
      await checkZeros(copies!.get(`${model.variable('out/kernel').name}/${moment}`)!, (i) => i % 2 === 0);
    }
    expect(moments.every(({ tensor }) => tensor.isDisposed)).toBe(true);
    handle.makePermanent();
  }));

test('masks on top of masks, weights and channels', () =>
  withModel(async (model) => {
    const channels = memoryPlan({ units: { hidden: bitsFrom(6, (i) => i !== 2) } });
    const handles = [await model.mask(plan), await model.mask(channels)];
    await fineTune(model, { data, epochs: 2, batchSize: 10, handles });
    const [hidden, bias, out] = await weightsOf(model);
    await checkZeros(hidden, (i) => i % 3 === 0 || i % 6 === 2);
    await checkZeros(bias, (i) => i === 2);
    await checkZeros(out, (i) => i % 2 === 0 || Math.floor(i / 3) === 2);
    handles.forEach((h) => h.makePermanent());
  }));

test('a seed fixes every byte; another one does not', async () => {
  const run = async (seed: number) => {
    const model = tinyNetwork();
    await fineTune(model, { data, epochs: 2, batchSize: 7, seed });
    const weights = await weightsOf(model);
    model.dispose();
    return weights;
  };
  expect(await run(3)).toEqual(await run(3));
  expect(await run(4)).not.toEqual(await run(3));
});

test('frozen weights stay as they are', () =>
  withModel(
    async (model) => {
      const before = await weightsOf(model);
      await fineTune(model, { data, epochs: 1 });
      const after = await weightsOf(model);
      expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
      expect(after[2]).not.toEqual(before[2]);
    },
    (m) => ({ params: m.params.map((p) => ({ ...p, trainable: p.id.startsWith('out') })) }),
  ));

test('progress counts steps over all epochs', () =>
  withModel(async (model) => {
    const seen: Progress[] = [];
    const ends: number[] = [];
    const { losses } = await fineTune(model, {
      data,
      epochs: 2,
      batchSize: 12,
      onProgress: (p) => seen.push(p),
      onEpoch: ({ epoch, loss }) => void ends.push(epoch, loss),
    });
    expect(seen.map(({ epoch, step }) => [epoch, step])).toEqual([1, 1, 1, 2, 2, 2].map((e, i) => [e, i + 1]));
    expect(seen.every(({ epochs, steps }) => epochs === 2 && steps === 6)).toBe(true);
    expect([seen[2].loss, seen[5].loss]).toEqual(losses);
    expect(ends).toEqual([1, losses[0], 2, losses[1]]);
    expect(seen[5].remainingMs).toBe(0);
    expect(seen.every((p, i) => i === 0 || p.elapsedMs >= seen[i - 1].elapsedMs)).toBe(true);
  }));

describe('learning rate', () => {
  test('half a cosine, by hand', () => {
    const rate = cosine(1, 0.2);
    expect(rate(0)).toBeCloseTo(1, 12);
    expect(rate(1 / 3)).toBeCloseTo(0.8, 12);
    expect(rate(0.5)).toBeCloseTo(0.6, 12);
    expect(rate(1)).toBeCloseTo(0.2, 12);
  });

  test.each([
    ['adam', tf.train.adam],
    ['sgd', tf.train.sgd],
    ['momentum', (rate: number) => tf.train.momentum(rate, 0.9)],
    ['rmsprop', tf.train.rmsprop],
  ])('a schedule reaches %s', (_, make) =>
    withModel(async (model) => {
      const asked: number[] = [];
      let optimizer!: tf.Optimizer;
      const used: number[] = [];
      await fineTune(model, {
        data,
        epochs: 2,
        batchSize: 15,
        learningRate: (progress) => (asked.push(progress), 1 - progress / 2),
        optimizer: (rate) => (optimizer = make(rate)),
        onProgress: () => void used.push(optimizer.getConfig().learningRate as number),
      });
      expect(asked).toEqual([0, 0, 0.25, 0.5, 0.75]);
      expect(used).toEqual([1, 0.875, 0.75, 0.625]);
    }),
  );

  test('a rate of half moves SGD half as far', async () => {
    const moved = async (learningRate: FineTuneOptions['learningRate']) => {
      const model = tinyNetwork();
      const before = await model.read('out/bias');
      await fineTune(model, { data, epochs: 1, batchSize: 30, learningRate, optimizer: () => tf.train.sgd(99) });
      const after = await model.read('out/bias');
      model.dispose();
      return after[0] - before[0];
    };
    expect(await moved(() => 0.1)).toBeCloseTo((await moved(0.2)) / 2, 6);
  });
});
