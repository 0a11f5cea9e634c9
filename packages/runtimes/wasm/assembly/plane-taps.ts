import { madd } from './madd';
import { border } from './plane-border';
import { BorderJob, TapJob, Window } from './abi';

@inline
function put(y: usize, v: v128, low: v128, high: v128): void {
  v128.store(y, f32x4.pmin(f32x4.pmax(v, low), high));
}

@inline
function next(window: i32, a: v128, x: v128, w: v128): v128 {
  if (window == Window.SUM) return madd(x, w, a);
  return window == Window.MAX ? f32x4.pmax(a, x) : f32x4.add(a, x);
}

/** One row of outputs from its first input on, sixteen pixels at a time and then four. */
@inline
function row(window: i32, job: TapJob, x: usize, y: usize, weights: usize, factors: usize, start: v128, low: v128, high: v128): void {
  const last = job.offsets + (<usize>job.taps << 2);
  const end = y + (<usize>job.outWidth << 2);
  for (; y + 48 < end; y += 64, x += 64, factors += 64) {
    let a = start;
    let b = start;
    let c = start;
    let d = start;
    for (let o = job.offsets, w = weights; o < last; o += 4, w += 4) {
      const p = x + <usize>load<u32>(o);
      const weight = v128.load32_splat(w);
      a = next(window, a, v128.load(p), weight);
      b = next(window, b, v128.load(p, 16), weight);
      c = next(window, c, v128.load(p, 32), weight);
      d = next(window, d, v128.load(p, 48), weight);
    }
    if (window == Window.MEAN) {
      a = f32x4.mul(a, v128.load(factors));
      b = f32x4.mul(b, v128.load(factors, 16));
      c = f32x4.mul(c, v128.load(factors, 32));
      d = f32x4.mul(d, v128.load(factors, 48));
    }
    put(y, a, low, high);
    put(y + 16, b, low, high);
    put(y + 32, c, low, high);
    put(y + 48, d, low, high);
  }
  for (; y < end; y += 16, x += 16, factors += 16) {
    let a = start;
    for (let o = job.offsets, w = weights; o < last; o += 4, w += 4) {
      a = next(window, a, v128.load(x + <usize>load<u32>(o)), v128.load32_splat(w));
    }
    if (window == Window.MEAN) a = f32x4.mul(a, v128.load(factors));
    put(y, a, low, high);
  }
}

/** Depthwise convolution and pooling over planes, from x to y, with any taps: each plane is first copied into one with a border. */
export function taps(job: TapJob, x: usize, y: usize): void {
  const low = f32x4.splat(job.low);
  const high = f32x4.splat(job.high);
  const width = <usize>job.outWidth << 2;
  let weights = job.weights;
  let bias = job.bias;
  for (let c: i32 = 0; c < job.inChannels; c++, x += job.inStride) {
    border(changetype<BorderJob>(job.border), x, job.scratch);
    for (let m: i32 = 0; m < job.multiplier; m++, y += job.outStride) {
      let to = y;
      for (let i: i32 = 0; i < job.batch; i++) {
        let p = job.scratch + <usize>i * job.imageBytes;
        let factors = weights;
        for (let r: i32 = 0; r < job.outHeight; r++, p += job.rowBytes, to += width) {
          if (job.window == Window.SUM) row(Window.SUM, job, p, to, weights, 0, v128.load32_splat(bias), low, high);
          else if (job.window == Window.MAX) row(Window.MAX, job, p, to, weights, 0, f32x4.splat(-Infinity), low, high);
          else {
            row(Window.MEAN, job, p, to, weights, factors, f32x4.splat(0), low, high);
            factors += width;
          }
        }
      }
      if (job.window == Window.SUM) {
        weights += <usize>job.taps << 2;
        bias += 4;
      }
    }
  }
}
