import { ConvolveJob } from './abi';

// Offsets that are part of an instruction must be constants, which an inlined function's arguments are not; a type's size is one.
@unmanaged class None {}
@unmanaged class One { a: v128; }
@unmanaged class Two extends One { b: v128; }
@unmanaged class Three extends Two { c: v128; }
@unmanaged class Wide extends Three { d: v128; e: v128; f: v128; g: v128; }

/** Bytes of a panel's row: of one input, or of one output. */
export const WIDE: usize = offsetof<Wide>();
export const NARROW: usize = offsetof<Two>();

/** Turns four values of each of four pixels, A bytes from where these are read; a panel's rows are R bytes apart. */
@inline
function turn<R, A>(p0: usize, p1: usize, p2: usize, p3: usize, to: usize): void {
  const a0 = v128.load(p0, offsetof<A>());
  const a1 = v128.load(p1, offsetof<A>());
  const a2 = v128.load(p2, offsetof<A>());
  const a3 = v128.load(p3, offsetof<A>());
  const t0 = v128.shuffle<f32>(a0, a1, 0, 4, 1, 5);
  const t1 = v128.shuffle<f32>(a0, a1, 2, 6, 3, 7);
  const t2 = v128.shuffle<f32>(a2, a3, 0, 4, 1, 5);
  const t3 = v128.shuffle<f32>(a2, a3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(t0, t2, 0, 1, 4, 5), (offsetof<A>() >> 2) * offsetof<R>());
  v128.store(to, v128.shuffle<f32>(t0, t2, 2, 3, 6, 7), (offsetof<A>() >> 2) * offsetof<R>() + offsetof<R>());
  v128.store(to, v128.shuffle<f32>(t1, t3, 0, 1, 4, 5), (offsetof<A>() >> 2) * offsetof<R>() + 2 * offsetof<R>());
  v128.store(to, v128.shuffle<f32>(t1, t3, 2, 3, 6, 7), (offsetof<A>() >> 2) * offsetof<R>() + 3 * offsetof<R>());
}

/** Where the inputs of `width` output pixels from pixel n on lie, for each tap of the kernel; padding and pixels past the end are zeros. */
export function point(job: ConvolveJob, x: usize, n: i32, pixels: i32, width: i32): void {
  const pixel = <usize>job.inChannels << 2;
  if (job.linear) {
    let to = job.pointers;
    const end = to + (<usize>width << 2);
    const last = to + (<usize>pixels << 2);
    x += <usize>n * pixel;
    for (; to < last; to += 4, x += pixel) store<u32>(to, x);
    for (; to < end; to += 4) store<u32>(to, job.zeros);
    return;
  }
  const area = job.outHeight * job.outWidth;
  let image = n / area;
  let row = (n - image * area) / job.outWidth;
  let column = n - image * area - row * job.outWidth;
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

/** Channels [first, last) of four pixels into the panel. */
@inline
function packFour<R>(pointers: usize, first: i32, last: i32, to: usize): void {
  const from = <usize>first << 2;
  let p0 = <usize>load<u32>(pointers) + from;
  let p1 = <usize>load<u32>(pointers, 4) + from;
  let p2 = <usize>load<u32>(pointers, 8) + from;
  let p3 = <usize>load<u32>(pointers, 12) + from;
  let rest = last - first;
  for (; rest >= 16; rest -= 16, p0 += 64, p1 += 64, p2 += 64, p3 += 64, to += 16 * offsetof<R>()) {
    turn<R, None>(p0, p1, p2, p3, to);
    turn<R, One>(p0, p1, p2, p3, to);
    turn<R, Two>(p0, p1, p2, p3, to);
    turn<R, Three>(p0, p1, p2, p3, to);
  }
  for (; rest >= 4; rest -= 4, p0 += 16, p1 += 16, p2 += 16, p3 += 16, to += 4 * offsetof<R>()) turn<R, None>(p0, p1, p2, p3, to);
  for (; rest > 0; rest--, p0 += 4, p1 += 4, p2 += 4, p3 += 4, to += offsetof<R>()) {
    store<f32>(to, load<f32>(p0));
    store<f32>(to, load<f32>(p1), 4);
    store<f32>(to, load<f32>(p2), 8);
    store<f32>(to, load<f32>(p3), 12);
  }
}

/** Copies inputs [from, to) of K = taps × channels of the pixels pointed at into the panel, one input after the other: NHWC → [K][width]. */
export function pack(job: ConvolveJob, from: i32, to: i32, width: i32, stride: usize): void {
  const channels = job.inChannels;
  let panel = job.panel;
  while (from < to) {
    const tap = from / channels;
    const first = from - tap * channels;
    const last = min(channels, first + to - from);
    let pointers = job.pointers + (<usize>(tap * width) << 2);
    for (let q: usize = 0; q < <usize>width << 2; q += 16, pointers += 16) {
      if (stride == WIDE) packFour<Wide>(pointers, first, last, panel + q);
      else packFour<Two>(pointers, first, last, panel + q);
    }
    panel += <usize>(last - first) * stride;
    from += last - first;
  }
}

/** Limits: 0 = none, 1 = from below, 2 = both. */
@inline
function put<A>(to: usize, v: v128, limits: i32, low: v128, high: v128): void {
  if (limits == 0) v128.store(to, v, offsetof<A>());
  else if (limits == 1) v128.store(to, f32x4.pmax(v, low), offsetof<A>());
  else v128.store(to, f32x4.pmin(f32x4.pmax(v, low), high), offsetof<A>());
}

/** Four outputs of four pixels, from four rows of sums to four places, A bytes on. The first is written last: pixels past the end have its place. */
@inline
function turnBack<R, A>(s: usize, y0: usize, y1: usize, y2: usize, y3: usize, limits: i32, low: v128, high: v128): void {
  const a0 = v128.load(s, (offsetof<A>() >> 2) * offsetof<R>());
  const a1 = v128.load(s, (offsetof<A>() >> 2) * offsetof<R>() + offsetof<R>());
  const a2 = v128.load(s, (offsetof<A>() >> 2) * offsetof<R>() + 2 * offsetof<R>());
  const a3 = v128.load(s, (offsetof<A>() >> 2) * offsetof<R>() + 3 * offsetof<R>());
  const t0 = v128.shuffle<f32>(a0, a1, 0, 4, 1, 5);
  const t1 = v128.shuffle<f32>(a0, a1, 2, 6, 3, 7);
  const t2 = v128.shuffle<f32>(a2, a3, 0, 4, 1, 5);
  const t3 = v128.shuffle<f32>(a2, a3, 2, 6, 3, 7);
  put<A>(y3, v128.shuffle<f32>(t1, t3, 2, 3, 6, 7), limits, low, high);
  put<A>(y2, v128.shuffle<f32>(t1, t3, 0, 1, 4, 5), limits, low, high);
  put<A>(y1, v128.shuffle<f32>(t0, t2, 2, 3, 6, 7), limits, low, high);
  put<A>(y0, v128.shuffle<f32>(t0, t2, 0, 1, 4, 5), limits, low, high);
}

/** Outputs, a multiple of 4, of `pixels` pixels, four at a time; those past the last are written over by the first of their four. */
@inline
function finishFours<R>(s: usize, y: usize, pixel: usize, outputs: i32, pixels: i32, limits: i32, low: v128, high: v128): void {
  for (; pixels > 0; pixels -= 4, s += 16, y += pixel << 2) {
    let from = s;
    let y0 = y;
    let y1 = pixels > 1 ? y + pixel : y;
    let y2 = pixels > 2 ? y + 2 * pixel : y;
    let y3 = pixels > 3 ? y + 3 * pixel : y;
    let rest = outputs;
    for (; rest >= 16; rest -= 16, from += 16 * offsetof<R>(), y0 += 64, y1 += 64, y2 += 64, y3 += 64) {
      turnBack<R, None>(from, y0, y1, y2, y3, limits, low, high);
      turnBack<R, One>(from, y0, y1, y2, y3, limits, low, high);
      turnBack<R, Two>(from, y0, y1, y2, y3, limits, low, high);
      turnBack<R, Three>(from, y0, y1, y2, y3, limits, low, high);
    }
    for (; rest > 0; rest -= 4, from += 4 * offsetof<R>(), y0 += 16, y1 += 16, y2 += 16, y3 += 16) {
      turnBack<R, None>(from, y0, y1, y2, y3, limits, low, high);
    }
  }
}

/** Outputs [first, last) of `pixels` pixels: sums [outputs][stride], bias and all, → clamp(sum, low, high) in NHWC at y, both those of output `first`. */
export function finish(job: ConvolveJob, sums: usize, stride: usize, y: usize, first: i32, last: i32, pixels: i32, low: f32, high: f32): void {
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  const limits = high < f32.MAX_VALUE ? 2 : low > -f32.MAX_VALUE ? 1 : 0;
  const pixel = <usize>job.outChannels << 2;
  const outputs = (last - first) & ~3;
  if (stride == WIDE) {
    if (limits == 0) finishFours<Wide>(sums, y, pixel, outputs, pixels, 0, lows, highs);
    else if (limits == 1) finishFours<Wide>(sums, y, pixel, outputs, pixels, 1, lows, highs);
    else finishFours<Wide>(sums, y, pixel, outputs, pixels, 2, lows, highs);
  } else {
    if (limits == 0) finishFours<Two>(sums, y, pixel, outputs, pixels, 0, lows, highs);
    else if (limits == 1) finishFours<Two>(sums, y, pixel, outputs, pixels, 1, lows, highs);
    else finishFours<Two>(sums, y, pixel, outputs, pixels, 2, lows, highs);
  }
  for (let m = outputs; m < last - first; m++) {
    let s = sums + <usize>m * stride;
    let to = y + (<usize>m << 2);
    for (let q: i32 = 0; q < pixels; q++, s += 4, to += pixel) {
      store<f32>(to, f32x4.extract_lane(f32x4.pmin(f32x4.pmax(v128.load32_splat(s), lows), highs), 0));
    }
  }
}
