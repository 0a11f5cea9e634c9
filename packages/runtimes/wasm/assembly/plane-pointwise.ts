import { Combination } from './abi';
import { apply } from './activation';
import { madd } from './madd';

@inline
function clamp(v: v128, low: v128, high: v128): v128 {
  return f32x4.pmin(f32x4.pmax(v, low), high);
}

@inline
function combined(op: i32, a: v128, b: v128): v128 {
  if (op == Combination.ADD) return f32x4.add(a, b);
  if (op == Combination.SUB) return f32x4.sub(a, b);
  if (op == Combination.MUL) return f32x4.mul(a, b);
  if (op == Combination.MAX) return f32x4.max(a, b);
  if (op == Combination.MIN) return f32x4.min(a, b);
  return f32x4.div(a, b);
}

/** y = clamp(a op b, low, high), of `count` values, in fours; `op` is a Combination. */
export function combine(op: i32, a: usize, b: usize, y: usize, count: i32, low: f32, high: f32): void {
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  for (; count > 0; count -= 4, a += 16, b += 16, y += 16) {
    v128.store(y, clamp(combined(op, v128.load(a), v128.load(b)), lows, highs));
  }
}

/** y = clamp(scale·x + shift, low, high), plane by plane; scale and shift change with each. Bytes between planes: stride. */
export function affinePlanes(x: usize, y: usize, planes: i32, pixels: i32, stride: usize, scales: usize, shifts: usize, low: f32, high: f32): void {
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  for (let c: i32 = 0; c < planes; c++, x += stride, y += stride, scales += 4, shifts += 4) {
    const scale = v128.load32_splat(scales);
    const shift = v128.load32_splat(shifts);
    for (let i: usize = 0; i < <usize>pixels << 2; i += 16) v128.store(y + i, clamp(madd(v128.load(x + i), scale, shift), lows, highs));
  }
}

/** The same on rows [pixels, channels]; y, which is not x, and scales and shifts hold room for three values more. */
export function affineRows(x: usize, y: usize, pixels: i32, channels: i32, scales: usize, shifts: usize, low: f32, high: f32): void {
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  const row = <usize>channels << 2;
  for (let n: i32 = 0; n < pixels; n++, x += row, y += row) {
    for (let i: usize = 0; i < row; i += 16) {
      v128.store(y + i, clamp(madd(v128.load(x + i), v128.load(scales + i), v128.load(shifts + i)), lows, highs));
    }
  }
}

/** Plane c of image i times factors[i][c], from x to y. */
export function scalePlanes(x: usize, y: usize, factors: usize, planes: i32, images: i32, pixels: i32, stride: usize): void {
  const row = <usize>planes << 2;
  for (let c: i32 = 0; c < planes; c++, x += stride, y += stride, factors += 4) {
    let p = x;
    let q = y;
    let f = factors;
    for (let i: i32 = 0; i < images; i++, f += row) {
      const s = v128.load32_splat(f);
      let n = pixels;
      for (; n >= 4; n -= 4, p += 16, q += 16) v128.store(q, f32x4.mul(v128.load(p), s));
      for (; n > 0; n--, p += 4, q += 4) store<f32>(q, load<f32>(p) * load<f32>(f));
    }
  }
}

/** In place, plane by plane; `slopes` are those of the channels. `curve` is a Curve. */
export function activatePlanes(curve: i32, y: usize, planes: i32, pixels: i32, stride: usize, slopes: usize): void {
  for (let c: i32 = 0; c < planes; c++, y += stride, slopes += 4) {
    const slope = v128.load32_splat(slopes);
    for (let i: usize = 0; i < <usize>pixels << 2; i += 16) v128.store(y + i, apply(curve, v128.load(y + i), slope));
  }
}

/** Mean (or maximum) of each plane of each image: y [images, planes]. Sums in four lanes of float32. */
export function poolPlanes(maximum: bool, x: usize, y: usize, planes: i32, images: i32, pixels: i32, stride: usize): void {
  const row = <usize>planes << 2;
  const whole = pixels & ~3;
  for (let c: i32 = 0; c < planes; c++, x += stride, y += 4) {
    let p = x;
    let to = y;
    for (let i: i32 = 0; i < images; i++, to += row) {
      let rest = maximum ? load<f32>(p) : <f32>0;
      if (whole > 0) {
        let a = maximum ? v128.load(p) : f32x4.splat(0);
        for (const end = p + (<usize>whole << 2); p < end; p += 16) a = maximum ? f32x4.max(a, v128.load(p)) : f32x4.add(a, v128.load(p));
        const swapped = v128.shuffle<f32>(a, a, 2, 3, 0, 1);
        a = maximum ? f32x4.max(a, swapped) : f32x4.add(a, swapped);
        const one = f32x4.extract_lane(a, 0);
        const two = f32x4.extract_lane(a, 1);
        rest = maximum ? max(one, two) : one + two;
      }
      for (let n = whole; n < pixels; n++, p += 4) rest = maximum ? max(rest, load<f32>(p)) : rest + load<f32>(p);
      store<f32>(to, maximum ? rest : rest / <f32>pixels);
    }
  }
}
