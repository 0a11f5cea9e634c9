import fc from 'fast-check';
import { bitsToFloats, countKept } from '../bits.js';
import type { Param } from '../contracts.js';
import { apportion } from './apportion.js';
import { erkShare, globalShare, lampShare, openLedger, tableCounts, tableShare, uniformShare } from './index.js';
import { erkDensities } from './erk.js';
import { lampScores } from './lamp.js';
import type { Contestant, Share } from './share.js';

const contestant = (id: string, shape: number[], scores: number[]): Contestant => {
  const param: Param = { id, shape, inAxis: 0, role: 'kernel', uses: 1, trainable: true };
  return { id, size: scores.length, read: async () => Float32Array.from(scores), param };
};
async function masks(share: Share, contestants: readonly Contestant[], count: number): Promise<string[]> {
  const cuts = await share.cut(contestants, count);
  const bits = await Promise.all(contestants.map(({ id }, i) => cuts[i].mask(id)));
  return bits.map((mask) => Array.from(bitsToFloats(mask)).join(''));
}

test.each([
  [[1.5, 1.5, 2], [9, 9, 9], 5, [2, 1, 2]],
  [[1.2, 1.7, 2.1], [9, 9, 9], 5, [1, 2, 2]],
  [[3.6, 0.4], [3, 9], 4, [3, 1]],
  [[2.9999999999, 1], [9, 9], 4, [3, 1]],
])('quotas %j within %j for %d are %j', (quotas, limits, count, expected) =>
  expect(apportion(quotas, limits, count)).toEqual(expected),
);

describe('LAMP, by hand', () => {
  test.each([
    // Squares 1, 4, 4, 9: sums of what is not smaller 18, 17, 17, 9.
    [
      [1, 2, -2, 3],
      [1 / 18, 4 / 17, 4 / 17, 1],
    ],
    [
      [0, 5],
      [0, 1],
    ],
    [
      [0, 0],
      [0, 0],
    ],
    [[], []],
  ])('%j', (scores, expected) =>
    expect(Array.from(lampScores(Float32Array.from(scores)))).toEqual(expected.map(Math.fround)),
  );

  test('a layer of small weights keeps its largest', async () => {
    // small: 1/14 4/13 1, large: 100/1400 400/1300 1; they tie pairwise, and the earlier layer is kept.
    const pair = [contestant('small', [3], [1, 2, 3]), contestant('large', [3], [10, 20, 30])];
    expect(await masks(globalShare(), pair, 3)).toEqual(['000', '111']);
    expect(await masks(lampShare(), pair, 3)).toEqual(['011', '001']);
    expect(await masks(lampShare(), pair, 4)).toEqual(['001', '001']);
  });
});

describe('ERK, by hand', () => {
  test('densities of two matrices', () => {
    // 10×10: 20/100 = 0.2; 2×5: 7/10 = 0.7. ε·(0.2·100 + 0.7·10) = 13.5 → ε = 0.5.
    expect(
      erkDensities(
        [
          [10, 10],
          [2, 5],
        ],
        13.5,
      ),
    ).toEqual([0.1, 0.35]);
  });

  test('one that would exceed 1 stays dense', () => {
    // ε = 54 / 27 = 2 gives 0.4 and 1.4; so 10 dense, and ε = 44 / 20.
    const [first, second] = erkDensities(
      [
        [10, 10],
        [2, 5],
      ],
      54,
    );
    expect(first).toBeCloseTo(0.44, 12);
    expect(second).toBe(1);
  });

  test('a 3×3 kernel counts its four sides', () => expect(erkDensities([[3, 3, 4, 8]], 144)[0]).toBeCloseTo(0.5, 12));

  test('prunes the lowest of each', async () => {
    const pair = [
      contestant(
        'a',
        [4, 4],
        Array.from({ length: 16 }, (_, i) => i),
      ),
      contestant('b', [2, 2], [7, 3, 5, 1]),
    ];
    // raw 0.5 and 1; 6 kept = ε·(8 + 4): densities 0.25 and 0.5.
    expect(await masks(erkShare(), pair, 14)).toEqual(['0000000000001111', '1010']);
  });
});

test('uniform: the same fraction in whole numbers that add up', async () => {
  const three = ['a', 'b', 'c'].map((id) => contestant(id, [3], [1, 2, 3]));
  expect(await masks(uniformShare(), three, 4)).toEqual(['001', '011', '011']);
  expect(await masks(uniformShare(), three, 6)).toEqual(['001', '001', '001']);
});

describe('a table, by hand', () => {
  const pair = [contestant('conv1/kernel', [4], [1, 2, 3, 4]), contestant('fc/kernel', [4], [8, 7, 6, 5])];
  test.each([
    [{ conv1: 0.25, fc: 0.75 }, 4, ['0111', '1000']],
    [{ 'fc/kernel': 0.5 }, 2, ['1111', '1100']],
    [{ '*/kernel': 0.5 }, 4, ['0011', '1100']],
    [{ conv1: 0, '*': 1 }, 4, ['1111', '0000']],
    // Half way to its own four.
    [{ conv1: 0.5, fc: 0.5 }, 2, ['0111', '1110']],
  ])('%j removes %d', async (table, count, expected) =>
    expect(await masks(tableShare(table as Record<string, number>), pair, count)).toEqual(expected),
  );

  test.each([
    [{ x: 0.5 }, 'table-unmatched'],
    [{ fc: 1.5 }, 'sparsity-range'],
    [{ fc: '0.5' as unknown as number }, 'sparsity-range'],
  ])('%j is refused', (table, code) =>
    expect(() => tableCounts(pair, table as Record<string, number>)).toThrow(expect.objectContaining({ code })),
  );
});

test('law: the exact count, the lowest of each, the same again', async () => {
  const list = fc.array(fc.constantFrom(0, 0.5, 1, 2, 3, 8), { minLength: 1, maxLength: 24 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(list, { minLength: 1, maxLength: 4 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (lists, s) => {
        const contestants = lists.map((values, i) => contestant(`p${i}`, [values.length], values));
        const count = Math.round(s * lists.flat().length);
        for (const share of [uniformShare(), globalShare(), erkShare(), lampShare(), tableShare({ '*': s })]) {
          const cuts = await share.cut(contestants, count);
          let gone = 0;
          for (const [i, values] of lists.entries()) {
            const mask = await cuts[i].mask(`p${i}`);
            gone += values.length - countKept(mask);
            const bits = Array.from(bitsToFloats(mask));
            const [out, left] = [0, 1].map((bit) => values.filter((_, at) => bits[at] === bit));
            expect(Math.max(-1, ...out)).toBeLessThanOrEqual(Math.min(9, ...left));
          }
          expect(gone).toBe(count);
        }
      },
    ),
    { numRuns: 150, seed: 4 },
  );
});

describe('what is broken is refused, and ends', () => {
  const shares: Share[] = [globalShare(), uniformShare(), erkShare(), lampShare(), tableShare({ b: 0.5 })];
  const pair = (score: number) => [contestant('a', [2, 2], [1, 2, 3, 4]), contestant('b', [2, 2], [5, score, 7, 8])];

  test.each(shares.map((share) => [share.name, share] as const))('by %s', async (_, share) => {
    for (const score of [NaN, Infinity])
      await expect(masks(share, pair(score), 3)).rejects.toMatchObject({ code: 'score-not-finite', where: 'b' });
    for (const count of [NaN, Infinity, 9, -1, 1.5])
      await expect(masks(share, pair(6), count)).rejects.toMatchObject({ name: 'UsageError', code: 'prune-count' });
    for (const count of [0, 8]) expect((await masks(share, pair(6), count)).join('')).toHaveLength(8);
  });

  test('densities of no number of entries', () => {
    expect(() => erkDensities([[2, 2]], NaN)).toThrow(expect.objectContaining({ code: 'prune-count' }));
  });

  test('LAMP squares scores, so it refuses signed ones', async () => {
    await expect(masks(lampShare(), pair(-6), 3)).rejects.toMatchObject({ code: 'scores-signed', where: 'b' });
    expect(await masks(globalShare(), pair(-6), 3)).toEqual(['0011', '1011']);
  });

  test('costs that are no numbers', () => {
    const { param } = contestant('a', [2, 2], [1, 2, 3, 4]);
    for (const price of [NaN, Infinity, -1])
      expect(() => openLedger({ params: [param], groups: [] }, { name: 'joules', each: () => price })).toThrow(
        expect.objectContaining({ name: 'UsageError', code: 'cost-not-finite', where: 'a' }),
      );
  });
});
