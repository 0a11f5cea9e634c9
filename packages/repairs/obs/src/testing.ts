import { seededRandom } from '@espalier/core';
import { padded, type Square, zeroSquare } from './linear.js';

export const squareOf = (rows: readonly (readonly number[])[]): Square => {
  const square = zeroSquare(rows.length);
  rows.forEach((row, i) => row.forEach((value, j) => (square.values[i * padded(rows.length) + j] = value)));
  return square;
};

export const rowsOf = ({ n, values }: Square): number[][] =>
  Array.from({ length: n }, (_, i) => Array.from(values.subarray(i * padded(n), i * padded(n) + n)));

/** XᵀX/rows + damping·I for drawn X. */
export function drawHessian(n: number, seed: number, { rows = 2 * n, damping = 0.01 } = {}): number[][] {
  const random = seededRandom(seed);
  const x = Array.from({ length: rows }, () => {
    const shared = random() - 0.5;
    return Array.from({ length: n }, () => shared + random() - 0.5);
  });
  return Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => x.reduce((sum, r) => sum + r[i] * r[j], 0) / rows + (i === j ? damping : 0)),
  );
}

/** Gauss-Jordan with pivoting, the slow and obvious way. */
export function slowInverse(a: readonly (readonly number[])[]): number[][] {
  const n = a.length;
  const m = a.map((row, i) => [...row, ...row.map((_, j) => Number(i === j))]);
  for (let k = 0; k < n; k++) {
    let best = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(m[i][k]) > Math.abs(m[best][k])) best = i;
    [m[k], m[best]] = [m[best], m[k]];
    const pivot = m[k][k];
    m[k] = m[k].map((v) => v / pivot);
    for (let i = 0; i < n; i++) {
      const factor = m[i][k];
      if (i !== k) m[i] = m[i].map((v, j) => v - factor * m[k][j]);
    }
  }
  return m.map((row) => row.slice(n));
}

/** ½·(a − b)ᵀH(a − b). */
export function slowLoss(h: readonly (readonly number[])[], a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  h.forEach((row, i) => row.forEach((value, j) => (sum += value * (a[i] - b[i]) * (a[j] - b[j]))));
  return sum / 2;
}

/** The normal equations of the kept weights. */
export function slowFit(h: readonly (readonly number[])[], w: readonly number[], kept: readonly number[]): number[] {
  const inverse = slowInverse(kept.map((i) => kept.map((j) => h[i][j])));
  const b = kept.map((i) => h[i].reduce((sum, value, j) => sum + value * w[j], 0));
  const fitted = w.map(() => 0);
  kept.forEach((i, k) => (fitted[i] = inverse[k].reduce((sum, value, j) => sum + value * b[j], 0)));
  return fitted;
}

/** Greedy removal, each step by trying every weight with the normal equations. */
export function slowTrace(
  h: readonly (readonly number[])[],
  w: readonly number[],
): { order: number[]; total: number[] } {
  let kept = w.map((_, i) => i);
  const [order, total] = [[] as number[], [] as number[]];
  while (kept.length > 0) {
    const losses = kept.map((i) =>
      slowLoss(
        h,
        w,
        slowFit(
          h,
          w,
          kept.filter((j) => j !== i),
        ),
      ),
    );
    const best = losses.indexOf(Math.min(...losses));
    order.push(kept[best]);
    total.push(losses[best]);
    kept = kept.filter((_, i) => i !== best);
  }
  return { order, total };
}
