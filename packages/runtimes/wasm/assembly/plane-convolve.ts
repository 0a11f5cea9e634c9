import { blockRows, denseRows } from './blocks';
import { Format, PlaneJob } from './abi';
import { planes1, planes2, planes3, planes4, planes5, planes6, planes7 } from './plane-rows';

function someVectors(V: i32, job: PlaneJob, steps: usize, counts: usize, x: usize, y: usize, k: i32): usize {
  if (V == 7) return planes7(job, steps, counts, x, y, k);
  if (V == 6) return planes6(job, steps, counts, x, y, k);
  if (V == 5) return planes5(job, steps, counts, x, y, k);
  if (V == 4) return planes4(job, steps, counts, x, y, k);
  if (V == 3) return planes3(job, steps, counts, x, y, k);
  if (V == 2) return planes2(job, steps, counts, x, y, k);
  return planes1(job, steps, counts, x, y, k);
}

/** Up to 28 pixels at a time, as even as possible: seven vectors of sums are what V8 keeps in registers. */
function sparseRun(job: PlaneJob, x: usize, y: usize): void {
  let vectors = (job.pixels + 3) >> 2;
  for (let panels = (vectors + 6) / 7; panels > 0; panels--) {
    const V = (vectors + panels - 1) / panels;
    let steps = job.steps;
    let counts = job.counts;
    for (let k: i32 = 0; k < job.inputs; k += job.blockInputs) {
      steps = someVectors(V, job, steps, counts, x, y, k);
      counts += <usize>job.outputs << 2;
    }
    vectors -= V;
    x += <usize>V << 4;
    y += <usize>V << 4;
  }
}

/** Inputs [from, to) of eight pixels, one input after the other. */
function gather(offsets: usize, inputs: i32, x: usize, panel: usize): void {
  for (const end = offsets + (<usize>inputs << 2); offsets < end; offsets += 4, panel += 32) {
    const p = x + <usize>load<u32>(offsets);
    v128.store(panel, v128.load(p));
    v128.store(panel, v128.load(p, 16), 16);
  }
}

function finishPlanes(job: PlaneJob, y: usize, two: bool): void {
  const residual = job.residual;
  const low = f32x4.splat(job.low);
  const high = f32x4.splat(job.high);
  let bias = job.bias;
  let sums = job.sums;
  for (let r = job.outputs; r > 0; r--, bias += 4, sums += 32, y += job.outStride) {
    const b = v128.load32_splat(bias);
    let a0 = f32x4.add(v128.load(sums), b);
    let a1 = f32x4.add(v128.load(sums, 16), b);
    if (residual != 0) {
      a0 = f32x4.add(a0, v128.load(y + residual));
      if (two) a1 = f32x4.add(a1, v128.load(y + residual, 16));
    }
    v128.store(y, f32x4.pmin(f32x4.pmax(a0, low), high));
    if (two) v128.store(y, f32x4.pmin(f32x4.pmax(a1, low), high), 16);
  }
}

/** Eight pixels at a time, from a panel that is copied together. */
function panelRun(job: PlaneJob, x: usize, y: usize): void {
  const padded = (job.outputs + 3) & ~3;
  for (let n = job.pixels; n > 0; n -= 8, x += 32, y += 32) {
    let steps = job.steps;
    let counts = job.counts;
    for (let k: i32 = 0; k < job.inputs; k += job.blockInputs) {
      const inputs = min(job.blockInputs, job.inputs - k);
      gather(job.offsets + (<usize>k << 2), inputs, x, job.panel);
      const from = k > 0 ? job.sums : job.zeros;
      const next: usize = k > 0 ? 128 : 0;
      steps =
        job.format == Format.BLOCKS
          ? blockRows(steps, counts, job.panel, job.sums, padded, from, next)
          : denseRows(steps, inputs, job.panel, job.sums, padded, from, next);
      counts += <usize>padded;
    }
    finishPlanes(job, y, n > 4);
  }
}

/** y = clamp(conv(x) + bias + residual, low, high) over planes. */
export function convolvePlanes(job: PlaneJob, x: usize, y: usize): void {
  const bytes = <usize>job.pixels << 2;
  for (let i: i32 = 0; i < job.images; i++, x += job.imageBytes) {
    let p = x;
    for (let r: i32 = 0; r < job.runs; r++, p += job.runBytes, y += bytes) {
      if (job.format == Format.UNSTRUCTURED) sparseRun(job, p, y);
      else panelRun(job, p, y);
    }
  }
}
