import { countKept, isKept, makeBits, seededRandom, selectLowest, setPruned, type Slice } from '@espalier/core';
import fc from 'fast-check';
import { assemblyHash } from '../../scripts/assembly-hash.cjs';
import { SOURCES } from './binary.js';
import { selectLowestWasm } from './index.js';
import { CHUNK } from '../abi/selection.js';
import { nth } from './nth.js';

const slice = (id: string, values: ArrayLike<number>, pruned: readonly number[] = []): Slice => {
  const scores = Float32Array.from(values);
  const previous = makeBits(scores.length);
  pruned.forEach((i) => setPruned(previous, i));
  return { id, size: scores.length, read: async () => scores, ...(pruned.length > 0 && { previous }) };
};

type Select = typeof selectLowest;

/** Threshold and masks, or the error. */
async function outcome(select: Select, slices: readonly Slice[], count: number) {
  try {
    const cut = await select(slices, count);
    const masks = await Promise.all(slices.map(async ({ id }) => [...(await cut.mask(id)).bytes]));
    return { threshold: cut.threshold, sign: Object.is(cut.threshold, -0), masks };
  } catch (error) {
    const { code, where, message } = error as Record<string, string>;
    return { code, where, message };
  }
}

async function expectSame(slices: readonly Slice[], count: number): Promise<void> {
  expect(await outcome(selectLowestWasm, slices, count)).toEqual(await outcome(selectLowest, slices, count));
}

test('the module is what the sources give', () => {
  expect(SOURCES).toBe(assemblyHash('assembly-select'));
});

test.each([
  [[3, 1, 2], 1, [1, 0, 1]],
  [[5, 5, 5, 5], 2, [1, 1, 0, 0]],
  [[-0, 0, -0, 0], 2, [1, 1, 0, 0]],
  [[-1, 0, -2, 1], 2, [0, 1, 0, 1]],
  [[1.4e-45, 0, -1.4e-45], 2, [1, 0, 0]],
  [[3.4028234663852886e38, -3.4028234663852886e38], 1, [1, 0]],
])('by hand: %j, %i go', async (values, count, kept) => {
  const mask = await (await selectLowestWasm([slice('w', values)], count)).mask('w');
  expect(values.map((_, i) => Number(isKept(mask, i)))).toEqual(kept);
});

describe('the same choice as core', () => {
  // Few distinct values make ties the rule; the others cover the whole range of float32.
  const tied = fc.constantFrom(0, -0, 1, -1, 0.5, 1e-45, -1e-45, 2);
  const value = fc.oneof({ weight: 3, arbitrary: tied }, fc.float({ noNaN: true, noDefaultInfinity: true }));
  const values = fc.oneof(
    fc.array(value, { maxLength: 40 }),
    fc.tuple(value, fc.nat(60)).map(([v, n]) => Array<number>(n).fill(v)),
  );
  const list = fc.array(fc.tuple(values, fc.array(fc.nat(39), { maxLength: 4 })), { minLength: 1, maxLength: 4 });
  const slices = list.map((all) =>
    all.map(([v, gone], i) =>
      slice(
        `s${i}`,
        v,
        gone.filter((at) => at < v.length),
      ),
    ),
  );

  test('any slices, earlier decisions and counts', async () => {
    await fc.assert(
      fc.asyncProperty(slices, fc.double({ min: 0, max: 1, noNaN: true }), async (all, share) => {
        const total = all.reduce((sum, { size }) => sum + size, 0);
        await expectSame(all, Math.round(share * total));
      }),
      { numRuns: 2000, seed: 11 },
    );
  });

  test.each([CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5])('%i scores of several kinds', async (size) => {
    const random = seededRandom(size);
    const kinds: Record<string, () => number> = {
      normal: () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()),
      magnitudes: () => Math.abs(random() - random()),
      'half zero': () => (random() < 0.5 ? 0 : random()),
      levels: () => Math.floor(random() * 7) - 3,
      denormal: () => (random() - 0.5) * 1e-40,
      equal: () => 0.25,
    };
    for (const draw of Object.values(kinds)) {
      const all = [
        slice('a', Float32Array.from({ length: size }, draw)),
        slice('b', Float32Array.from({ length: 999 }, draw)),
      ];
      for (const count of [1, size >> 1, Math.round(0.9 * size), size + 998, size + 999]) await expectSame(all, count);
    }
  });

  test.each([
    ['below the bracket', 9, (i: number) => i % 5],
    ['above it', -9, (i: number) => i % 5],
    ['inside it, nearly all', NaN, (i: number) => 1 + (i % 50_021) * 1e-7],
  ])('a cut %s of the sample', async (_where, sampled, real) => {
    const size = 300_000;
    const scores = Float32Array.from({ length: size }, (_, i) => real(i));
    const wide = Float32Array.from({ length: size }, (_, i) => (i % 2) * 100);
    let reads = 0;
    // What is sampled is not what is selected from: only a bracket that misses can come of it.
    const odd: Slice = {
      id: 'w',
      size,
      read: async () => (reads++ > 0 ? scores : Number.isNaN(sampled) ? wide : scores.slice().fill(sampled)),
    };
    const got = await selectLowestWasm([odd], 150_001);
    const wanted = await selectLowest([slice('w', scores)], 150_001);
    expect(got.threshold).toBe(wanted.threshold);
    expect(await got.mask('w')).toEqual(await wanted.mask('w'));
    expect(reads).toBeGreaterThan(3);
  });

  test.each([NaN, Infinity, -Infinity])('%s is refused and named', async (bad) => {
    const big = new Float32Array(100_000).fill(1);
    big[99_999] = bad;
    for (const values of [[1, bad], big]) await expectSame([slice('fine', [1, 2]), slice('fc1/kernel', values)], 1);
    await expect(selectLowestWasm([slice('fine', [1]), slice('w', [1, bad])], 1)).rejects.toMatchObject({
      code: 'score-not-finite',
      where: 'w',
    });
  });

  test('scores of the wrong length, masks that nobody asked for, counts that cannot be', async () => {
    await expectSame([{ id: 'w', size: 3, read: async () => new Float32Array(2) }], 1);
    await expect((await selectLowestWasm([slice('w', [1, 2])], 1)).mask('v')).rejects.toMatchObject({
      code: 'plan-param',
    });
    await expectSame([slice('w', [1, 2], [0])], 0);
    await expectSame([slice('w', [1, 2], [0])], 1);
    await expectSame([slice('w', [1, 2])], 3);
    await expectSame([], 0);
  });
});

test('without SIMD core decides', async () => {
  jest.resetModules();
  const validate = jest.spyOn(WebAssembly, 'validate').mockReturnValue(false);
  const fresh = (await import('./index.js')).selectLowestWasm;
  const cut = await fresh([slice('w', [3, 1, 2])], 1);
  expect(countKept(await cut.mask('w'))).toBe(2);
  expect(validate).toHaveBeenCalled();
  validate.mockRestore();
});

test('nth, against a sort', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -0x80000000, max: 0x7fffffff }), { minLength: 1, maxLength: 60 }),
      (keys) => {
        const sorted = Int32Array.from(keys).sort();
        sorted.forEach((key, rank) => expect(nth(Int32Array.from(keys), rank)).toBe(key));
      },
    ),
    { numRuns: 300, seed: 3 },
  );
});
