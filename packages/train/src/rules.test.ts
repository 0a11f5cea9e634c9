import '@tensorflow/tfjs-backend-cpu';
import { adaptLayers } from '@espalier/adapter-layers';
import { tinyNetwork } from '@espalier/conformance';
import {
  bitsFrom,
  bitsToFloats,
  countKept,
  cubic,
  isKept,
  memoryPlan,
  nmGranularity,
  type Plan,
  type PrunableModel,
  seededRandom,
} from '@espalier/core';
import type { Dataset } from '@espalier/data';
import { magnitude } from '@espalier/scorer-magnitude';
import { nm } from '@espalier/strategy-nm';
import { unstructured } from '@espalier/strategy-unstructured';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import {
  type FineTuneOptions,
  distill,
  fineTune,
  gradual,
  holdOut,
  lotteryTicket,
  rigl,
  sparseEvolution,
  srSte,
} from './index.js';
import { exchange } from './regrow.js';
import { data, labels, withFresh } from './testing.js';

beforeAll(() => tf.setBackend('cpu'));

const withModel = (body: (model: PrunableModel) => Promise<void>) => withFresh(tinyNetwork, body);
const KERNELS = ['hidden/kernel', 'out/kernel'];
const half = () =>
  memoryPlan({
    masks: { 'hidden/kernel': bitsFrom(24, (i) => i % 2 === 0), 'out/kernel': bitsFrom(18, (i) => i % 3 === 0) },
  });
const keptOf = async (plan: Plan) => Promise.all(KERNELS.map(async (id) => countKept(await plan.mask(id))));

/** Trains and watches the optimizer: moments of weights that the plan prunes are +0 at every epoch's end. */
async function trained(model: PrunableModel, options: Partial<FineTuneOptions>) {
  let adam!: tf.Optimizer;
  const moments: { name: string; values: Float32Array }[] = [];
  const result = await fineTune(model, {
    data,
    epochs: 6,
    batchSize: 10,
    learningRate: 0.05,
    optimizer: (rate) => (adam = tf.train.adam(rate)),
    async onEpoch() {
      const [iterations, ...all] = await adam.getWeights();
      iterations.tensor.dispose();
      moments.length = 0;
      for (const { name, tensor } of all) moments.push({ name, values: (await tensor.data<'float32'>()).slice() });
    },
    ...options,
  });
  return { ...result, moments };
}

async function checkZeros(
  model: PrunableModel,
  plan: Plan,
  moments: readonly { name: string; values: Float32Array }[],
) {
  for (const id of plan.params) {
    const bits = await plan.mask(id);
    const slots = moments.filter(({ name }) => name.startsWith(`${model.variable(id).name}/`));
    expect(slots).toHaveLength(2);
    for (const values of [await model.read(id), ...slots.map((slot) => slot.values)]) {
      expect(values.every((v, i) => isKept(bits, i) || Object.is(v, 0))).toBe(true);
      expect(values.some((v) => v !== 0)).toBe(true);
    }
  }
}

describe('gradual pruning', () => {
  test('reaches the sparsity along the schedule; what went stays away, moments too', () =>
    withModel(async (model) => {
      const seen: number[] = [];
      const rule = gradual({
        scorer: magnitude(),
        strategy: unstructured(),
        schedule: cubic({ sparsity: 0.75, begin: 2, end: 11, frequency: 3 }),
      });
      const { plan, handle, moments, losses } = await trained(model, {
        rules: [
          rule,
          {
            name: 'watch',
            plan: async ({ plan: now }) => void seen.push(now ? (await keptOf(now)).reduce((a, b) => a + b) : 42),
          },
        ],
      });
      // 42 weights; 18 steps; updates at 2 (to 0, left out), 5, 8 and 11: s = 0.75·(1 − (1 − p)³).
      const at = (p: number) => 42 - Math.round(42 * 0.75 * (1 - (1 - p) ** 3));
      expect(seen).toEqual([
        42,
        42,
        42,
        42,
        42,
        at(1 / 3),
        at(1 / 3),
        at(1 / 3),
        at(2 / 3),
        at(2 / 3),
        at(2 / 3),
        10,
        10,
        10,
        10,
        10,
        10,
        10,
      ]);
      await checkZeros(model, plan!, moments);
      expect(losses[5]).toBeLessThan(losses[0]);
      handle!.makePermanent();
    }));

  test('a scorer that needs data says so, and no mask is left behind', () =>
    withModel(async (model) => {
      const needy = {
        name: 'needy',
        score: async ({ batches }: { batches(): AsyncIterable<unknown> }) => (
          batches(),
          { params: [], read: async () => new Float32Array() }
        ),
      };
      const rule = gradual({
        scorer: needy,
        strategy: unstructured(),
        schedule: cubic({ sparsity: 0.5, end: 4, initial: 0.1 }),
      });
      await expect(trained(model, { rules: [rule] })).rejects.toMatchObject({ code: 'data-missing' });
    }));
});

describe('exchange', () => {
  const of = (mask: string) => bitsFrom(mask.length, (i) => mask[i] === '1');
  const text = (bits: ReturnType<typeof of>) => Array.from(bitsToFloats(bits)).join('');

  test('by hand: the smallest goes, the largest gradient comes', () => {
    const given = { mask: of('110100'), stay: [5, 1, 0, 3, 0, 0], come: [0, 0, 2, 0, 9, 1] };
    expect(text(exchange({ ...given, mayReturn: false }, 1 / 3))).toBe('100110');
    // What went comes back where its gradient is the largest.
    expect(text(exchange({ ...given, come: [0, 99, 2, 0, 9, 1], mayReturn: true }, 1 / 3))).toBe('110100');
  });
  test('ties: the lower index stays, and comes', () => {
    expect(
      text(exchange({ mask: of('111000'), stay: Array(6).fill(1), come: Array(6).fill(1), mayReturn: false }, 1 / 3)),
    ).toBe('110100');
  });
  test('law: as many come as go', () =>
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.boolean(),
        fc.nat(99),
        (kept, fraction, mayReturn, seed) => {
          const mask = bitsFrom(kept.length, (i) => kept[i]);
          const draw = seededRandom(seed);
          const after = exchange({ mask, stay: kept.map(draw), come: kept.map(draw), mayReturn }, fraction);
          expect(countKept(after)).toBe(countKept(mask));
        },
      ),
      { seed: 2 },
    ));
});

describe.each([
  ['RigL', (every: number) => rigl({ plan: half(), every, fraction: 0.5 })],
  ['SET', (every: number) => sparseEvolution({ plan: half(), every, fraction: 0.5, until: 0.9 })],
])('%s', (_name, make) => {
  test('keeps the numbers, moves the places, zeros weights and moments, and decides the same again', async () => {
    const run = async () => {
      let bytes: Uint8Array[] = [];
      await withModel(async (model) => {
        const { plan, handle, moments } = await trained(model, { rules: [make(4)] });
        expect(await keptOf(plan!)).toEqual([12, 6]);
        expect(await Promise.all(KERNELS.map((id) => plan!.mask(id)))).not.toEqual(
          await Promise.all(KERNELS.map((id) => half().mask(id))),
        );
        await checkZeros(model, plan!, moments);
        bytes = await Promise.all(KERNELS.map(async (id) => new Uint8Array((await model.read(id)).buffer)));
        handle!.makePermanent();
      });
      return bytes;
    };
    expect(await run()).toEqual(await run());
  });
  test('without an exchange due the first plan stays', () =>
    withModel(async (model) => {
      const { plan, handle } = await trained(model, { epochs: 1, rules: [make(50)] });
      expect(await plan!.mask('hidden/kernel')).toEqual(await half().mask('hidden/kernel'));
      handle!.makePermanent();
    }));
});

test.each([{ every: 0 }, { fraction: 0 }, { fraction: 1.5 }, { until: 2 }])('no exchange with %p', (options) => {
  expect(() => rigl({ plan: half(), ...options })).toThrow(expect.objectContaining({ code: 'exchange-option' }));
  expect(() => sparseEvolution({ plan: half(), ...options })).toThrow(
    expect.objectContaining({ code: 'exchange-option' }),
  );
});

describe('SR-STE', () => {
  test('one step of SGD by hand: dense weights learn from the masked ones, and those outside decay', () =>
    withModel(async (model) => {
      const strategy = nm({ keep: 1, group: 2 });
      const before = await Promise.all(KERNELS.map((id) => model.read(id)));
      // The same step by other means.
      const twin = tinyNetwork();
      const plan = await strategy.select({
        ...twin,
        scores: { params: KERNELS, read: async (id) => (await twin.read(id)).map(Math.abs) },
        sparsity: 0.5,
      });
      const bits = await Promise.all(KERNELS.map((id) => plan.mask(id)));
      const masked = await twin.mask(plan);
      masked.apply();
      const [x, y] = [
        tf.tensor(data.x, [30, 4]),
        tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), 3), 'float32')),
      ];
      const { grads } = await twin.gradients({ x, y });
      const g = await Promise.all(KERNELS.map(async (id) => (await grads[id].data()).slice()));
      tf.dispose([x, y, grads]);
      masked.makePermanent();
      twin.dispose();
      let after: Float32Array[] = [];
      const rule = srSte({ strategy, decay: 0.5 });
      const { plan: last, handle } = await trained(model, {
        epochs: 1,
        batchSize: 30,
        learningRate: 0.1,
        optimizer: tf.train.sgd,
        rules: [rule],
        onEpoch: async () => void (after = await Promise.all(KERNELS.map((id) => model.read(id)))),
      });
      KERNELS.forEach((_, k) =>
        after[k].forEach((w, i) => {
          const decay = isKept(bits[k], i) ? 0 : 0.5 * before[k][i];
          expect(w).toBeCloseTo(before[k][i] - 0.1 * (g[k][i] + decay), 5);
        }),
      );
      expect(last!.granularity).toEqual(nmGranularity(1, 2));
      expect(await keptOf(last!)).toEqual([12, 9]);
      for (const id of KERNELS)
        expect((await model.read(id)).filter((v) => v !== 0)).toHaveLength(countKept(await last!.mask(id)));
      handle!.makePermanent();
    }));
  test('what it cannot be made from', () => {
    expect(() => srSte({ strategy: unstructured() })).toThrow(expect.objectContaining({ code: 'sr-ste-strategy' }));
    expect(() => srSte({ strategy: nm(), decay: -1 })).toThrow(expect.objectContaining({ code: 'sr-ste-decay' }));
  });
});

describe('lottery tickets', () => {
  test('rounds remove the same fraction of what is left, and the last ticket is trained', () =>
    withModel(async (model) => {
      const rounds: [number, number][] = [];
      const { plan, handle, losses } = await lotteryTicket(model, {
        data,
        epochs: 4,
        batchSize: 10,
        learningRate: 0.05,
        strategy: unstructured({ scope: 'local' }),
        sparsity: 0.75,
        rounds: 2,
        rewindTo: 1,
        onRound: (round, sparsity) => rounds.push([round, sparsity]),
      });
      expect(rounds).toEqual([
        [0, 0],
        [1, 0.5],
        [2, 0.75],
      ]);
      expect(losses).toHaveLength(3);
      expect(await keptOf(plan)).toEqual([6, 4]);
      for (const id of KERNELS)
        expect((await model.read(id)).filter((v) => v !== 0)).toHaveLength(countKept(await plan.mask(id)));
      handle.makePermanent();
    }));
  test('with a rate of next to nothing, every round starts and ends at the first weights', () =>
    withModel(async (model) => {
      const first = await model.read('hidden/kernel');
      const options = {
        data,
        epochs: 2,
        learningRate: 1e-30,
        optimizer: tf.train.sgd,
        strategy: unstructured({ scope: 'local' as const }),
        sparsity: 0.75,
        rounds: 3,
      };
      const { plan, handle } = await lotteryTicket(model, options);
      const bits = await plan.mask('hidden/kernel');
      expect(await model.read('hidden/kernel')).toEqual(first.map((w, i) => (isKept(bits, i) ? w : 0)));
      handle.makePermanent();
      await expect(lotteryTicket(model, { ...options, rewindTo: 2 })).rejects.toMatchObject({ code: 'rewind' });
    }));
});

describe('early stopping', () => {
  test('ends after patience, with the best epoch’s weights and its score', () =>
    withModel(async (model) => {
      const scores = [1, 3, 2, 2, 9];
      const after: Float32Array[] = [];
      const { best, losses } = await trained(model, {
        epochs: 5,
        earlyStopping: {
          score: async () => (after.push(await model.read('hidden/kernel')), scores[after.length - 1]),
          patience: 2,
        },
      });
      expect(best).toEqual({ epoch: 2, score: 3 });
      expect(losses).toHaveLength(4);
      expect(await model.read('hidden/kernel')).toEqual(after[1]);
    }));
  test('a plan that changes starts the comparison anew, and the mask holds', () =>
    withModel(async (model) => {
      let epoch = 0;
      const rule = gradual({
        scorer: magnitude(),
        strategy: unstructured(),
        schedule: cubic({ sparsity: 0.5, end: 7, initial: 0.2, frequency: 7 }),
      });
      const { best, plan, handle, moments } = await trained(model, {
        rules: [rule],
        earlyStopping: { score: async () => 10 - epoch++, patience: 5 },
      });
      // Step 7 is in epoch 3; the epochs before had higher scores with fewer zeros.
      expect(best!.epoch).toBe(3);
      await checkZeros(model, plan!, moments);
      handle!.makePermanent();
    }));
  test('a split: every sample once, the same again', () => {
    const { train, validation } = holdOut(data, 0.2, 1);
    expect([train.size, validation.size]).toEqual([24, 6]);
    const rows = (d: Dataset) =>
      Array.from({ length: d.size }, (_, i) =>
        Array.from(d.x.slice(4 * i, 4 * i + 4))
          .concat(d.y[i])
          .join(),
      );
    expect([...rows(train), ...rows(validation)].sort()).toEqual(rows(data).sort());
    expect(holdOut(data, 0.2, 1)).toEqual({ train, validation });
    expect(holdOut(data, 0.2, 2)).not.toEqual({ train, validation });
  });
  test.each([0, 1, NaN, 0.99])('no split of %p', (fraction) => {
    expect(() => holdOut(data, fraction)).toThrow(expect.objectContaining({ code: 'hold-out' }));
  });
  test('patience is a positive integer', () =>
    withModel(async (model) => {
      await expect(trained(model, { earlyStopping: { score: async () => 1, patience: 0 } })).rejects.toMatchObject({
        code: 'patience',
      });
    }));
});

describe('distillation', () => {
  const net = (activation: 'softmax' | 'linear', seed: number) =>
    adaptLayers(
      tfl.sequential({
        layers: [
          tfl.layers.dense({
            name: 'out',
            units: 3,
            inputShape: [4],
            activation,
            kernelInitializer: tfl.initializers.heNormal({ seed }),
          }),
        ],
      }),
      activation === 'linear' ? { loss: 'softmaxCrossEntropy' } : {},
    );

  test.each(['softmax', 'linear'] as const)('%s: loss and gradient of a step, by hand', async (activation) => {
    const before = tf.memory().numTensors;
    const [student, teacher] = [net(activation, 1), net(activation, 2)];
    const [temperature, alpha] = [3, 0.7];
    const x = tf.tensor(data.x, [30, 4]);
    const y = tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), 3), 'float32'));
    const batch = { x, y };
    const { loss, grads } = await distill({ teacher, temperature, alpha }).gradients!(
      {
        model: student,
        batch,
        epoch: 1,
        epochs: 1,
        step: 0,
        steps: 1,
        plan: undefined,
        squares: async () => undefined,
      },
      () => Promise.reject(new Error('not asked')),
    );
    const [w, v] = [await student.read('out/kernel'), await teacher.read('out/kernel')];
    const softmax = (z: number[], t: number) => {
      const e = z.map((a) => Math.exp(a / t));
      return e.map((a) => a / e.reduce((p, q) => p + q));
    };
    let wanted = 0;
    const gradient = new Float64Array(12);
    for (let n = 0; n < 30; n++) {
      const row = Array.from(data.x.slice(4 * n, 4 * n + 4));
      const logits = (k: Float32Array) => [0, 1, 2].map((c) => row.reduce((s, a, i) => s + a * k[3 * i + c], 0));
      const [p, soft, q] = [softmax(logits(w), 1), softmax(logits(w), temperature), softmax(logits(v), temperature)];
      for (let c = 0; c < 3; c++) {
        const is = labels[n] === c ? 1 : 0;
        wanted -= ((1 - alpha) * is * Math.log(p[c]) + alpha * temperature ** 2 * q[c] * Math.log(soft[c])) / 30;
        const dz = (1 - alpha) * (p[c] - is) + alpha * temperature * (soft[c] - q[c]);
        row.forEach((a, i) => (gradient[3 * i + c] += (a * dz) / 30));
      }
    }
    expect(loss).toBeCloseTo(wanted, 4);
    (await grads['out/kernel'].data()).forEach((g, i) => expect(g).toBeCloseTo(gradient[i], 4));
    tf.dispose([x, y, grads]);
    student.dispose();
    teacher.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('a student learns what its teacher says, not what the labels say', async () => {
    const before = tf.memory().numTensors;
    const [student, teacher] = [net('softmax', 1), net('softmax', 2)];
    await fineTune(student, {
      data,
      epochs: 60,
      learningRate: 0.1,
      rules: [distill({ teacher, alpha: 1, temperature: 2 })],
    });
    const x = tf.tensor(data.x, [30, 4]);
    const [a, b] = [student.predict(x), teacher.predict(x)];
    const [said, taught] = [await a.data(), await b.data()];
    said.forEach((p, i) => expect(p).toBeCloseTo(taught[i], 1));
    tf.dispose([x, a, b]);
    student.dispose();
    teacher.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('what does not fit is refused: options, outputs, adapters', async () => {
    const teacher = net('softmax', 1);
    expect(() => distill({ teacher, temperature: 0 })).toThrow(
      expect.objectContaining({ code: 'distill-option', where: 'temperature' }),
    );
    expect(() => distill({ teacher, alpha: 2 })).toThrow(
      expect.objectContaining({ code: 'distill-option', where: 'alpha' }),
    );
    expect(() => distill({ teacher: { ...teacher, output: 'other' } })).toThrow(
      expect.objectContaining({ code: 'distill-output' }),
    );
    // A network of four inputs whose gradients are worked out by hand, for one loss.
    await withModel(async (model) => {
      await expect(fineTune(model, { data, epochs: 1, rules: [distill({ teacher })] })).rejects.toMatchObject({
        code: 'distill-loss',
      });
    });
    teacher.dispose();
  });
});
