import { ConvolveJob, DENSE_PIXELS } from './abi';
import { madd } from './madd';
import { point } from './panel';

/** Inputs of one pass, so that their weights for 16 outputs stay in the first-level cache. */
const INPUTS: i32 = 256;

/**
 * V vectors of outputs of two pixels, `channels` inputs of each of `taps` taps: no panel, for NHWC has what is needed side by side.
 * `from` is in bytes from the places of the pixels; the two sums start from s and t, and go, clamped, to y and z.
 */
@inline
function tile(
  V: i32, pointers: usize, taps: i32, channels: usize, from: usize, weights: usize, s: usize, t: usize, y: usize, z: usize, low: f32, high: f32,
): void {
  let a0 = v128.load(s);
  let a1 = V > 1 ? v128.load(s, 16) : a0;
  let a2 = V > 2 ? v128.load(s, 32) : a0;
  let a3 = V > 2 ? v128.load(s, 48) : a0;
  let b0 = v128.load(t);
  let b1 = V > 1 ? v128.load(t, 16) : b0;
  let b2 = V > 2 ? v128.load(t, 32) : b0;
  let b3 = V > 2 ? v128.load(t, 48) : b0;
  for (; taps > 0; taps--, pointers += <usize>DENSE_PIXELS << 2) {
    let p = <usize>load<u32>(pointers) + from;
    let q = <usize>load<u32>(pointers, 4) + from;
    const end = p + (channels << 2);
    for (; p < end; p += 4, q += 4, weights += <usize>V << 4) {
      const u = v128.load32_splat(p);
      const v = v128.load32_splat(q);
      const w0 = v128.load(weights);
      a0 = madd(u, w0, a0);
      b0 = madd(v, w0, b0);
      if (V > 1) {
        const w1 = v128.load(weights, 16);
        a1 = madd(u, w1, a1);
        b1 = madd(v, w1, b1);
      }
      if (V > 2) {
        const w2 = v128.load(weights, 32);
        a2 = madd(u, w2, a2);
        b2 = madd(v, w2, b2);
        const w3 = v128.load(weights, 48);
        a3 = madd(u, w3, a3);
        b3 = madd(v, w3, b3);
      }
    }
  }
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  v128.store(z, f32x4.pmin(f32x4.pmax(b0, lows), highs));
  if (V > 1) v128.store(z, f32x4.pmin(f32x4.pmax(b1, lows), highs), 16);
  if (V > 2) v128.store(z, f32x4.pmin(f32x4.pmax(b2, lows), highs), 32);
  if (V > 2) v128.store(z, f32x4.pmin(f32x4.pmax(b3, lows), highs), 48);
  v128.store(y, f32x4.pmin(f32x4.pmax(a0, lows), highs));
  if (V > 1) v128.store(y, f32x4.pmin(f32x4.pmax(a1, lows), highs), 16);
  if (V > 2) v128.store(y, f32x4.pmin(f32x4.pmax(a2, lows), highs), 32);
  if (V > 2) v128.store(y, f32x4.pmin(f32x4.pmax(a3, lows), highs), 48);
}

export function tile4(
  pointers: usize, taps: i32, channels: usize, from: usize, weights: usize, s: usize, t: usize, y: usize, z: usize, low: f32, high: f32,
): void {
  tile(4, pointers, taps, channels, from, weights, s, t, y, z, low, high);
}
export function tile2(
  pointers: usize, taps: i32, channels: usize, from: usize, weights: usize, s: usize, t: usize, y: usize, z: usize, low: f32, high: f32,
): void {
  tile(2, pointers, taps, channels, from, weights, s, t, y, z, low, high);
}
export function tile1(
  pointers: usize, taps: i32, channels: usize, from: usize, weights: usize, s: usize, t: usize, y: usize, z: usize, low: f32, high: f32,
): void {
  tile(1, pointers, taps, channels, from, weights, s, t, y, z, low, high);
}

@inline
function someTile(V: i32, pointers: usize, taps: i32, channels: usize, from: usize, weights: usize, s: usize, t: usize, y: usize, z: usize, low: f32, high: f32): void {
  if (V == 4) tile4(pointers, taps, channels, from, weights, s, t, y, z, low, high);
  else if (V == 2) tile2(pointers, taps, channels, from, weights, s, t, y, z, low, high);
  else tile1(pointers, taps, channels, from, weights, s, t, y, z, low, high);
}

/**
 * One block of outputs of some pixels: as many inputs at a time as have their weights in the cache. Sums in between are kept in scratch, and so
 * are blocks that reach past the last output. Pixels go in pairs; of an odd one at the end, both halves of the pair write to the same place, the
 * real one last.
 */
function block(job: ConvolveJob, V: i32, pixels: i32, weights: usize, bias: usize, y: usize, whole: bool, low: f32, high: f32): void {
  const sums = job.sums;
  const wide = <usize>V << 4;
  const row = <usize>job.outChannels << 2;
  const taps = job.kernelHeight * job.kernelWidth;
  const channels = job.inChannels;
  const someTaps = max(1, INPUTS / channels);
  for (let tap: i32 = 0; tap < taps; tap += someTaps) {
    const n = min(someTaps, taps - tap);
    for (let c: i32 = 0; c < channels; c += INPUTS) {
      const some = <usize>min(INPUTS, channels - c);
      const first = tap == 0 && c == 0;
      const last = tap + n == taps && c + INPUTS >= channels;
      const direct = last && whole;
      const pitch = direct ? row : wide;
      const lowest = last ? low : <f32>-Infinity;
      const highest = last ? high : <f32>Infinity;
      let pointers = job.pointers + (<usize>(tap * DENSE_PIXELS) << 2);
      let s = sums;
      let to = direct ? y : sums;
      for (let q = pixels; q > 0; q -= 2, s += 2 * wide, to += 2 * pitch, pointers += 8) {
        const t = first ? bias : s + wide;
        someTile(V, pointers, n, some, <usize>c << 2, weights, first ? bias : s, t, to, direct && q == 1 ? to : to + pitch, lowest, highest);
      }
      weights += <usize>n * some * wide;
    }
  }
}

/**
 * y = clamp(conv(x) + bias, low, high), NHWC in and out, with every weight. Weights [outputs/16][inputs][16]; of the outputs after the
 * last 16, blocks of 8 and of 4, those past the end being zeros. `bias` is read up to the next multiple of four outputs.
 */
export function convolveDense(job: ConvolveJob, x: usize, y: usize, bias: usize, low: f32, high: f32): void {
  const outputs = job.outChannels;
  const inputs = <usize>(job.kernelHeight * job.kernelWidth * job.inChannels);
  const pixels = job.batch * job.outHeight * job.outWidth;
  const row = <usize>outputs << 2;
  for (let n: i32 = 0; n < pixels; n += DENSE_PIXELS, y += row * DENSE_PIXELS) {
    const some = min(DENSE_PIXELS, pixels - n);
    point(job, x, n, some, DENSE_PIXELS);
    let weights = job.steps;
    for (let m: i32 = 0; m < outputs; ) {
      const rest = outputs - m;
      const V = rest > 12 ? 4 : rest > 4 ? 2 : 1;
      const whole = rest >= V << 2;
      const to = y + (<usize>m << 2);
      block(job, V, some, weights, bias + (<usize>m << 2), to, whole, low, high);
      if (!whole) {
        for (let q: usize = 0; q < <usize>some; q++) {
          for (let i: usize = 0; i < <usize>rest << 2; i += 4) store<f32>(to + q * row + i, load<f32>(job.sums + q * (<usize>V << 4) + i));
        }
      }
      weights += (inputs * <usize>V) << 4;
      m += V << 2;
    }
  }
}
