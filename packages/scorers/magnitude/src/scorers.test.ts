import '@tensorflow/tfjs-backend-cpu';
import { describeScorer } from '@espalier/conformance';
import { type Context, type Param, type PrunableModel, seededRandom, UsageError } from '@espalier/core';
import { setBackend } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { magnitude } from './magnitude.js';
import { random } from './random.js';

beforeAll(() => setBackend('cpu'));

describeScorer('magnitude', () => magnitude());
describeScorer('squared magnitude', () => magnitude({ norm: 2 }));
describeScorer('random', () => random({ seed: 5 }));

function contextOf(weights: Record<string, ArrayLike<number>>, reads: string[] = []): Context {
  const param = (id: string): Param => ({
    id,
    shape: [weights[id].length],
    inAxis: -1,
    role: 'kernel',
    uses: 1,
    trainable: true,
  });
  const model = {
    params: Object.keys(weights).map(param),
    groups: [],
    output: 'other',
    read: async (id: string) => {
      reads.push(id);
      return Float32Array.from(weights[id]);
    },
  } as unknown as PrunableModel;
  const batches = () => {
    throw new UsageError('data-missing', 'these scorers need no data');
  };
  return { model, batches };
}

describe('magnitude by hand', () => {
  const weights = { 'a/kernel': [1, -2, 0.5, -0], 'a/bias': [-3], 'a/gamma': [0.25, -1.5] };

  test.each([
    [1, { 'a/kernel': [1, 2, 0.5, 0], 'a/bias': [3], 'a/gamma': [0.25, 1.5] }],
    [2, { 'a/kernel': [1, 4, 0.25, 0], 'a/bias': [9], 'a/gamma': [0.0625, 2.25] }],
  ] as const)('norm %d, every role', async (norm, expected) => {
    const scores = await magnitude({ norm }).score(contextOf(weights));
    expect(scores.params).toEqual(Object.keys(expected));
    for (const [id, values] of Object.entries(expected)) expect([...(await scores.read(id))]).toEqual(values);
  });

  test('|w| is the default', async () => {
    const scores = await magnitude().score(contextOf(weights));
    expect([...(await scores.read('a/bias'))]).toEqual([3]);
  });

  test('a weight is read when its scores are asked for, each time', async () => {
    const reads: string[] = [];
    const scores = await magnitude().score(contextOf(weights, reads));
    expect(reads).toEqual([]);
    await scores.read('a/bias');
    await scores.read('a/bias');
    expect(reads).toEqual(['a/bias', 'a/bias']);
  });
});

test('law: both norms put weights in the same order', async () => {
  const weight = fc.float({ min: Math.fround(-100), max: 100, noNaN: true });
  await fc.assert(
    fc.asyncProperty(fc.array(weight, { minLength: 2 }), async (w) => {
      const [l1, l2] = await Promise.all(
        ([1, 2] as const).map(async (norm) => (await magnitude({ norm }).score(contextOf({ w }))).read('w')),
      );
      for (let i = 1; i < w.length; i++) if (l1[i] > l1[i - 1]) expect(l2[i]).toBeGreaterThanOrEqual(l2[i - 1]);
    }),
    { numRuns: 200, seed: 1 },
  );
});

test.each([
  [NaN, 1, 'NaN at index 2'],
  [-Infinity, 2, '-Infinity at index 2'],
  [2e20, 2, 'use norm 1'],
] as const)('a weight of %d is named (norm %d)', async (bad, norm, message) => {
  const scores = await magnitude({ norm }).score(contextOf({ 'fc1/kernel': [1, 2, bad] }));
  await expect(scores.read('fc1/kernel')).rejects.toMatchObject({
    name: 'InputError',
    code: 'weight-not-finite',
    where: 'fc1/kernel',
    message: expect.stringContaining(message),
  });
});

test('wrong options and unknown parameters', async () => {
  expect(() => magnitude({ norm: 3 as 2 })).toThrow(expect.objectContaining({ code: 'magnitude-norm' }));
  expect(() => random({ seed: 0.5 })).toThrow(expect.objectContaining({ code: 'seed' }));
  for (const scorer of [magnitude(), random()]) {
    const scores = await scorer.score(contextOf({ a: [1] }));
    await expect(scores.read('b')).rejects.toMatchObject({ code: 'score-param', where: 'b' });
  }
});

describe('random', () => {
  const zeros = (n: number) => new Float32Array(n);
  const read = async (seed: number, id: string, all: Record<string, ArrayLike<number>>) =>
    (await random({ seed }).score(contextOf(all))).read(id);

  test('follows the documented stream: seededRandom(FNV-1a("seed:id")), half a step up', async () => {
    // FNV-1a of "7:a", worked in another way: 64-bit integers.
    let h = 0x811c9dc5n;
    for (const c of '7:a') h = ((h ^ BigInt(c.charCodeAt(0))) * 0x01000193n) & 0xffffffffn;
    const next = seededRandom(Number(h));
    const expected = Float32Array.from({ length: 5 }, () => next() + 2 ** -33);
    expect(await read(7, 'a', { a: zeros(5) })).toEqual(expected);
  });

  test('depends on seed and id, not on order or on other parameters', async () => {
    const alone = await read(1, 'a', { a: zeros(64) });
    const all = { b: zeros(9), a: zeros(64) };
    const scores = await random({ seed: 1 }).score(contextOf(all));
    await scores.read('b');
    expect(await scores.read('a')).toEqual(alone);
    expect(await read(2, 'a', all)).not.toEqual(alone);
    expect((await scores.read('b')).subarray(0, 9)).not.toEqual(alone.subarray(0, 9));
  });

  test('is uniform: in (0, 1], a tenth in each tenth, hardly any ties', async () => {
    const n = 100_000;
    const values = await read(0, 'w', { w: zeros(n) });
    const bins = new Array<number>(10).fill(0);
    for (const v of values) bins[Math.min(9, Math.floor(v * 10))]++;
    expect(values.every((v) => v > 0 && v <= 1)).toBe(true);
    // Five standard deviations of a binomial count.
    for (const count of bins) expect(Math.abs(count - n / 10)).toBeLessThan(5 * Math.sqrt(n * 0.09));
    // n²/2 pairs tie with a probability near 2⁻²⁴: about 300 here.
    expect(n - new Set(values).size).toBeLessThan(500);
  });
});
