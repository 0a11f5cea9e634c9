import { BorderJob } from './abi';

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
  const last = from >= job.inWidth ? first : min(job.columns, first + (job.inWidth - from + stride - 1) / stride);
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
      for (let image: i32 = 0; image < job.batch; image++) {
        for (let r: i32 = 0; r < job.rows; r++, at += pitch) {
          const h = r * job.strideHeight + i - job.top;
          if (h < 0 || h >= job.inHeight) fillRow(at, job.columns, fill);
          else borderRow(job, x + (<usize>((image * job.inHeight + h) * job.inWidth) << 2), j, at);
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

