import { Job } from './job';

/** Transposes four vectors; the results lie the width of a panel apart, which as a constant becomes part of the instructions. */
@inline
function turn28(a0: v128, a1: v128, a2: v128, a3: v128, to: usize): void {
  const t0 = v128.shuffle<f32>(a0, a1, 0, 4, 1, 5);
  const t1 = v128.shuffle<f32>(a0, a1, 2, 6, 3, 7);
  const t2 = v128.shuffle<f32>(a2, a3, 0, 4, 1, 5);
  const t3 = v128.shuffle<f32>(a2, a3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(t0, t2, 0, 1, 4, 5));
  v128.store(to, v128.shuffle<f32>(t0, t2, 2, 3, 6, 7), 112);
  v128.store(to, v128.shuffle<f32>(t1, t3, 0, 1, 4, 5), 224);
  v128.store(to, v128.shuffle<f32>(t1, t3, 2, 3, 6, 7), 336);
}

@inline
function turn8(a0: v128, a1: v128, a2: v128, a3: v128, to: usize): void {
  const t0 = v128.shuffle<f32>(a0, a1, 0, 4, 1, 5);
  const t1 = v128.shuffle<f32>(a0, a1, 2, 6, 3, 7);
  const t2 = v128.shuffle<f32>(a2, a3, 0, 4, 1, 5);
  const t3 = v128.shuffle<f32>(a2, a3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(t0, t2, 0, 1, 4, 5));
  v128.store(to, v128.shuffle<f32>(t0, t2, 2, 3, 6, 7), 32);
  v128.store(to, v128.shuffle<f32>(t1, t3, 0, 1, 4, 5), 64);
  v128.store(to, v128.shuffle<f32>(t1, t3, 2, 3, 6, 7), 96);
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
      const whole = (last - c) & ~3;
      if (stride == 112) {
        for (const end = p0 + (<usize>whole << 2); p0 < end; p0 += 16, p1 += 16, p2 += 16, p3 += 16, d += 448) {
          turn28(v128.load(p0), v128.load(p1), v128.load(p2), v128.load(p3), d);
        }
      } else {
        for (const end = p0 + (<usize>whole << 2); p0 < end; p0 += 16, p1 += 16, p2 += 16, p3 += 16, d += 128) {
          turn8(v128.load(p0), v128.load(p1), v128.load(p2), v128.load(p3), d);
        }
      }
      c += whole;
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

/** Four pixels, outputs in fours: `sums` and y are those of the first output and pixel, `to` the end of the first pixel's outputs. */
@inline
function finish28(s: usize, y: usize, to: usize, pixel: usize, bias: usize, low: v128, high: v128): void {
  const y1 = y + pixel;
  for (let i: usize = 0; y + i < to; i += 16, s += 448) {
    const a0 = v128.load(s);
    const a1 = v128.load(s, 112);
    const a2 = v128.load(s, 224);
    const a3 = v128.load(s, 336);
    const t0 = v128.shuffle<f32>(a0, a1, 0, 4, 1, 5);
    const t1 = v128.shuffle<f32>(a0, a1, 2, 6, 3, 7);
    const t2 = v128.shuffle<f32>(a2, a3, 0, 4, 1, 5);
    const t3 = v128.shuffle<f32>(a2, a3, 2, 6, 3, 7);
    const b = v128.load(bias + i);
    const at = y + i;
    const at2 = y1 + pixel + i;
    put(at, v128.shuffle<f32>(t0, t2, 0, 1, 4, 5), b, low, high);
    put(y1 + i, v128.shuffle<f32>(t0, t2, 2, 3, 6, 7), b, low, high);
    put(at2, v128.shuffle<f32>(t1, t3, 0, 1, 4, 5), b, low, high);
    put(at2 + pixel, v128.shuffle<f32>(t1, t3, 2, 3, 6, 7), b, low, high);
  }
}

/** Four pixels, outputs in fours: `sums` and y are those of the first output and pixel, `to` the end of the first pixel's outputs. */
@inline
function finish8(s: usize, y: usize, to: usize, pixel: usize, bias: usize, low: v128, high: v128): void {
  const y1 = y + pixel;
  for (let i: usize = 0; y + i < to; i += 16, s += 128) {
    const a0 = v128.load(s);
    const a1 = v128.load(s, 32);
    const a2 = v128.load(s, 64);
    const a3 = v128.load(s, 96);
    const t0 = v128.shuffle<f32>(a0, a1, 0, 4, 1, 5);
    const t1 = v128.shuffle<f32>(a0, a1, 2, 6, 3, 7);
    const t2 = v128.shuffle<f32>(a2, a3, 0, 4, 1, 5);
    const t3 = v128.shuffle<f32>(a2, a3, 2, 6, 3, 7);
    const b = v128.load(bias + i);
    const at = y + i;
    const at2 = y1 + pixel + i;
    put(at, v128.shuffle<f32>(t0, t2, 0, 1, 4, 5), b, low, high);
    put(y1 + i, v128.shuffle<f32>(t0, t2, 2, 3, 6, 7), b, low, high);
    put(at2, v128.shuffle<f32>(t1, t3, 0, 1, 4, 5), b, low, high);
    put(at2 + pixel, v128.shuffle<f32>(t1, t3, 2, 3, 6, 7), b, low, high);
  }
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
    if (q + 4 <= pixels && ((last - first) & 3) == 0) {
      const end = y + (<usize>(last - first) << 2);
      const bias = job.bias + (<usize>first << 2);
      if (stride == 112) finish28(s, y, end, pixel, bias, lows, highs);
      else finish8(s, y, end, pixel, bias, lows, highs);
      continue;
    }
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
