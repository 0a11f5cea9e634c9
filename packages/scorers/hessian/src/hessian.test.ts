import '@tensorflow/tfjs-backend-cpu';
import { describeScorer, tinyNetwork, type TinyWeights } from '@espalier/conformance';
import { type Batch, type PrunableModel, type Scorer, seededRandom } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { empiricalFisher } from './empirical-fisher.js';
import { gaussNewton } from './gauss-newton.js';
import { hessian } from './index.js';

beforeAll(() => tf.setBackend('cpu'));

describeScorer('empirical Fisher', () => empiricalFisher());
describeScorer('Gauss-Newton', () => gaussNewton({ samples: 4 }));

interface Data {
  readonly x: number[][];
  readonly y: number[][];
}

/** Batches of `size` rows, disposed when the next one is asked for; counts how many were asked for. */
function batchesOf({ x, y }: Data, size: number, asked: number[] = []): () => AsyncIterable<Batch> {
  return async function* () {
    for (let at = 0; at < x.length; at += size) {
      asked.push(at);
      const batch = { x: tf.tensor2d(x.slice(at, at + size)), y: tf.tensor2d(y.slice(at, at + size)) };
      try {
        yield batch;
      } finally {
        tf.dispose([batch.x, batch.y]);
      }
    }
  };
}
const random = seededRandom(3);
const drawn = { x: Array.from({ length: 6 }, () => Array.from({ length: 4 }, () => random() * 2 - 1)) };
const data: Data = { ...drawn, y: drawn.x.map((_, i) => [0, 1, 2].map((c) => Number(c === i % 3))) };

const close = (a: ArrayLike<number>, b: ArrayLike<number>, relative: number) => {
  const scale = Math.max(...Array.from(b, Math.abs));
  expect(a.length).toBe(b.length);
  for (let i = 0; i < b.length; i++) expect(Math.abs(a[i] - b[i])).toBeLessThanOrEqual(relative * scale + 1e-12);
};

/*
 * One input, two hidden units, two classes; W₁ = [1, −1], b₁ = 0, W₂ = [[2, 0], [0, 2]], b₂ = [1, 1] (which cancels).
 * With t = tanh x: h = [t, −t], logits = 1 + [2t, −2t], p₀ = σ(4t), p₁ = 1 − p₀. For label c let r = p₀ − y₀; then d = [r, −r]:
 *   ∂W₂ = hᵀd = [[tr, −tr], [−tr, tr]], ∂b₂ = [r, −r], d·W₂ᵀ = [2r, −2r],
 *   ∂b₁ = 2r(1 − t²)·[1, −1], ∂W₁ = x·∂b₁.
 *
 * Two samples: x = ½ labelled 0 (r = p₀ − 1) and x = −1 labelled 0 too; each r² is weighted as below.
 * Empirical Fisher: r² with r = p₀ − 1, averaged over both.
 * Gauss-Newton: Σ_c p_c·r_c² = p₀·(p₀ − 1)² + p₁·p₀² = p₀·p₁, whatever the label.
 * Scores ½·w²·H: W₁: ½·1·mean 4x²(1 − t²)²R; W₂ diagonal: ½·4·mean t²R; b₂: ½·1·mean R; zero weights: 0.
 */
const weights: TinyWeights = {
  hiddenKernel: [[1, -1]],
  hiddenBias: [0, 0],
  outKernel: [
    [2, 0],
    [0, 2],
  ],
  outBias: [1, 1],
};
const twoSamples: Data = {
  x: [[0.5], [-1]],
  y: [
    [1, 0],
    [1, 0],
  ],
};
const p0 = (x: number) => 1 / (1 + Math.exp(-4 * Math.tanh(x)));

describe('by hand', () => {
  test.each([
    ['empirical Fisher', empiricalFisher(), (p: number) => (p - 1) ** 2],
    ['Gauss-Newton', gaussNewton(), (p: number) => p * (1 - p)],
  ] as [string, Scorer, (p: number) => number][])('%s', async (_, scorer, weightOf) => {
    const mean = (f: (x: number, t: number) => number) =>
      (f(0.5, Math.tanh(0.5)) * weightOf(p0(0.5)) + f(-1, Math.tanh(-1)) * weightOf(p0(-1))) / 2;
    const w1 = 0.5 * mean((x, t) => 4 * x * x * (1 - t * t) ** 2);
    const w2 = 2 * mean((_x, t) => t * t);
    const b2 = 0.5 * mean(() => 1);
    for (const output of ['probabilities', 'logits'] as const) {
      const model = tinyNetwork({ weights, output });
      const scores = await scorer.score({ model, batches: batchesOf(twoSamples, 2) });
      close(await scores.read('hidden/kernel'), [w1, w1], 1e-5);
      close(await scores.read('hidden/bias'), [0, 0], 0);
      close(await scores.read('out/kernel'), [w2, 0, 0, w2], 1e-5);
      close(await scores.read('out/bias'), [b2, b2], 1e-5);
      expect(scores.backend).toBe('cpu');
      model.dispose();
    }
  });

  test('per-sample squares stay where the mean gradient cancels', async () => {
    // x = 0: h = 0, p = ½, so ∂b₂ = ±½ for either label; the mean gradient is 0, its squares are ¼. ½·3²·¼ = 1.125.
    const model = tinyNetwork({ weights: { ...weights, outBias: [3, 3] } });
    const opposite: Data = {
      x: [[0], [0]],
      y: [
        [1, 0],
        [0, 1],
      ],
    };
    const scores = await empiricalFisher().score({ model, batches: batchesOf(opposite, 2) });
    close(await scores.read('out/bias'), [1.125, 1.125], 1e-6);
    model.dispose();
  });
});

test('Gauss-Newton is diag Jᵀ(diag p − ppᵀ)J, with J by central differences of the logits', async () => {
  const model = tinyNetwork({ seed: 8, output: 'logits' });
  const scores = await gaussNewton().score({ model, batches: batchesOf(data, 4) });
  const logitsOf = (x: tf.Tensor) => {
    const out = model.predict(x);
    const values = out.dataSync();
    out.dispose();
    return values;
  };
  // Truncation grows as h², float32 rounding as 1e-7/h; 1e-2 keeps both near 1e-4 for a tanh network.
  const h = 1e-2;
  const x = tf.tensor2d(data.x);
  const z = logitsOf(x);
  for (const { id, shape } of model.params) {
    const w = await model.read(id);
    const shifted = (i: number, by: number) => {
      const moved = w.slice();
      moved[i] += by;
      tf.tidy(() => model.variable(id).assign(tf.tensor(moved, shape as number[])));
      return logitsOf(x);
    };
    const expected = Array.from(w, (value, i) => {
      const [plus, minus] = [shifted(i, h), shifted(i, -h)];
      let g = 0;
      for (let row = 0; row < data.x.length; row++) {
        const at = [0, 1, 2].map((c) => row * 3 + c);
        const powers = at.map((k) => Math.exp(z[k]));
        const p = powers.map((power) => power / powers.reduce((a, b) => a + b));
        const j = at.map((k) => (plus[k] - minus[k]) / (2 * h));
        const mean = j.reduce((sum, v, c) => sum + p[c] * v, 0);
        g += j.reduce((sum, v, c) => sum + p[c] * v * v, 0) - mean * mean;
      }
      return (0.5 * value * value * g) / data.x.length;
    });
    shifted(0, 0);
    close(await scores.read(id), expected, 2e-3);
  }
  x.dispose();
  model.dispose();
});

describe.each([
  ['empirical Fisher', empiricalFisher],
  ['Gauss-Newton', gaussNewton],
])('%s', (_, make) => {
  test('does not depend on the batch size', async () => {
    const model = tinyNetwork();
    const whole = await make().score({ model, batches: batchesOf(data, 6) });
    for (const size of [1, 4]) {
      const cut = await make().score({ model, batches: batchesOf(data, size) });
      for (const id of whole.params) expect(await cut.read(id)).toEqual(await whole.read(id));
    }
    model.dispose();
  });

  test('uses no more samples than it may, and asks for no further batch', async () => {
    const model = tinyNetwork();
    const first: Data = { x: data.x.slice(0, 3), y: data.y.slice(0, 3) };
    const wanted = await make().score({ model, batches: batchesOf(first, 3) });
    const asked: number[] = [];
    const tensors = tf.memory().numTensors;
    const scores = await make({ samples: 3 }).score({ model, batches: batchesOf(data, 2, asked) });
    expect(tf.memory().numTensors).toBe(tensors);
    for (const id of wanted.params) expect(await scores.read(id)).toEqual(await wanted.read(id));
    expect(asked).toEqual([0, 2]);
    expect(() => make({ samples: 0 })).toThrow(expect.objectContaining({ name: 'UsageError', code: 'samples' }));
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
    const scores = await make().score({ model: partial, batches: batchesOf(data, 2) });
    expect(scores.params).toEqual(['out/kernel', 'out/bias']);
    await expect(scores.read('hidden/kernel')).rejects.toMatchObject({ code: 'score-param', where: 'hidden/kernel' });
    model.dispose();
  });

  describe('bad input leaves no tensor behind', () => {
    const run = async (change: (model: PrunableModel) => Partial<PrunableModel>, batches = batchesOf(data, 2)) => {
      const model = tinyNetwork();
      const tensors = tf.memory().numTensors;
      const changed = { ...model, ...change(model) };
      const error: unknown = await make()
        .score({ model: changed, batches })
        .then(
          () => undefined,
          (e: unknown) => e,
        );
      expect(tf.memory().numTensors).toBe(tensors);
      model.dispose();
      return error;
    };

    test('no sample', async () => {
      expect(await run(() => ({}), batchesOf({ x: [], y: [] }, 1))).toMatchObject({ code: 'data-empty' });
    });

    test('a source that fails midway', async () => {
      const failing = async function* () {
        yield* batchesOf(data, 2)();
        throw new Error('disk gone');
      };
      expect(await run(() => ({}), failing)).toMatchObject({ message: 'disk gone' });
    });

    test('a NaN loss names its sample', async () => {
      const error = await run((m) => ({ gradients: async (b) => ({ ...(await m.gradients(b)), loss: NaN }) }));
      expect(error).toMatchObject({ name: 'InputError', code: 'loss-not-finite', where: 'calibration sample 0' });
    });

    test('an infinite gradient names its parameter', async () => {
      const error = await run((m) => ({
        async gradients(b) {
          const { loss, grads } = await m.gradients(b);
          grads['out/bias'].dispose();
          return { loss, grads: { ...grads, 'out/bias': tf.tensor1d([0, Infinity, 0]) } };
        },
      }));
      expect(error).toMatchObject({ code: 'gradient-not-finite', where: 'out/bias', found: 'Infinity at index 1' });
    });

    test('a NaN weight names its parameter', async () => {
      const error = await run((m) => ({
        read: async (id) => (await m.read(id)).map((w, i) => (id === 'out/bias' && i === 2 ? NaN : w)),
      }));
      expect(error).toMatchObject({ code: 'score-not-finite', where: 'out/bias' });
    });
  });
});

describe('Gauss-Newton needs softmax cross-entropy', () => {
  const run = async (change: Partial<PrunableModel>) => {
    const model = tinyNetwork();
    const tensors = tf.memory().numTensors;
    const scoring = gaussNewton().score({ model: { ...model, ...change }, batches: batchesOf(data, 2) });
    const error: unknown = await scoring.catch((e: unknown) => e);
    expect(tf.memory().numTensors).toBe(tensors);
    model.dispose();
    return error;
  };

  test('another loss', async () => {
    expect(await run({ output: 'other' })).toMatchObject({ name: 'UsageError', code: 'output-unsupported' });
  });

  test('outputs of rank 3', async () => {
    expect(await run({ predict: (x) => tf.zeros([x.shape[0], 2, 3]) })).toMatchObject({
      code: 'output-unsupported',
      found: 'an output of shape [1, 2, 3]',
    });
  });

  test('NaN outputs', async () => {
    expect(await run({ predict: () => tf.tensor2d([[0.5, NaN, 0.5]]) })).toMatchObject({
      code: 'output-not-finite',
      found: 'NaN at class 1',
    });
  });
});

test('a class of probability 0 adds nothing and is not asked for', async () => {
  const model = tinyNetwork();
  const labels: number[] = [];
  const scores = await gaussNewton({ samples: 1 }).score({
    model: {
      ...model,
      predict: () => tf.tensor2d([[0.25, 0, 0.75]]),
      async gradients(batch) {
        labels.push((await batch.y.data()).indexOf(1));
        return model.gradients(batch);
      },
    },
    batches: batchesOf(data, 2),
  });
  expect(labels).toEqual([0, 2]);
  expect(scores.params).toHaveLength(4);
  model.dispose();
});

test('hessian is the empirical Fisher, which takes any loss', () => {
  expect(hessian().name).toBe('empirical-fisher');
});
