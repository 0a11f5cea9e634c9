import { assemblyHash } from '../scripts/assembly-hash.cjs';
import { bitsFrom, isKept, seededRandom } from '@espalier/core';
import fc from 'fast-check';
import { SOURCES } from './binary.js';
import { blockedRows } from './blocked.js';
import { quadraticLoss, traceScores } from './exact.js';
import type { LayerHessian } from './hessians.js';
import { layoutOf } from './layout.js';
import { createLinear, type Linear, mirror, zeroSquare } from './linear.js';
import { refitRows } from './refit.js';
import { drawHessian, rowsOf, slowFit, slowInverse, slowLoss, slowTrace, squareOf } from './testing.js';

let linear: Linear;
beforeAll(async () => {
  linear = await createLinear();
});

const near = (a: ArrayLike<number>, b: ArrayLike<number>, relative = 1e-9) => {
  const scale = Math.max(1e-12, ...Array.from(b, Math.abs));
  expect(a.length).toBe(b.length);
  for (let i = 0; i < b.length; i++) expect(Math.abs(a[i] - b[i])).toBeLessThanOrEqual(relative * scale);
};
const layerOf = (shape: number[], hessians: number[][][], inAxis = shape.length - 2): LayerHessian => ({
  param: { id: 'k', shape, inAxis, role: 'kernel', uses: 1, trainable: true },
  layout: layoutOf({ shape, inAxis }),
  hessians: hessians.map(squareOf),
  dead: hessians.map((h) => new Uint8Array(h.length)),
});

test('the compiled module is that of the sources in assembly/', () => expect(SOURCES).toBe(assemblyHash()));

describe('by hand', () => {
  /*
   * H = [[2, 1], [1, 2]], H⁻¹ = ⅓·[[2, −1], [−1, 2]], w = (1, 3). Costs w²/(2·⅔): ¾ and 6¾. The first goes; the other gets
   * −1/⅔·(−⅓) = +½. Alone it costs ½·2·3.5² = 12¼.
   */
  test('2 × 2', () => {
    const inverse = linear.invert(squareOf([[2, 1], [1, 2]]))!; // prettier-ignore
    near(rowsOf(inverse).flat(), [2 / 3, -1 / 3, -1 / 3, 2 / 3]);
    const one = linear.trace(inverse, Float64Array.of(1, 3), 1);
    expect(Array.from(one.order)).toEqual([0]);
    near(one.loss, [0.75]);
    near(one.weights, [0, 3.5]);
    near(linear.trace(inverse, Float64Array.of(1, 3), 2).loss, [0.75, 12.25]);
  });

  /*
   * H = [[2, 1, 0], [1, 2, 1], [0, 1, 2]], H⁻¹ = ¼·[[3, −2, 1], [−2, 4, −2], [1, −2, 3]], w = (1, 1, 2). Costs ⅔, ½, 8/3: the middle goes
   * and gives ½ to each side. Then H_SS = 2·I: 1.5² = 2¼, and 2.5² = 6¼.
   */
  test('3 × 3', () => {
    const h = [[2, 1, 0], [1, 2, 1], [0, 1, 2]]; // prettier-ignore
    const inverse = linear.invert(squareOf(h))!;
    near(rowsOf(inverse).flat(), [0.75, -0.5, 0.25, -0.5, 1, -0.5, 0.25, -0.5, 0.75]);
    const all = linear.trace(inverse, Float64Array.of(1, 1, 2), 3);
    expect(Array.from(all.order)).toEqual([1, 0, 2]);
    near(all.loss, [0.5, 2.25, 6.25]);
    near(linear.trace(inverse, Float64Array.of(1, 1, 2), 1).weights, [1.5, 0, 2.5]);
    // Forced: the last goes first, −2/¾·(¼, −½) = (−⅔, +4⁄3).
    near(linear.trace(inverse, Float64Array.of(1, 1, 2), 1, [2]).weights, [1 / 3, 7 / 3, 0]);
    const layer = layerOf([3, 1], [h]);
    near(
      refitRows(
        linear,
        layer,
        Float32Array.of(1, 1, 2),
        bitsFrom(3, (i) => i !== 1),
      ),
      [1.5, 0, 2.5],
      1e-6,
    );
  });

  test('equal costs: the lower index goes first', () => {
    const { order } = linear.trace(squareOf([[1, 0], [0, 1]]), Float64Array.of(2, 2), 2); // prettier-ignore
    expect(Array.from(order)).toEqual([0, 1]);
  });
});

test('Gram matrices of any size and number of rows', () =>
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 13 }), fc.integer({ min: 1, max: 300 }), fc.nat(), (n, rows, seed) => {
      const random = seededRandom(seed);
      const x = Float32Array.from({ length: n * rows }, () => random() - 0.5);
      const sums = zeroSquare(n);
      linear.addGram(sums, x.subarray(0, n * Math.floor(rows / 2)), Math.floor(rows / 2));
      linear.addGram(sums, x.subarray(n * Math.floor(rows / 2)), rows - Math.floor(rows / 2));
      mirror(sums);
      const wanted = Array.from({ length: n }, (_, i) =>
        Array.from({ length: n }, (_, j) => {
          let sum = 0;
          for (let r = 0; r < rows; r++) sum += x[r * n + i] * x[r * n + j];
          return sum;
        }),
      );
      near(rowsOf(sums).flat(), wanted.flat(), 1e-12);
    }),
    { numRuns: 30 },
  ));

test.each([1, 2, 3, 4, 5, 31, 32, 33, 64, 97])('the inverse of a %i × %i matrix', (n) => {
  const h = drawHessian(n, n);
  near(rowsOf(linear.invert(squareOf(h))!).flat(), slowInverse(h).flat(), 1e-8);
  const index = Int32Array.from({ length: Math.ceil(n / 2) }, (_, i) => 2 * i);
  const part = Array.from(index, (i) => Array.from(index, (j) => h[i][j]));
  near(rowsOf(linear.invertPart(squareOf(h), index)!).flat(), slowInverse(part).flat(), 1e-8);
  const b = Float64Array.from(index, (i) => i + 1);
  const solved = linear.solvePart(squareOf(h), index, b)!;
  near(
    part.map((row) => row.reduce((sum, v, j) => sum + v * solved[j], 0)),
    b,
    1e-8,
  );
});

test('what is not positive definite has no inverse', () => {
  for (const h of [
    [
      [1, 2],
      [2, 1],
    ],
    [[0]],
    [[NaN]],
    [
      [1, 1],
      [1, 1],
    ],
  ]) {
    // prettier-ignore
    expect(linear.invert(squareOf(h))).toBeUndefined();
    expect(linear.cholesky(squareOf(h))).toBeUndefined();
  }
});

test('ExactOBS removes what trying every weight removes', () => {
  for (const [n, seed] of [
    [4, 1],
    [6, 2],
    [9, 3],
  ]) {
    // prettier-ignore
    const h = drawHessian(n, seed);
    const random = seededRandom(seed + 10);
    const w = Array.from({ length: n }, () => random() - 0.5);
    const { order, loss } = linear.trace(linear.invert(squareOf(h))!, Float64Array.from(w), n);
    const slow = slowTrace(h, w);
    expect(Array.from(order)).toEqual(slow.order);
    near(
      Array.from(loss).reduce<number[]>((sums, l) => [...sums, (sums[sums.length - 1] ?? 0) + l], []),
      slow.total,
      1e-8,
    );
    const layer = layerOf([n, 1], [h]);
    const scores = traceScores(linear, layer, Float32Array.from(w));
    expect(Array.from(scores, (_, i) => i).sort((a, b) => scores[a] - scores[b])).toEqual(slow.order);
  }
});

describe('repairs of a layer', () => {
  const cases = fc.record({
    n: fc.integer({ min: 1, max: 12 }),
    outputs: fc.integer({ min: 1, max: 3 }),
    seed: fc.nat(1000),
    sparsity: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  const setUp = ({ n, outputs, seed, sparsity }: { n: number; outputs: number; seed: number; sparsity: number }) => {
    const random = seededRandom(seed);
    const h = drawHessian(n, seed);
    const values = Float32Array.from({ length: n * outputs }, () => random() - 0.5);
    const bits = bitsFrom(values.length, () => random() >= sparsity);
    const rows = (flat: Float32Array) =>
      Array.from({ length: outputs }, (_, o) => Array.from({ length: n }, (_, i) => flat[i * outputs + o]));
    return { h, values, bits, rows, layer: layerOf([n, outputs], [h]) };
  };

  test('least squares solves the normal equations, and pruned weights are +0', () =>
    fc.assert(
      fc.property(cases, (options) => {
        const { h, values, bits, rows, layer } = setUp(options);
        const fitted = refitRows(linear, layer, values, bits);
        rows(values).forEach((w, output) => {
          const kept = w.map((_, i) => i).filter((i) => isKept(bits, i * options.outputs + output));
          const wanted = kept.length === 0 ? w.map(() => 0) : slowFit(h, w, kept);
          near(rows(fitted)[output], wanted, 1e-5);
        });
        fitted.forEach((value, i) => expect(isKept(bits, i) || Object.is(value, 0)).toBe(true));
      }),
      { numRuns: 60 },
    ));

  test('no repair leaves more of the quadratic loss than zeroing does, and least squares leaves the least', () =>
    fc.assert(
      fc.property(cases, (options) => {
        const { h, values, bits, rows, layer } = setUp(options);
        const zeroed = values.map((w, i) => (isKept(bits, i) ? w : 0));
        const total = (result: Float32Array) =>
          rows(values).reduce((sum, w, output) => sum + slowLoss(h, w, rows(result)[output]), 0);
        const fit = total(refitRows(linear, layer, values, bits));
        const swept = total(blockedRows(linear, layer, values, { bits, columns: 4 }));
        expect(fit).toBeLessThanOrEqual(total(zeroed) + 1e-7);
        expect(fit).toBeLessThanOrEqual(swept + 1e-7);
      }),
      { numRuns: 60 },
    ));

  test('rows that lose nothing keep their bits; dead rows are zeros', () => {
    const layer = layerOf([3, 2], [drawHessian(3, 5)]);
    const values = Float32Array.of(0.1, 1, 0.2, 2, 0.3, 3);
    const fitted = refitRows(
      linear,
      layer,
      values,
      bitsFrom(6, (i) => i % 2 === 0),
    );
    expect(Array.from(fitted)).toEqual(Array.from(values, (w, i) => (i % 2 === 0 ? w : 0)));
  });

  test("the blocked pass gives the last of its columns what SparseGPT's formulas say", () => {
    // U = upper Cholesky of H⁻¹ = ⅓·[[2, −1], [−1, 2]]: U₀₀ = √⅔, U₀₁ = −⅓/√⅔. err = 1/√⅔, w₁ −= err·U₀₁ = −½.
    const layer = layerOf([2, 1], [[[2, 1], [1, 2]]]); // prettier-ignore
    for (const columns of [1, 2, 128]) {
      near(
        blockedRows(linear, layer, Float32Array.of(1, 3), { bits: bitsFrom(2, (i) => i === 1), columns }),
        [0, 3.5],
        1e-6,
      );
    }
    // Without a mask: (w/U)² = 1.5 and 9/½ = 18, so the first goes.
    near(blockedRows(linear, layer, Float32Array.of(1, 3), { sparsity: 0.5 }), [0, 3.5], 1e-6);
  });

  test('a depthwise kernel is one problem a channel', () => {
    const [a, b] = [drawHessian(4, 1), drawHessian(4, 2)];
    const layer = layerOf([2, 2, 2, 1], [a, b], -1);
    const values = Float32Array.of(0.1, 1, 0.2, 2, 0.3, 3, 0.4, 4);
    const fitted = refitRows(
      linear,
      layer,
      values,
      bitsFrom(8, (i) => i > 1),
    );
    near(
      [0, 1, 2, 3].map((p) => fitted[2 * p]),
      slowFit(a, [0.1, 0.2, 0.3, 0.4], [1, 2, 3]),
      1e-5,
    );
    near(
      [0, 1, 2, 3].map((p) => fitted[2 * p + 1]),
      slowFit(b, [1, 2, 3, 4], [1, 2, 3]),
      1e-5,
    );
  });
});

test('the quadratic loss', () =>
  expect(quadraticLoss(squareOf([[2, 1], [1, 2]]), Float64Array.of(1, 3), Float64Array.of(0, 3.5))).toBeCloseTo(0.75)); // prettier-ignore
