import { ConvolveJob, FINISHED_TOGETHER, Format } from './abi';
import { blockRows } from './blocks';
import { finish, NARROW, pack, point, WIDE } from './panel';
import { first16, first28, first4, first8, rows16, rows28, rows4, rows8 } from './unstructured';

/** Outputs [m, m + rows) over the inputs in the panel, started from their biases, or from their sums so far. */
function someRows(job: ConvolveJob, steps: usize, counts: usize, sums: usize, bias: usize, m: i32, rows: i32, width: i32, more: bool): usize {
  if (job.format != Format.UNSTRUCTURED) {
    const from = more ? sums : job.biases + (<usize>m << 5);
    return blockRows(steps, counts, job.panel, sums, rows, from, 128);
  }
  bias += <usize>m << 2;
  if (more) {
    if (width == 28) return rows28(steps, counts, sums, rows, bias);
    if (width == 16) return rows16(steps, counts, sums, rows, bias);
    if (width == 8) return rows8(steps, counts, sums, rows, bias);
    return rows4(steps, counts, sums, rows, bias);
  }
  if (width == 28) return first28(steps, counts, sums, rows, bias);
  if (width == 16) return first16(steps, counts, sums, rows, bias);
  if (width == 8) return first8(steps, counts, sums, rows, bias);
  return first4(steps, counts, sums, rows, bias);
}

/** Each output's bias for all pixels of a narrow panel. */
function spread(biases: usize, bias: usize, outputs: i32): void {
  for (let m: i32 = 0; m < outputs; m++, bias += 4, biases += NARROW) {
    const b = v128.load32_splat(bias);
    v128.store(biases, b);
    v128.store(biases, b, 16);
  }
}

/**
 * y = clamp(conv(x) + bias, low, high), NHWC in and out, panel by panel: the inputs of a few pixels are copied to scratch
 * channel by channel, every output row runs over them while they are in the cache, and some rows at a time go to y. `bias` is
 * read up to the next multiple of four outputs.
 */
export function convolve(job: ConvolveJob, x: usize, y: usize, bias: usize, low: f32, high: f32): void {
  const outputs = job.outChannels;
  const padded = (outputs + 3) & ~3;
  const shift = job.format == Format.UNSTRUCTURED ? 2 : 0; // Four bytes of count for each row, or for each four rows.
  const stride = job.format == Format.UNSTRUCTURED ? WIDE : NARROW;
  const panelWidth = <i32>(stride >> 2);
  const inputs = job.kernelHeight * job.kernelWidth * job.inChannels;
  const pixels = job.batch * job.outHeight * job.outWidth;
  if (job.format != Format.UNSTRUCTURED) spread(job.biases, bias, padded);
  for (let n: i32 = 0; n < pixels; n += panelWidth) {
    const some = min(panelWidth, pixels - n);
    let width = panelWidth;
    if (stride == WIDE && some <= 16) width = some > 8 ? 16 : some > 4 ? 8 : 4;
    point(job, x, n, some, width);
    let steps = job.steps;
    let counts = job.counts;
    let k: i32 = 0;
    do {
      const ks = min(job.blockInputs, inputs - k);
      pack(job, k, k + ks, width, stride);
      const more = k > 0;
      if (k + ks < inputs) {
        steps = someRows(job, steps, counts, job.sums, bias, 0, padded, width, more);
        counts += <usize>padded << shift;
      } else {
        for (let m: i32 = 0; m < outputs; m += FINISHED_TOGETHER) {
          const rows = min(FINISHED_TOGETHER, padded - m);
          // With one block, nothing is added to later: the same few sums do for all.
          const sums = job.sums + (more ? <usize>m * stride : 0);
          steps = someRows(job, steps, counts, sums, bias, m, rows, width, more);
          counts += <usize>rows << shift;
          finish(job, sums, stride, y + (<usize>m << 2), m, min(outputs, m + FINISHED_TOGETHER), some, low, high);
        }
      }
      k += ks;
    } while (k < inputs);
    y += <usize>(some * outputs) << 2;
  }
}
