import '@tensorflow/tfjs-backend-cpu';
import { tinyNetwork } from '@espalier/conformance';
import { bitsFrom, type MaskHandle, memoryPlan, type PrunableModel } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { cosine, fineTune, type FineTuneOptions, type Progress } from './index.js';
import { data, labels, ONE_STEP, wholeGradients } from './testing.js';

beforeAll(() => tf.setBackend('cpu'));

const plan = memoryPlan({
  masks: { 'hidden/kernel': bitsFrom(24, (i) => i % 3 !== 0), 'out/kernel': bitsFrom(18, (i) => i % 2 !== 0) },
});
const IDS = ['hidden/kernel', 'hidden/bias', 'out/kernel', 'out/bias'];
const weightsOf = (model: PrunableModel) => Promise.all(IDS.map((id) => model.read(id)));
const plusZero = (v: number) => Object.is(v, 0);

async function checkZeros(values: ArrayLike<number>, pruned: (i: number) => boolean, expectRest = true) {
  const all = Array.from(values);
  expect(all.filter((_, i) => pruned(i)).every(plusZero)).toBe(true);
  if (expectRest) expect(all.filter((_, i) => !pruned(i)).some((v) => v !== 0)).toBe(true);
}

/** Runs on a fresh network and checks that nothing leaks. */
async function withModel(
  body: (model: PrunableModel) => Promise<void>,
  change: (m: PrunableModel) => object = () => ({}),
) {
  const before = tf.memory().numTensors;
  const model = tinyNetwork();
  await body({ ...model, ...change(model) });
  model.dispose();
  expect(tf.memory().numTensors).toBe(before);
}

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

describe('when it ends early, masks are in force and nothing leaks', () => {
  const run = (
    options: Partial<FineTuneOptions>,
    expected: object,
    change?: (m: PrunableModel) => Partial<PrunableModel>,
  ) =>
    withModel(async (model) => {
      const handle = await model.mask(plan);
      let optimizer!: tf.Optimizer;
      const spied = jest.fn();
      const error: unknown = await fineTune(model, {
        data,
        epochs: 3,
        batchSize: 10,
        handles: [handle],
        optimizer(rate) {
          optimizer = tf.train.adam(rate);
          const dispose = optimizer.dispose.bind(optimizer);
          optimizer.dispose = () => (spied(), dispose());
          return optimizer;
        },
        ...options,
      }).then(
        () => undefined,
        (e: unknown) => e,
      );
      expect(error).toMatchObject(expected);
      expect(spied).toHaveBeenCalledTimes(1);
      const [hidden, , out] = await weightsOf(model);
      await checkZeros(hidden, (i) => i % 3 === 0);
      await checkZeros(out, (i) => i % 2 === 0);
      handle.restore();
    }, change);

  test('by a signal, with its reason', async () => {
    const controller = new AbortController();
    const steps: number[] = [];
    await run(
      {
        signal: controller.signal,
        onProgress: ({ step }) => (steps.push(step), step === 4 && controller.abort(new Error('enough'))),
      },
      { message: 'enough' },
    );
    expect(steps).toEqual([1, 2, 3, 4]);
  });

  test('by an error in a callback', () =>
    run({ onEpoch: () => Promise.reject(new Error('disk full')) }, { message: 'disk full' }));

  test('by a NaN loss', () => {
    let call = 0;
    return run(
      {},
      { name: 'InputError', code: 'loss-diverged', where: 'epoch 2 of 3, step 5 of 9', found: 'NaN' },
      (m) => ({
        gradients: async (batch) => {
          const { loss, grads } = await m.gradients(batch);
          return { loss: ++call === 5 ? NaN : loss, grads };
        },
      }),
    );
  });

  test('by a weight that overflows in the last step', () =>
    run(
      { epochs: 1, batchSize: 30 },
      { code: 'loss-diverged', message: expect.stringMatching(/a weight of 'out\/bias' is .*smaller learning rate/) },
      (m) => ({
        async gradients(batch) {
          const { loss, grads } = await m.gradients(batch);
          grads['out/bias'].dispose();
          return { loss, grads: { ...grads, 'out/bias': tf.tensor1d([0, Infinity, 0]) } };
        },
      }),
    ));
});

test('data can be drawn for each epoch', () =>
  withModel(async (model) => {
    const drawn: number[] = [];
    const draw = (epoch: number) => (drawn.push(epoch), data);
    const { losses } = await fineTune(model, { data: draw, epochs: 3, batchSize: 10 });
    expect(drawn).toEqual([1, 2, 3]);
    const again = tinyNetwork();
    expect((await fineTune(again, { data, epochs: 3, batchSize: 10 })).losses).toEqual(losses);
    again.dispose();
    const shorter = { ...data, x: data.x.subarray(0, 40), y: labels.subarray(0, 10), size: 10 };
    const uneven = fineTune(model, { data: (epoch) => (epoch === 2 ? shorter : data), epochs: 3 });
    await expect(uneven).rejects.toMatchObject({ name: 'InputError', code: 'data-invalid', where: 'epoch 2' });
  }));

test('no epoch, no change', () =>
  withModel(async (model) => {
    const before = await weightsOf(model);
    expect(await fineTune(model, { data, epochs: 0 })).toEqual({ losses: [], steps: 0 });
    expect(await weightsOf(model)).toEqual(before);
  }));

test.each([
  [{ epochs: -1 }, 'UsageError', 'epochs'],
  [{ epochs: 1.5 }, 'UsageError', 'epochs'],
  [{ epochs: undefined as unknown as number }, 'UsageError', 'epochs'],
  [{ learningRate: 0 }, 'UsageError', 'learning-rate'],
  [{ learningRate: () => NaN }, 'UsageError', 'learning-rate'],
  [{ batchSize: 0 }, 'UsageError', 'batch-size'],
  [{ seed: 0.5 }, 'UsageError', 'seed'],
  [{ inputShape: [5] }, 'InputError', 'data-shape'],
  [{ data: { ...data, size: 31 } }, 'InputError', 'data-invalid'],
] as [Partial<FineTuneOptions>, string, string][])('%j is refused before anything is trained', (bad, name, code) =>
  withModel(async (model) => {
    const before = await weightsOf(model);
    await expect(fineTune(model, { data, epochs: 1, ...bad })).rejects.toMatchObject({ name, code });
    expect(await weightsOf(model)).toEqual(before);
  }),
);

test('a frozen model says so', () =>
  withModel(
    async (model) => {
      const training = fineTune(model, { data, epochs: 1 });
      await expect(training).rejects.toMatchObject({ name: 'UsageError', code: 'nothing-trainable' });
    },
    (m) => ({ params: m.params.map((p) => ({ ...p, trainable: false })) }),
  ));

test('a handle that was ended leaves no mask behind', () =>
  withModel(async (model) => {
    const handle: MaskHandle = await model.mask(plan);
    handle.restore();
    const before = await model.read('out/kernel');
    await fineTune(model, { data, epochs: 1, handles: [handle] });
    const after = await model.read('out/kernel');
    expect(after.every((w, i) => w !== 0 && w !== before[i])).toBe(true);
  }));
