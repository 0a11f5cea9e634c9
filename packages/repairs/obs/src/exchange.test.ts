import { bitsFrom, countKept, isKept, seededRandom } from '@espalier/core';
import fc from 'fast-check';
import { exchangeRows } from './exchange.js';
import { layoutOf } from './layout.js';
import { createLinear } from './linear.js';
import { refitRows } from './refit.js';
import { drawHessian, slowFit, slowLoss, squareOf } from './testing.js';

const layerOf = (h: number[][], outputs: number) => ({
  layout: layoutOf({ shape: [h.length, outputs], inAxis: 0 }),
  hessians: [squareOf(h)],
});
const drawRow = (n: number, seed: number) => {
  const random = seededRandom(seed);
  return Array.from({ length: n }, () => Math.fround(2 * random() - 1));
};
const keptOf = (bits: ReturnType<typeof bitsFrom>) =>
  Array.from({ length: bits.length }, (_, i) => i).filter((i) => isKept(bits, i));
const lossOf = (h: number[][], w: number[], kept: number[]) => slowLoss(h, w, slowFit(h, w, kept));

/** All sets of `count` of n. */
function* subsets(n: number, count: number, from = 0): Generator<number[]> {
  if (count === 0) return yield [];
  for (let i = from; i <= n - count; i++) for (const rest of subsets(n, count - 1, i + 1)) yield [i, ...rest];
}

/*
 * H = [[2, 1], [1, 2]], w = (1, 3). Keeping the first leaves ½·(2 − ½)·3² = 6¾, keeping the second ¾ (see linear.test.ts): the
 * exchange gains 6.
 */
test('by hand', () => {
  const { bits, count, gain } = exchangeRows(layerOf([[2, 1], [1, 2]], 1), Float32Array.of(1, 3), bitsFrom(2, (i) => i === 0)); // prettier-ignore
  expect(keptOf(bits)).toEqual([1]);
  expect(count).toBe(1);
  expect(gain).toBeCloseTo(6, 12);
});

test('law: never a higher loss, the count stays, and no single exchange is left that helps', () => {
  const draws = [fc.integer({ min: 2, max: 9 }), fc.integer(), fc.nat()] as const;
  fc.assert(
    fc.property(...draws, (n, seed, share) => {
      const [h, w] = [drawHessian(n, seed), drawRow(n, seed + 1)];
      const start = bitsFrom(n, (i) => i < 1 + (share % (n - 1)));
      const { bits, gain } = exchangeRows(layerOf(h, 1), Float32Array.from(w), start);
      const kept = keptOf(bits);
      const [before, after] = [lossOf(h, w, keptOf(start)), lossOf(h, w, kept)];
      expect(countKept(bits)).toBe(countKept(start));
      expect(after).toBeLessThanOrEqual(before * (1 + 1e-9));
      expect(gain).toBeCloseTo(before - after, 8);
      for (const goes of kept)
        for (let comes = 0; comes < n; comes++) {
          if (kept.includes(comes)) continue;
          const other = [...kept.filter((i) => i !== goes), comes].sort((a, b) => a - b);
          expect(lossOf(h, w, other)).toBeGreaterThanOrEqual(after * (1 - 1e-7));
        }
    }),
    { numRuns: 60 },
  );
});

test('against the best of all masks: mostly found, and never beaten', () => {
  let [found, tried] = [0, 0];
  for (let seed = 0; seed < 40; seed++) {
    const [h, w] = [drawHessian(8, seed, { rows: 10 }), drawRow(8, seed + 100)];
    const best = Math.min(...Array.from(subsets(8, 3), (kept) => lossOf(h, w, kept)));
    const { bits } = exchangeRows(
      layerOf(h, 1),
      Float32Array.from(w),
      bitsFrom(8, (i) => i < 3),
    );
    const reached = lossOf(h, w, keptOf(bits));
    expect(reached).toBeGreaterThanOrEqual(best * (1 - 1e-9));
    tried++;
    if (reached <= best * (1 + 1e-9)) found++;
  }
  expect(found / tried).toBeGreaterThan(0.7);
});

test('rows by themselves, zeros stay out, a limit is kept, and the fit of the new mask is no worse', async () => {
  const [n, outputs] = [12, 5];
  const h = drawHessian(n, 3);
  const values = Float32Array.from(drawRow(n * outputs, 4), (w, i) => (i % 7 === 0 ? 0 : w));
  const start = bitsFrom(values.length, (i) => i % 3 === 0 && values[i] !== 0);
  const layer = layerOf(h, outputs);
  const { bits, count } = exchangeRows(layer, values, start);
  expect(count).toBeGreaterThan(5);
  expect(exchangeRows(layer, values, start, { most: 1 }).count).toBeLessThanOrEqual(outputs);
  const linear = await createLinear();
  const param = { id: 'k', shape: [n, outputs], inAxis: 0, role: 'kernel' as const, uses: 1, trainable: true };
  const whole = { ...layer, param, dead: [new Uint8Array(n)] };
  const rowIn = (all: ArrayLike<number>, output: number) =>
    Array.from({ length: n }, (_, i) => all[i * outputs + output]);
  const [old, now] = [start, bits].map((mask) => refitRows(linear, whole, values, mask));
  for (let output = 0; output < outputs; output++) {
    const inRow = (mask: typeof bits) =>
      rowIn(
        Array.from(values, (_, i) => Number(isKept(mask, i))),
        output,
      );
    const sum = (list: number[]) => list.reduce((a, b) => a + b, 0);
    expect(sum(inRow(bits))).toBe(sum(inRow(start)));
    inRow(bits).forEach((bit, i) => bit === 1 && expect(values[i * outputs + output]).not.toBe(0));
    const wanted = rowIn(values, output);
    expect(slowLoss(h, wanted, rowIn(now, output))).toBeLessThanOrEqual(slowLoss(h, wanted, rowIn(old, output)) + 1e-9);
  }
});

test('nothing to exchange: the mask is the same object', () => {
  const layer = layerOf(drawHessian(4, 1), 1);
  const full = bitsFrom(4, () => true);
  expect(exchangeRows(layer, Float32Array.of(1, 2, 3, 4), full)).toEqual({ bits: full, count: 0, gain: 0 });
});
