import { madd } from './madd';
import { NineJob } from './abi';

/** Four inputs, `stride` apart; those behind them, of the next column; and those two columns on. */
@inline
function even(stride: i32, x: usize): v128 {
  return stride == 1 ? v128.load(x) : v128.shuffle<f32>(v128.load(x), v128.load(x, 16), 0, 2, 4, 6);
}
@inline
function odd(stride: i32, x: usize): v128 {
  return stride == 1 ? v128.load(x, 4) : v128.shuffle<f32>(v128.load(x), v128.load(x, 16), 1, 3, 5, 7);
}
@inline
function later(stride: i32, x: usize): v128 {
  return stride == 1 ? v128.load(x, 8) : v128.shuffle<f32>(v128.load(x, 8), v128.load(x, 24), 0, 2, 4, 6);
}

@inline
function inside(v: v128, mask: usize): v128 {
  return v128.and(v, v128.load(mask));
}

/**
 * Rows of outputs of one plane of one image. Inputs beside the image are taken from the rows before and behind, and masked in a row's first
 * and last vector; rows above and below it are zeros.
 */
@inline
function plane(S: i32, job: NineJob, x: usize, y: usize, w: usize, biases: usize): void {
  const bias = v128.load32_splat(biases);
  const low = f32x4.splat(job.low);
  const high = f32x4.splat(job.high);
  const w0 = v128.load32_splat(w);
  const w1 = v128.load32_splat(w, 4);
  const w2 = v128.load32_splat(w, 8);
  const w3 = v128.load32_splat(w, 12);
  const w4 = v128.load32_splat(w, 16);
  const w5 = v128.load32_splat(w, 20);
  const w6 = v128.load32_splat(w, 24);
  const w7 = v128.load32_splat(w, 28);
  const w8 = v128.load32_splat(w, 32);
  const width = <usize>job.inWidth << 2;
  const height = job.inHeight;
  const step: usize = S == 1 ? 16 : 32;
  const left = <usize>job.left << 2;
  const masks = job.masks;
  let h = -job.top;
  for (let r = job.outHeight; r > 0; r--, h += S) {
    const line = x + <usize>h * width;
    let p0 = (h >= 0 && h < height ? line : job.zeros) - left;
    let p1 = (h + 1 >= 0 && h + 1 < height ? line + width : job.zeros) - left;
    let p2 = (h + 2 >= 0 && h + 2 < height ? line + 2 * width : job.zeros) - left;
    let n = job.outWidth;
    let mask = masks;
    while (true) {
      // The first vector and the last.
      let a = madd(inside(even(S, p0), mask), w0, bias);
      let b = f32x4.mul(inside(odd(S, p0), mask + 16), w1);
      a = madd(inside(later(S, p0), mask + 32), w2, a);
      b = madd(inside(even(S, p1), mask), w3, b);
      a = madd(inside(odd(S, p1), mask + 16), w4, a);
      b = madd(inside(later(S, p1), mask + 32), w5, b);
      a = madd(inside(even(S, p2), mask), w6, a);
      b = madd(inside(odd(S, p2), mask + 16), w7, b);
      a = madd(inside(later(S, p2), mask + 32), w8, a);
      v128.store(y, f32x4.pmin(f32x4.pmax(f32x4.add(a, b), low), high));
      if (n <= 4) {
        y += <usize>n << 2;
        break;
      }
      n -= 4;
      y += 16;
      p0 += step;
      p1 += step;
      p2 += step;
      mask = masks + 48;
      for (; n > 4; n -= 4, y += 16, p0 += step, p1 += step, p2 += step) {
        let a = madd(even(S, p0), w0, bias);
        let b = f32x4.mul(odd(S, p0), w1);
        a = madd(later(S, p0), w2, a);
        b = madd(even(S, p1), w3, b);
        a = madd(odd(S, p1), w4, a);
        b = madd(later(S, p1), w5, b);
        a = madd(even(S, p2), w6, a);
        b = madd(odd(S, p2), w7, b);
        a = madd(later(S, p2), w8, a);
        v128.store(y, f32x4.pmin(f32x4.pmax(f32x4.add(a, b), low), high));
      }
    }
  }
}

export function plane1(job: NineJob, x: usize, y: usize, weights: usize, bias: usize): void {
  plane(1, job, x, y, weights, bias);
}
export function plane2(job: NineJob, x: usize, y: usize, weights: usize, bias: usize): void {
  plane(2, job, x, y, weights, bias);
}

export function nine(job: NineJob, x: usize, y: usize): void {
  let weights = job.weights;
  let biases = job.bias;
  const inImage = <usize>(job.inHeight * job.inWidth) << 2;
  const outImage = <usize>(job.outHeight * job.outWidth) << 2;
  for (let c: i32 = 0; c < job.inChannels; c++, x += job.inStride) {
    for (let m: i32 = 0; m < job.multiplier; m++, y += job.outStride, weights += 36, biases += 4) {
      let p = x;
      let q = y;
      for (let i: i32 = 0; i < job.batch; i++, p += inImage, q += outImage) {
        if (job.stride == 1) plane1(job, p, q, weights, biases);
        else plane2(job, p, q, weights, biases);
      }
    }
  }
}
