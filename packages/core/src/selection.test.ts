import fc from 'fast-check';
import { countKept, isKept, makeBits, setPruned } from './bits.js';
import type { Bits } from './contracts.js';
import { pruneCount, roundHalfEven } from './counting.js';
import { seededRandom } from './random.js';
import { selectLowest, selectLowestIn, type Slice } from './selection.js';

const slice = (id: string, values: ArrayLike<number>, previous?: Bits): Slice => {
  const scores = Float32Array.from(values);
  return { id, size: scores.length, read: async () => scores, ...(previous && { previous }) };
};
const toText = (bits: Bits) => Array.from({ length: bits.length }, (_, i) => Number(isKept(bits, i))).join('');
const maskOf = async (values: ArrayLike<number>, count: number) =>
  toText(await (await selectLowest([slice('w', values)], count)).mask('w'));

describe('selectLowest, by hand', () => {
  test.each([
    ['lowest go', [3, 1, 2], 1, '101'],
    ['among equals the lower index stays', [5, 5, 5, 5], 2, '1100'],
    ['−0 is 0: equal scores', [-0, 0, -0, 0], 2, '1100'],
    ['negative scores are lower', [-1, 0, -2, 1], 2, '0101'],
    ['smallest subnormal above 0', [1.4e-45, 0], 1, '10'],
    ['one element, none', [7], 0, '1'],
    ['one element, all', [7], 1, '0'],
    ['nothing', [], 0, ''],
    ['largest finite float', [3.4028234663852886e38, -3.4028234663852886e38], 1, '10'],
  ])('%s', async (_name, values, count, mask) => expect(await maskOf(values, count)).toBe(mask));

  test('threshold is the largest pruned score, and null where nothing was pruned', async () => {
    expect((await selectLowest([slice('w', [4, 3, 2, 1])], 2)).threshold).toBe(2);
    expect((await selectLowest([slice('w', [-4, -3, -2])], 2)).threshold).toBe(-3);
    expect((await selectLowest([slice('w', [4, 3])], 0)).threshold).toBeNull();
  });

  test('ties across slices: the earlier slice is kept, then the lower index', async () => {
    const cut = await selectLowest([slice('a', [1, 2, 1]), slice('b', [1, 1, 3]), slice('c', [1])], 3);
    expect([toText(await cut.mask('c')), toText(await cut.mask('b')), toText(await cut.mask('a'))]).toEqual([
      '0',
      '001',
      '111',
    ]);
    expect(cut.threshold).toBe(1);
  });

  test('what was pruned before stays pruned and counts', async () => {
    const previous = makeBits(4);
    setPruned(previous, 0);
    const cut = await selectLowest([slice('w', [9, 1, 2, 3], previous)], 2);
    expect(toText(await cut.mask('w'))).toBe('0011');
    expect(toText(await (await selectLowest([slice('w', [9, 1, 2, 3], previous)], 0)).mask('w'))).toBe('0111');
  });

  test.each([NaN, Infinity, -Infinity])('%s is refused and named', async (bad) => {
    const run = selectLowest([slice('fine', [1]), slice('fc1/kernel', [1, bad])], 1);
    await expect(run).rejects.toMatchObject({
      code: 'score-not-finite',
      where: 'fc1/kernel',
      message: `the scores of 'fc1/kernel' must be finite, got ${bad} at index 1; check the weights and the calibration data`,
    });
  });

  test('scores of the wrong length are refused', async () => {
    await expect(selectLowest([{ id: 'w', size: 3, read: async () => new Float32Array(2) }], 1)).rejects.toMatchObject({
      code: 'score-length',
    });
  });
});

/** The definition, slowly: sort all, lowest first, among equals the later position first. */
function reference(slices: readonly number[][], count: number): string[] {
  const all = slices.flatMap((values, s) => values.map((value, i) => ({ value: Math.fround(value), s, i })));
  const order = [...all].sort((a, b) => a.value - b.value || b.s - a.s || b.i - a.i);
  const masks = slices.map((values) => values.map(() => '1'));
  for (const { s, i } of order.slice(0, count)) masks[s][i] = '0';
  return masks.map((mask) => mask.join(''));
}

describe('selectLowest, against a full sort', () => {
  // Few distinct values make ties the rule; the others cover the whole range of float32.
  const tied = fc.constantFrom(0, -0, 1, -1, 0.5, 1e-45, 2);
  const value = fc.oneof({ weight: 3, arbitrary: tied }, fc.float({ noNaN: true, noDefaultInfinity: true }));
  const slices = fc.array(
    fc.oneof(
      fc.array(value, { maxLength: 24 }),
      fc.tuple(value, fc.nat(20)).map(([v, n]) => Array<number>(n).fill(v)),
    ),
    { minLength: 1, maxLength: 4 },
  );

  test('10,000 cases: the same masks, the exact count, the largest pruned score', async () => {
    await fc.assert(
      fc.asyncProperty(slices, fc.double({ min: 0, max: 1, noNaN: true }), async (values, sparsity) => {
        const total = values.flat().length;
        const count = pruneCount(total, sparsity);
        const cut = await selectLowest(
          values.map((v, i) => slice(`s${i}`, v)),
          count,
        );
        const masks = await Promise.all(values.map((_, i) => cut.mask(`s${i}`)));
        expect(masks.map(toText)).toEqual(reference(values, count));
        expect(masks.reduce((sum, mask) => sum + countKept(mask), 0)).toBe(total - count);
        const pruned = values.flatMap((v, s) => v.filter((_, i) => !isKept(masks[s], i)).map(Math.fround));
        const first = values[0];
        const inHand = selectLowestIn(Float32Array.from(first), pruneCount(first.length, sparsity));
        expect(toText(inHand.mask)).toBe(reference([first], pruneCount(first.length, sparsity))[0]);
        expect(cut.threshold).toBe(pruned.length > 0 ? pruned.reduce((a, b) => Math.max(a, b)) + 0 : null);
      }),
      { numRuns: 10_000, seed: 20_240 },
    );
  });

  test('two steps end where one step to the same count would, given the same scores', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(value, { minLength: 1, maxLength: 40 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (values, a, b) => {
          const [few, many] = [Math.min(a, b), Math.max(a, b)].map((s) => roundHalfEven(s * values.length));
          const first = await (await selectLowest([slice('w', values)], few)).mask('w');
          const second = await (await selectLowest([slice('w', values, first)], many)).mask('w');
          expect(toText(second)).toBe(await maskOf(values, many));
        },
      ),
      { numRuns: 1000, seed: 7 },
    );
  });

  test('a million normal weights', async () => {
    const random = seededRandom(3);
    const values = Float32Array.from(
      { length: 1_000_000 },
      () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(6.283185307 * random()),
    );
    const cut = await selectLowest([slice('w', values)], 900_000);
    expect(cut.threshold).toBe(Float32Array.from(values).sort()[899_999]);
    expect(countKept(await cut.mask('w'))).toBe(100_000);
  });
});
