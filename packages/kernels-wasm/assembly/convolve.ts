import { blockRows, denseRows } from './blocks';
import { Job } from './job';
import { finish, pack, point } from './panel';
import { rows16, rows28, rows4, rows8 } from './unstructured';

/** Outputs that are finished together: 64 bytes of each pixel, a cache line. */
const GROUP: i32 = 16;

function someRows(job: Job, steps: usize, counts: usize, sums: usize, rows: i32, inputs: i32, width: i32, more: bool): usize {
  const panel = job.panel;
  const from = more ? sums : job.zeros;
  if (job.kind == 1) return blockRows(steps, counts, panel, sums, rows, from, more ? 128 : 0);
  if (job.kind == 2) return denseRows(steps, inputs, panel, sums, rows, from, more ? 128 : 0);
  const next: usize = more ? 112 : 0;
  if (width == 28) return rows28(steps, counts, panel, sums, rows, from, next);
  if (width == 16) return rows16(steps, counts, panel, sums, rows, from, next);
  if (width == 8) return rows8(steps, counts, panel, sums, rows, from, next);
  return rows4(steps, counts, panel, sums, rows, from, next);
}

/**
 * y = clamp(conv(x) + bias, low, high), NHWC in and out, panel by panel: the inputs of a few pixels are copied to scratch
 * channel by channel, every output row runs over them while they are in the cache, and 16 rows at a time go to y.
 */
export function convolve(job: Job, x: usize, y: usize, low: f32, high: f32): void {
  const outputs = job.outChannels;
  const padded = (outputs + 3) & ~3;
  const shift = job.kind == 0 ? 2 : 0; // Four bytes of count for each row, or for each four rows.
  const panelWidth = job.kind == 0 ? 28 : 8;
  const stride = <usize>panelWidth << 2;
  const inputs = job.kernelHeight * job.kernelWidth * job.inChannels;
  const pixels = job.batch * job.outHeight * job.outWidth;
  for (let n: i32 = 0; n < pixels; n += panelWidth) {
    const some = min(panelWidth, pixels - n);
    let width = panelWidth;
    if (width == 28 && some <= 16) width = some > 8 ? 16 : some > 4 ? 8 : 4;
    point(job, x, n, some, width);
    let steps = job.steps;
    let counts = job.counts;
    let k: i32 = 0;
    do {
      const ks = min(job.blockInputs, inputs - k);
      pack(job, k, k + ks, width, stride);
      const more = k > 0;
      if (k + ks < inputs) {
        steps = someRows(job, steps, counts, job.sums, padded, ks, width, more);
        counts += <usize>padded << shift;
      } else {
        for (let m: i32 = 0; m < outputs; m += GROUP) {
          const rows = min(GROUP, padded - m);
          // With one block, nothing is added to later: the same few sums do for all.
          const sums = job.sums + (more ? <usize>m * stride : 0);
          steps = someRows(job, steps, counts, sums, rows, ks, width, more);
          counts += <usize>rows << shift;
          finish(job, sums, stride, y + (<usize>m << 2), m, min(outputs, m + GROUP), some, low, high);
        }
      }
      k += ks;
    } while (k < inputs);
    y += <usize>(some * outputs) << 2;
  }
}
