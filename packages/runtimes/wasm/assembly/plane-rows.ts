import { madd } from './madd';
import { PlaneJob } from './abi';

/**
 * Unstructured rows over planes: steps are pairs (offset of the input's plane from x, weight), and V vectors of pixels are summed
 * in registers, a step at a time: in twos, as in unstructured.ts, it is slower here. The first block of K starts from the bias, later ones from y; the last adds the residual and clamps.
 * Answers where the steps of the next block start.
 */
@inline
function rows(V: i32, job: PlaneJob, steps: usize, counts: usize, x: usize, y: usize, k: i32): usize {
  const stride = job.outStride;
  let bias = job.bias;
  for (let r = job.outputs; r > 0; r--, counts += 4, bias += 4, y += stride) {
    const end = steps + (<usize>load<u32>(counts) << 3);
    let a0: v128, a1: v128, a2: v128, a3: v128, a4: v128, a5: v128, a6: v128;
    a0 = v128.load32_splat(bias);
    a1 = a0;
    a2 = a0;
    a3 = a0;
    a4 = a0;
    a5 = a0;
    a6 = a0;
    if (k > 0) {
      a0 = v128.load(y);
      if (V > 1) a1 = v128.load(y, 16);
      if (V > 2) a2 = v128.load(y, 32);
      if (V > 3) a3 = v128.load(y, 48);
      if (V > 4) a4 = v128.load(y, 64);
      if (V > 5) a5 = v128.load(y, 80);
      if (V > 6) a6 = v128.load(y, 96);
    }
    while (steps < end) {
      const p = x + <usize>load<u32>(steps);
      const w = v128.load32_splat(steps, 4);
      a0 = madd(v128.load(p), w, a0);
      if (V > 1) a1 = madd(v128.load(p, 16), w, a1);
      if (V > 2) a2 = madd(v128.load(p, 32), w, a2);
      if (V > 3) a3 = madd(v128.load(p, 48), w, a3);
      if (V > 4) a4 = madd(v128.load(p, 64), w, a4);
      if (V > 5) a5 = madd(v128.load(p, 80), w, a5);
      if (V > 6) a6 = madd(v128.load(p, 96), w, a6);
      steps += 8;
    }
    if (k + job.blockInputs >= job.inputs) {
      const residual = job.residual;
      if (residual != 0) {
        const z = y + residual;
        a0 = f32x4.add(a0, v128.load(z));
        if (V > 1) a1 = f32x4.add(a1, v128.load(z, 16));
        if (V > 2) a2 = f32x4.add(a2, v128.load(z, 32));
        if (V > 3) a3 = f32x4.add(a3, v128.load(z, 48));
        if (V > 4) a4 = f32x4.add(a4, v128.load(z, 64));
        if (V > 5) a5 = f32x4.add(a5, v128.load(z, 80));
        if (V > 6) a6 = f32x4.add(a6, v128.load(z, 96));
      }
      const low = f32x4.splat(job.low);
      const high = f32x4.splat(job.high);
      a0 = f32x4.pmin(f32x4.pmax(a0, low), high);
      if (V > 1) a1 = f32x4.pmin(f32x4.pmax(a1, low), high);
      if (V > 2) a2 = f32x4.pmin(f32x4.pmax(a2, low), high);
      if (V > 3) a3 = f32x4.pmin(f32x4.pmax(a3, low), high);
      if (V > 4) a4 = f32x4.pmin(f32x4.pmax(a4, low), high);
      if (V > 5) a5 = f32x4.pmin(f32x4.pmax(a5, low), high);
      if (V > 6) a6 = f32x4.pmin(f32x4.pmax(a6, low), high);
    }
    v128.store(y, a0);
    if (V > 1) v128.store(y, a1, 16);
    if (V > 2) v128.store(y, a2, 32);
    if (V > 3) v128.store(y, a3, 48);
    if (V > 4) v128.store(y, a4, 64);
    if (V > 5) v128.store(y, a5, 80);
    if (V > 6) v128.store(y, a6, 96);
  }
  return steps;
}

export function planes7(job: PlaneJob, steps: usize, counts: usize, x: usize, y: usize, k: i32): usize {
  return rows(7, job, steps, counts, x, y, k);
}
export function planes6(job: PlaneJob, steps: usize, counts: usize, x: usize, y: usize, k: i32): usize {
  return rows(6, job, steps, counts, x, y, k);
}
export function planes5(job: PlaneJob, steps: usize, counts: usize, x: usize, y: usize, k: i32): usize {
  return rows(5, job, steps, counts, x, y, k);
}
export function planes4(job: PlaneJob, steps: usize, counts: usize, x: usize, y: usize, k: i32): usize {
  return rows(4, job, steps, counts, x, y, k);
}
export function planes3(job: PlaneJob, steps: usize, counts: usize, x: usize, y: usize, k: i32): usize {
  return rows(3, job, steps, counts, x, y, k);
}
export function planes2(job: PlaneJob, steps: usize, counts: usize, x: usize, y: usize, k: i32): usize {
  return rows(2, job, steps, counts, x, y, k);
}
export function planes1(job: PlaneJob, steps: usize, counts: usize, x: usize, y: usize, k: i32): usize {
  return rows(1, job, steps, counts, x, y, k);
}
