import '@tensorflow/tfjs-backend-cpu';
import { bitsFrom, bitsToFloats, countKept, cubic, memoryPlan, seededRandom } from '@espalier/core';
import { magnitude } from '@espalier/scorer-magnitude';
import { unstructured } from '@espalier/strategy-unstructured';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { gradual, rigl, sparseEvolution } from './index.js';
import { exchange } from './regrow.js';
import { withModel, KERNELS, keptOf, trained, checkZeros } from '../testing/trained.js';

beforeAll(() => tf.setBackend('cpu'));

const half = () =>
  memoryPlan({
    masks: { 'hidden/kernel': bitsFrom(24, (i) => i % 2 === 0), 'out/kernel': bitsFrom(18, (i) => i % 3 === 0) },
  });

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
