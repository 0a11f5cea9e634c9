import { Job } from './job';

/** Transposes four vectors of stride `from` bytes to four of stride `to`. */
@inline
function turn(a0: v128, a1: v128, a2: v128, a3: v128, to: usize, stride: usize): void {
  const t0 = v128.shuffle<f32>(a0, a1, 0, 4, 1, 5);
  const t1 = v128.shuffle<f32>(a0, a1, 2, 6, 3, 7);
  const t2 = v128.shuffle<f32>(a2, a3, 0, 4, 1, 5);
  const t3 = v128.shuffle<f32>(a2, a3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(t0, t2, 0, 1, 4, 5));
  v128.store(to + stride, v128.shuffle<f32>(t0, t2, 2, 3, 6, 7));
  v128.store(to + 2 * stride, v128.shuffle<f32>(t1, t3, 0, 1, 4, 5));
  v128.store(to + 3 * stride, v128.shuffle<f32>(t1, t3, 2, 3, 6, 7));
}

/** Where the inputs of `width` output pixels from pixel n on lie, for each tap of the kernel; padding and pixels past the end are zeros. */
export function point(job: Job, x: usize, n: i32, pixels: i32, width: i32): void {
  const area = job.outHeight * job.outWidth;
  let image = n / area;
  let row = (n - image * area) / job.outWidth;
  let column = n - image * area - row * job.outWidth;
  const pixel = <usize>job.inChannels << 2;
  const taps = (job.kernelHeight * job.kernelWidth) as usize;
  for (let q: i32 = 0; q < width; q++) {
    let to = job.pointers + (<usize>q << 2);
    if (q >= pixels) {
      for (let tap: usize = 0; tap < taps; tap++, to += <usize>width << 2) store<u32>(to, job.zeros);
      continue;
    }
    let h = row * job.strideHeight - job.top;
    for (let i: i32 = 0; i < job.kernelHeight; i++, h += job.dilationHeight) {
      let w = column * job.strideWidth - job.left;
      const inside = h >= 0 && h < job.inHeight;
      const line = (image * job.inHeight + h) * job.inWidth;
      for (let j: i32 = 0; j < job.kernelWidth; j++, w += job.dilationWidth, to += <usize>width << 2) {
        store<u32>(to, inside && w >= 0 && w < job.inWidth ? x + <usize>(line + w) * pixel : job.zeros);
      }
    }
    if (++column == job.outWidth) {
      column = 0;
      if (++row == job.outHeight) {
        row = 0;
        image++;
      }
    }
  }
}

/** Copies inputs [from, to) of K = taps × channels of the pixels pointed at into the panel, one input after the other: NHWC → [K][width]. */
export function pack(job: Job, from: i32, to: i32, width: i32, stride: usize): void {
  const channels = job.inChannels;
  let panel = job.panel;
  while (from < to) {
    const tap = from / channels;
    const first = from - tap * channels;
    const last = min(channels, first + to - from);
    let pointers = job.pointers + (<usize>(tap * width) << 2);
    for (let q: usize = 0; q < <usize>width; q += 4, pointers += 16) {
      let p0 = <usize>load<u32>(pointers) + (<usize>first << 2);
      let p1 = <usize>load<u32>(pointers, 4) + (<usize>first << 2);
      let p2 = <usize>load<u32>(pointers, 8) + (<usize>first << 2);
      let p3 = <usize>load<u32>(pointers, 12) + (<usize>first << 2);
      let d = panel + (q << 2);
      let c = first;
      for (; c + 4 <= last; c += 4) {
        turn(v128.load(p0), v128.load(p1), v128.load(p2), v128.load(p3), d, stride);
        p0 += 16;
        p1 += 16;
        p2 += 16;
        p3 += 16;
        d += 4 * stride;
      }
      for (; c < last; c++) {
        store<f32>(d, load<f32>(p0));
        store<f32>(d, load<f32>(p1), 4);
        store<f32>(d, load<f32>(p2), 8);
        store<f32>(d, load<f32>(p3), 12);
        p0 += 4;
        p1 += 4;
        p2 += 4;
        p3 += 4;
        d += stride;
      }
    }
    panel += <usize>(last - first) * stride;
    from += last - first;
  }
}
@inline
function put(to: usize, sum: v128, bias: v128, low: v128, high: v128): void {
  v128.store(to, f32x4.pmin(f32x4.pmax(f32x4.add(sum, bias), low), high));
}

/** The same for fewer than four outputs. */
function putSome(to: usize, sum: v128, bias: v128, low: v128, high: v128, outputs: i32): void {
  const v = f32x4.pmin(f32x4.pmax(f32x4.add(sum, bias), low), high);
  store<f32>(to, f32x4.extract_lane(v, 0));
  if (outputs > 1) store<f32>(to, f32x4.extract_lane(v, 1), 4);
  if (outputs > 2) store<f32>(to, f32x4.extract_lane(v, 2), 8);
}

/**
 * Outputs [first, last) of `pixels` pixels: sums [outputs][stride] → clamp(sum + bias, low, high) in NHWC at y. `sums` and y
 * are those of output `first` and of the first pixel.
 */
export function finish(job: Job, sums: usize, stride: usize, y: usize, first: i32, last: i32, pixels: i32, low: f32, high: f32): void {
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  const pixel = <usize>job.outChannels << 2;
  for (let q: i32 = 0; q < pixels; q += 4, sums += 16, y += pixel << 2) {
    let s = sums;
    let to = y;
    for (let m = first; m < last; m += 4, s += 4 * stride, to += 16) {
      const a0 = v128.load(s);
      const a1 = v128.load(s + stride);
      const a2 = v128.load(s + 2 * stride);
      const a3 = v128.load(s + 3 * stride);
      const t0 = v128.shuffle<f32>(a0, a1, 0, 4, 1, 5);
      const t1 = v128.shuffle<f32>(a0, a1, 2, 6, 3, 7);
      const t2 = v128.shuffle<f32>(a2, a3, 0, 4, 1, 5);
      const t3 = v128.shuffle<f32>(a2, a3, 2, 6, 3, 7);
      const bias = v128.load(job.bias + (<usize>m << 2));
      const r0 = v128.shuffle<f32>(t0, t2, 0, 1, 4, 5);
      const r1 = v128.shuffle<f32>(t0, t2, 2, 3, 6, 7);
      const r2 = v128.shuffle<f32>(t1, t3, 0, 1, 4, 5);
      const r3 = v128.shuffle<f32>(t1, t3, 2, 3, 6, 7);
      if (m + 4 <= last) {
        put(to, r0, bias, lows, highs);
        if (q + 1 < pixels) put(to + pixel, r1, bias, lows, highs);
        if (q + 2 < pixels) put(to + 2 * pixel, r2, bias, lows, highs);
        if (q + 3 < pixels) put(to + 3 * pixel, r3, bias, lows, highs);
      } else {
        putSome(to, r0, bias, lows, highs, last - m);
        if (q + 1 < pixels) putSome(to + pixel, r1, bias, lows, highs, last - m);
        if (q + 2 < pixels) putSome(to + 2 * pixel, r2, bias, lows, highs, last - m);
        if (q + 3 < pixels) putSome(to + 3 * pixel, r3, bias, lows, highs, last - m);
      }
    }
  }
}
