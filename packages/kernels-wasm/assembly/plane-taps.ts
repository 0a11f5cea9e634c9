import { madd } from './madd';
import { BorderJob, TapJob } from './plane-job';

/** `count` values, and up to three more behind them. */
@inline
function fillRow(to: usize, count: i32, value: v128): void {
  for (; count > 0; count -= 4, to += 16) v128.store(to, value);
}

/** Every second value from x on. */
@inline
function evens(x: usize): v128 {
  return v128.shuffle<f32>(v128.load(x), v128.load(x, 16), 0, 2, 4, 6);
}

/** One row of a phase: what lies before the input's row, its values, what lies behind it. May write three values more. */
function borderRow(job: BorderJob, row: usize, phase: i32, to: usize): void {
  const fill = f32x4.splat(job.fill);
  const stride = job.strideWidth;
  const behind = job.left - phase;
  const first = behind > 0 ? (behind + stride - 1) / stride : 0;
  const from = first * stride - behind;
  const last = from >= job.width ? first : min(job.columns, first + (job.width - from + stride - 1) / stride);
  fillRow(to, min(first, job.columns), fill);
  let p = row + (<usize>from << 2);
  let at = to + (<usize>first << 2);
  const end = to + (<usize>last << 2);
  if (stride == 1) {
    for (; at < end; at += 16, p += 16) v128.store(at, v128.load(p));
  } else if (stride == 2) {
    for (; at < end; at += 16, p += 32) v128.store(at, evens(p));
  } else {
    for (; at < end; at += 4, p += <usize>stride << 2) store<f32>(at, load<f32>(p));
  }
  fillRow(end, job.columns - last, fill);
}

/** One plane of all images with its border, a plane for each phase of the stride: pixel (y, x) of phase (i, j) is (y·s + i, x·s + j). */
export function border(job: BorderJob, x: usize, to: usize): void {
  const pitch = <usize>job.columns << 2;
  const fill = f32x4.splat(job.fill);
  for (let i: i32 = 0; i < job.phasesHeight; i++) {
    for (let j: i32 = 0; j < job.phasesWidth; j++, to += job.planeBytes) {
      let at = to;
      for (let image: i32 = 0; image < job.images; image++) {
        for (let r: i32 = 0; r < job.rows; r++, at += pitch) {
          const h = r * job.strideHeight + i - job.top;
          if (h < 0 || h >= job.height) fillRow(at, job.columns, fill);
          else borderRow(job, x + (<usize>((image * job.height + h) * job.width) << 2), j, at);
        }
      }
    }
  }
}

/** The same for `planes` planes. */
export function borders(job: BorderJob, x: usize, inStride: usize, to: usize, planes: i32): void {
  const bytes = <usize>(job.phasesHeight * job.phasesWidth) * job.planeBytes;
  for (let c: i32 = 0; c < planes; c++, x += inStride, to += bytes) border(job, x, to);
}

@inline
function put(y: usize, v: v128, low: v128, high: v128): void {
  v128.store(y, f32x4.pmin(f32x4.pmax(v, low), high));
}

/** Nine taps, eight pixels at a time: their weights and offsets stay in registers or close by. */
function nine(job: TapJob, x: usize, y: usize, weights: usize, bias: v128, low: v128, high: v128): void {
  const o = job.offsets;
  const p0 = <usize>load<u32>(o);
  const p1 = <usize>load<u32>(o, 4);
  const p2 = <usize>load<u32>(o, 8);
  const p3 = <usize>load<u32>(o, 12);
  const p4 = <usize>load<u32>(o, 16);
  const p5 = <usize>load<u32>(o, 20);
  const p6 = <usize>load<u32>(o, 24);
  const p7 = <usize>load<u32>(o, 28);
  const p8 = <usize>load<u32>(o, 32);
  const w0 = v128.load32_splat(weights);
  const w1 = v128.load32_splat(weights, 4);
  const w2 = v128.load32_splat(weights, 8);
  const w3 = v128.load32_splat(weights, 12);
  const w4 = v128.load32_splat(weights, 16);
  const w5 = v128.load32_splat(weights, 20);
  const w6 = v128.load32_splat(weights, 24);
  const w7 = v128.load32_splat(weights, 28);
  const w8 = v128.load32_splat(weights, 32);
  for (const end = y + (<usize>job.outWidth << 2); y < end; y += 16, x += 16) {
    let a = madd(v128.load(x + p0), w0, bias);
    let b = f32x4.mul(v128.load(x + p1), w1);
    a = madd(v128.load(x + p2), w2, a);
    b = madd(v128.load(x + p3), w3, b);
    a = madd(v128.load(x + p4), w4, a);
    b = madd(v128.load(x + p5), w5, b);
    a = madd(v128.load(x + p6), w6, a);
    b = madd(v128.load(x + p7), w7, b);
    a = madd(v128.load(x + p8), w8, a);
    put(y, f32x4.add(a, b), low, high);
  }
}

/** Any number of taps, four pixels at a time. `factors` are those of the row. */
function several(job: TapJob, x: usize, y: usize, weights: usize, bias: v128, low: v128, high: v128): void {
  const last = job.offsets + (<usize>job.taps << 2);
  let factors = weights;
  for (const end = y + (<usize>job.outWidth << 2); y < end; y += 16, x += 16, factors += 16) {
    let o = job.offsets;
    let a: v128;
    if (job.kind == 0) {
      a = bias;
      for (let w = weights; o < last; o += 4, w += 4) a = madd(v128.load(x + <usize>load<u32>(o)), v128.load32_splat(w), a);
    } else if (job.kind == 1) {
      a = v128.load(x + <usize>load<u32>(o));
      for (o += 4; o < last; o += 4) a = f32x4.pmax(a, v128.load(x + <usize>load<u32>(o)));
    } else {
      a = f32x4.splat(0);
      for (; o < last; o += 4) a = f32x4.add(a, v128.load(x + <usize>load<u32>(o)));
      a = f32x4.mul(a, v128.load(factors));
    }
    put(y, a, low, high);
  }
}

/** Depthwise convolution and pooling over planes, from x to y. */
export function taps(job: TapJob, x: usize, y: usize): void {
  const low = f32x4.splat(job.low);
  const high = f32x4.splat(job.high);
  const width = <usize>job.outWidth << 2;
  let weights = job.weights;
  let bias = job.bias;
  for (let c: i32 = 0; c < job.channels; c++, x += job.inStride) {
    border(changetype<BorderJob>(job.border), x, job.scratch);
    for (let m: i32 = 0; m < job.multiplier; m++, y += job.outStride) {
      const b = job.kind == 0 ? v128.load32_splat(bias) : f32x4.splat(0);
      let to = y;
      for (let i: i32 = 0; i < job.images; i++) {
        let p = job.scratch + <usize>i * job.imageBytes;
        let factors = weights;
        for (let r: i32 = 0; r < job.outHeight; r++, p += job.rowBytes, to += width) {
          if (job.kind == 0 && job.taps == 9) nine(job, p, to, weights, b, low, high);
          else several(job, p, to, factors, b, low, high);
          if (job.kind == 2) factors += width;
        }
      }
      if (job.kind == 0) {
        weights += <usize>job.taps << 2;
        bias += 4;
      }
    }
  }
}
