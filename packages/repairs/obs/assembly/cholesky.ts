import { packDoubles, packTransposed, rankUpdate } from './gram';

const BLOCK: i32 = 32;

@inline
function at(a: usize, stride: i32, i: i32, j: i32): usize {
  return a + ((<usize>i * stride + j) << 3);
}

/**
 * a = L·Lᵀ in place, in the lower triangle of n × n float64 values; n and stride are multiples of 4. Answers −1, or the index
 * of the first pivot that is not above `floor`. `panel` has room for 32 n values.
 */
export function cholesky(a: usize, n: i32, stride: i32, floor: f64, panel: usize): i32 {
  for (let k: i32 = 0; k < n; k += BLOCK) {
    const end = min(k + BLOCK, n);
    for (let i = k; i < n; i++) {
      const row = at(a, stride, i, 0);
      for (let j = k; j < min(i + 1, end); j++) {
        const other = at(a, stride, j, 0);
        let sum = load<f64>(row + (<usize>j << 3));
        for (let t = k; t < j; t++) sum -= load<f64>(row + (<usize>t << 3)) * load<f64>(other + (<usize>t << 3));
        if (i == j) {
          if (!(sum > floor)) return i;
          store<f64>(row + (<usize>j << 3), Math.sqrt(sum));
        } else store<f64>(row + (<usize>j << 3), sum / load<f64>(other + (<usize>j << 3)));
      }
    }
    if (end == n) break;
    packTransposed(at(a, stride, end, k), n - end, stride, end - k, panel);
    rankUpdate(panel, end - k, n - end, -1, at(a, stride, end, end), stride);
  }
  return -1;
}

/** L⁻¹ in place of the lower triangular L; the upper triangle becomes zero. `row` has room for n values. */
export function invertTriangle(a: usize, n: i32, stride: i32, row: usize): void {
  for (let i: i32 = 0; i < n; i++) {
    const out = at(a, stride, i, 0);
    memory.copy(row, out, <usize>n << 3);
    memory.fill(out, 0, <usize>n << 3);
    const scale = 1 / load<f64>(row + (<usize>i << 3));
    let j: i32 = 0;
    for (; j + 4 <= i; j += 4) addRows(out, at(a, stride, j, 0), <usize>stride << 3, row + (<usize>j << 3), -scale, j + 4);
    for (; j < i; j++) {
      const factor = -scale * load<f64>(row + (<usize>j << 3));
      for (let c: i32 = 0; c <= j; c++) {
        const to = out + (<usize>c << 3);
        store<f64>(to, load<f64>(to) + factor * load<f64>(at(a, stride, j, c)));
      }
    }
    store<f64>(out + (<usize>i << 3), scale);
  }
}

function addRows(out: usize, rows: usize, stride: usize, factors: usize, scale: f64, count: i32): void {
  const f0 = f64x2.splat(load<f64>(factors) * scale);
  const f1 = f64x2.splat(load<f64>(factors, 8) * scale);
  const f2 = f64x2.splat(load<f64>(factors, 16) * scale);
  const f3 = f64x2.splat(load<f64>(factors, 24) * scale);
  const end = out + (<usize>count << 3);
  while (out < end) {
    let sum = f64x2.add(v128.load(out), f64x2.mul(f0, v128.load(rows)));
    sum = f64x2.add(sum, f64x2.mul(f1, v128.load(rows + stride)));
    sum = f64x2.add(sum, f64x2.mul(f2, v128.load(rows + (stride << 1))));
    v128.store(out, f64x2.add(sum, f64x2.mul(f3, v128.load(rows + stride * 3))));
    out += 16;
    rows += 16;
  }
}

/** out = XᵀX, both triangles, for the lower triangular X = L⁻¹: the inverse of L·Lᵀ. `panel` has room for 32 n values. */
export function squareTriangle(x: usize, n: i32, stride: i32, out: usize, panel: usize): void {
  memory.fill(out, 0, (<usize>n * stride) << 3);
  for (let k: i32 = 0; k < n; k += BLOCK) {
    const end = min(k + BLOCK, n);
    packDoubles(at(x, stride, k, 0), end - k, stride, end, panel);
    rankUpdate(panel, end - k, end, 1, out, stride);
  }
  mirror(out, n, stride);
}

/** Copies the lower triangle over the upper one. */
function mirror(a: usize, n: i32, stride: i32): void {
  for (let i: i32 = 1; i < n; i++) {
    for (let j: i32 = 0; j < i; j++) store<f64>(at(a, stride, j, i), load<f64>(at(a, stride, i, j)));
  }
}

/** x ← (L·Lᵀ)⁻¹ x. */
export function solve(l: usize, n: i32, stride: i32, x: usize): void {
  for (let i: i32 = 0; i < n; i++) {
    let sum = load<f64>(x + (<usize>i << 3));
    for (let j: i32 = 0; j < i; j++) sum -= load<f64>(at(l, stride, i, j)) * load<f64>(x + (<usize>j << 3));
    store<f64>(x + (<usize>i << 3), sum / load<f64>(at(l, stride, i, i)));
  }
  for (let i = n - 1; i >= 0; i--) {
    const value = load<f64>(x + (<usize>i << 3)) / load<f64>(at(l, stride, i, i));
    store<f64>(x + (<usize>i << 3), value);
    for (let j: i32 = 0; j < i; j++) {
      const to = x + (<usize>j << 3);
      store<f64>(to, load<f64>(to) - value * load<f64>(at(l, stride, i, j)));
    }
  }
}

/** The rows and columns of `a` that `index` lists, as a count × count matrix of its own; past `count` the identity. */
export function gather(a: usize, stride: i32, index: usize, count: i32, out: usize, outStride: i32): void {
  for (let i: i32 = 0; i < outStride; i++) {
    const row = i < count ? at(a, stride, load<i32>(index + (<usize>i << 2)), 0) : 0;
    for (let j: i32 = 0; j <= i; j++) {
      const value = i < count ? load<f64>(row + (<usize>load<i32>(index + (<usize>j << 2)) << 3)) : i == j ? 1 : 0;
      store<f64>(at(out, outStride, i, j), value);
    }
  }
}
