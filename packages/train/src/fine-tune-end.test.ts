import '@tensorflow/tfjs-backend-cpu';
import { tinyNetwork } from '@espalier/conformance';
import { type MaskHandle, type PrunableModel } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { fineTune, type FineTuneOptions } from './index.js';
import { data, labels } from '../testing/data.js';
import { plan, weightsOf, checkZeros, withModel } from '../testing/fine-tuned.js';

beforeAll(() => tf.setBackend('cpu'));

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
