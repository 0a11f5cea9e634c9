// Packed panels: k rows of a matrix, its columns four at a time: panel[c / 4][k][c % 4], float64, zeros past the last column.

/** Rows of float32 → a packed panel; `cols` must be the panel's width, a multiple of 4 not under the `width` that x has. */
export function packFloats(x: usize, rows: i32, width: i32, cols: i32, panel: usize): void {
  for (let k: i32 = 0; k < rows; k++, x += <usize>width << 2) {
    let at = panel + (<usize>k << 5);
    for (let c: i32 = 0; c < cols; c++) {
      store<f64>(at + (<usize>(c & 3) << 3), c < width ? <f64>load<f32>(x + (<usize>c << 2)) : 0);
      if ((c & 3) == 3) at += <usize>rows << 5;
    }
  }
}

/** The same for float64 rows that lie `stride` values apart, of which `cols` are taken. */
export function packDoubles(x: usize, rows: i32, stride: i32, cols: i32, panel: usize): void {
  for (let k: i32 = 0; k < rows; k++, x += <usize>stride << 3) {
    let at = panel + (<usize>k << 5);
    for (let c: i32 = 0; c < cols; c += 4, at += <usize>rows << 5) {
      v128.store(at, v128.load(x + (<usize>c << 3)));
      v128.store(at, v128.load(x + (<usize>c << 3), 16), 16);
    }
  }
}

/** Columns for rows: panel[r / 4][c][r % 4] of `rows` rows, a multiple of 4, and `cols` columns. */
export function packTransposed(x: usize, rows: i32, stride: i32, cols: i32, panel: usize): void {
  for (let r: i32 = 0; r < rows; r++, x += <usize>stride << 3) {
    let at = panel + (((<usize>(r >> 2) * cols) << 2) + (r & 3) << 3);
    for (let c: i32 = 0; c < cols; c++, at += 32) store<f64>(at, load<f64>(x + (<usize>c << 3)));
  }
}

/** c[i, j] += scale · Σ_k panel[k, i]·panel[k, j] for j ≤ i, and for a few more j up to the next multiple of 4. */
export function rankUpdate(panel: usize, rows: i32, cols: i32, scale: f64, c: usize, stride: i32): void {
  const block = <usize>rows << 5;
  for (let i: i32 = 0; i < cols; i += 4) {
    const left = panel + <usize>(i >> 2) * block;
    for (let j: i32 = 0; j <= i; j += 4) {
      tile(left, panel + <usize>(j >> 2) * block, rows, scale, c + ((<usize>i * stride + j) << 3), <usize>stride << 3);
    }
  }
}

export function tile(left: usize, right: usize, rows: i32, scale: f64, c: usize, stride: usize): void {
  const end = left + (<usize>rows << 5);
  let a0 = f64x2.splat(0);
  let a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0;
  while (left < end) {
    const r0 = v128.load(right);
    const r1 = v128.load(right, 16);
    let l = v128.load64_splat(left);
    a0 = f64x2.add(a0, f64x2.mul(l, r0));
    a1 = f64x2.add(a1, f64x2.mul(l, r1));
    l = v128.load64_splat(left, 8);
    b0 = f64x2.add(b0, f64x2.mul(l, r0));
    b1 = f64x2.add(b1, f64x2.mul(l, r1));
    l = v128.load64_splat(left, 16);
    c0 = f64x2.add(c0, f64x2.mul(l, r0));
    c1 = f64x2.add(c1, f64x2.mul(l, r1));
    l = v128.load64_splat(left, 24);
    d0 = f64x2.add(d0, f64x2.mul(l, r0));
    d1 = f64x2.add(d1, f64x2.mul(l, r1));
    left += 32;
    right += 32;
  }
  const s = f64x2.splat(scale);
  accumulate(c, a0, a1, s);
  accumulate(c + stride, b0, b1, s);
  accumulate(c + (stride << 1), c0, c1, s);
  accumulate(c + stride * 3, d0, d1, s);
}

@inline
function accumulate(c: usize, low: v128, high: v128, scale: v128): void {
  v128.store(c, f64x2.add(v128.load(c), f64x2.mul(low, scale)));
  v128.store(c, f64x2.add(v128.load(c, 16), f64x2.mul(high, scale)), 16);
}
