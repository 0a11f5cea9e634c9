import '@tensorflow/tfjs-backend-cpu';
import { describeScorer, tinyNetwork, type TinyWeights } from '@espalier/conformance';
import type { Batch, PrunableModel } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { gradient } from './gradient.js';

beforeAll(() => tf.setBackend('cpu'));

describeScorer('gradient', () => gradient());

/** Batches of `size` rows, disposed when the next one is asked for. */
function batchesOf(x: number[][], y: number[][], size: number): () => AsyncIterable<Batch> {
  return async function* () {
    for (let at = 0; at < x.length; at += size) {
      const batch = { x: tf.tensor2d(x.slice(at, at + size)), y: tf.tensor2d(y.slice(at, at + size)) };
      try {
        yield batch;
      } finally {
        tf.dispose([batch.x, batch.y]);
      }
    }
  };
}
const x = [
  [0.2, -1, 0.5, 1],
  [1, 0.3, -0.7, 0.1],
  [-0.4, 0.8, 0.9, -1],
  [0.6, 0.6, -0.2, 0.3],
  [-1, -0.5, 0.4, 0.7],
];
const y = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
  [0, 1, 0],
  [1, 0, 0],
];

/*
 * One input, two hidden units, two classes; W₁ = [1, −1], b₁ = 0, W₂ = [[1, 0], [0, 1]], b₂ = 0.
 * Sample x = ½, class 0. With t = tanh ½ = 0.46211716:
 *   h = [t, −t], logits = [t, −t], p₀ = 1 / (1 + e^(−2t)) = σ(0.92423432) = 0.71590613, d = p − y = [−q, q], q = 1 − p₀.
 *   ∂W₂ = hᵀd = [[−tq, tq], [tq, −tq]]; ∂b₂ = [−q, q].
 *   back = d·W₂ᵀ = [−q, q]; through tanh: [−qs, qs] with s = 1 − t². ∂W₁ = ½·[−qs, qs]; ∂b₁ = [−qs, qs].
 * So |w·g|: W₁ = [½qs, ½qs]; b₁ = 0; W₂ = [[tq, 0], [0, tq]]; b₂ = 0.
 * Unit 0 of 'hidden' owns W₁[0], b₁[0] and row 0 of W₂: w·g = −½qs + 0 − tq + 0. Unit 1 has the same sum.
 */
const weights: TinyWeights = {
  hiddenKernel: [[1, -1]],
  hiddenBias: [0, 0],
  outKernel: [
    [1, 0],
    [0, 1],
  ],
  outBias: [0, 0],
};
const t = Math.tanh(0.5);
const q = 1 - 1 / (1 + Math.exp(-2 * t));
const s = 1 - t * t;

const scoresOf = (model: PrunableModel, batches: () => AsyncIterable<Batch>) => gradient().score({ model, batches });
const close = (a: Float32Array, b: number[]) => {
  expect(a).toHaveLength(b.length);
  b.forEach((value, i) => expect(a[i]).toBeCloseTo(value, 6));
};

describe('by hand', () => {
  test('|w·g| of every parameter, (Σ w·g)² of every unit', async () => {
    const model = tinyNetwork({ weights });
    const scores = await scoresOf(model, batchesOf([[0.5]], [[1, 0]], 1));
    expect(scores.params).toEqual(['hidden/kernel', 'hidden/bias', 'out/kernel', 'out/bias']);
    close(await scores.read('hidden/kernel'), [0.5 * q * s, 0.5 * q * s]);
    close(await scores.read('hidden/bias'), [0, 0]);
    close(await scores.read('out/kernel'), [t * q, 0, 0, t * q]);
    close(await scores.readGroup!('hidden'), [(0.5 * q * s + t * q) ** 2, (0.5 * q * s + t * q) ** 2]);
    close(await scores.readGroup!('out'), [(t * q) ** 2, (t * q) ** 2]);
    expect(scores.backend).toBe('cpu');
    model.dispose();
  });

  test('gradients that cancel over the data leave nothing', async () => {
    // x = 0 makes h = 0 and p = ½: only b₂ has a gradient, −½ and ½ for one label, the opposite for the other.
    const model = tinyNetwork({ weights: { ...weights, outBias: [3, 3] } });
    const one = await scoresOf(model, batchesOf([[0]], [[1, 0]], 1));
    close(await one.read('out/bias'), [1.5, 1.5]);
    const both = await scoresOf(
      model,
      batchesOf(
        [[0], [0]],
        [
          [1, 0],
          [0, 1],
        ],
        1,
      ),
    );
    close(await both.read('out/bias'), [0, 0]);
    model.dispose();
  });
});

test('law: batch size does not matter, a short last batch included', async () => {
  const model = tinyNetwork();
  const whole = await scoresOf(model, batchesOf(x, y, 5));
  for (const size of [1, 2, 3]) {
    const cut = await scoresOf(model, batchesOf(x, y, size));
    for (const id of whole.params) close(await cut.read(id), [...(await whole.read(id))]);
    close(await cut.readGroup!('hidden'), [...(await whole.readGroup!('hidden'))]);
  }
  model.dispose();
});

test('what it scored stays scored when the weights change', async () => {
  const model = tinyNetwork();
  const scores = await scoresOf(model, batchesOf(x, y, 5));
  const before = await scores.read('out/kernel');
  model.variable('out/kernel').assign(tf.zeros([6, 3]));
  expect(await scores.read('out/kernel')).toEqual(before);
  model.dispose();
});

test('parameters without a gradient get no opinion', async () => {
  const model = tinyNetwork();
  const partial: PrunableModel = {
    ...model,
    async gradients(batch) {
      const { loss, grads } = await model.gradients(batch);
      const { 'hidden/kernel': kernel, 'hidden/bias': bias, ...rest } = grads;
      tf.dispose([kernel, bias]);
      return { loss, grads: rest };
    },
  };
  const tensors = tf.memory().numTensors;
  const scores = await scoresOf(partial, batchesOf(x, y, 2));
  expect(tf.memory().numTensors).toBe(tensors);
  expect(scores.params).toEqual(['out/kernel', 'out/bias']);
  await expect(scores.read('hidden/kernel')).rejects.toMatchObject({ code: 'score-param', where: 'hidden/kernel' });
  await expect(scores.readGroup!('nowhere')).rejects.toMatchObject({ code: 'score-param', where: 'nowhere' });
  model.dispose();
});

test('frozen parameters are scored like others', async () => {
  const model = tinyNetwork();
  const frozen = { ...model, params: model.params.map((p) => ({ ...p, trainable: false })) };
  const [expected, scores] = [await scoresOf(model, batchesOf(x, y, 2)), await scoresOf(frozen, batchesOf(x, y, 2))];
  for (const { id } of model.params) expect(await scores.read(id)).toEqual(await expected.read(id));
  model.dispose();
});

describe('bad input leaves no tensor behind', () => {
  const run = async (change: (model: PrunableModel) => PrunableModel, batches = batchesOf(x, y, 2)) => {
    const model = tinyNetwork();
    const tensors = tf.memory().numTensors;
    const error: unknown = await scoresOf(change(model), batches).then(
      () => undefined,
      (e: unknown) => e,
    );
    expect(tf.memory().numTensors).toBe(tensors);
    model.dispose();
    return error;
  };

  test('no sample', async () => {
    expect(await run((m) => m, batchesOf([], [], 1))).toMatchObject({ name: 'InputError', code: 'data-empty' });
  });

  test('a source that fails midway', async () => {
    const failing = async function* () {
      yield* batchesOf(x, y, 2)();
      throw new Error('disk gone');
    };
    expect(await run((m) => m, failing)).toMatchObject({ message: 'disk gone' });
  });

  test('a NaN loss names its batch', async () => {
    let call = 0;
    const error = await run((m) => ({
      ...m,
      gradients: async (b) => ({ ...(await m.gradients(b)), loss: call++ === 1 ? NaN : 1 }),
    }));
    expect(error).toMatchObject({ name: 'InputError', code: 'loss-not-finite', where: 'calibration batch 1' });
  });

  test('a NaN gradient names its parameter', async () => {
    const error = await run((m) => ({
      ...m,
      async gradients(b) {
        const { loss, grads } = await m.gradients(b);
        grads['out/bias'].dispose();
        return { loss, grads: { ...grads, 'out/bias': tf.tensor1d([0, NaN, 0]) } };
      },
    }));
    expect(error).toMatchObject({ code: 'gradient-not-finite', where: 'out/bias', found: 'NaN at index 1' });
  });

  test('an infinite weight names its parameter', async () => {
    const error = await run((m) => ({
      ...m,
      read: async (id) => (await m.read(id)).map((w, i) => (id === 'out/bias' && i === 2 ? Infinity : w)),
    }));
    expect(error).toMatchObject({ code: 'score-not-finite', where: 'out/bias' });
  });
});
