import { madd } from './madd';

/**
 * One output row at a time: steps are pairs (offset of the input in the panel, weight). Each function takes `rows` rows over the
 * block of inputs in the panel, adds to the sums where `more`, and answers where the steps of the next row start. Seven
 * vectors of pixels are what V8 keeps in registers; more spill.
 */
export function rows28(steps: usize, counts: usize, panel: usize, sums: usize, rows: i32, more: bool): usize {
  for (let r: i32 = 0; r < rows; r++, counts += 4, sums += 112) {
    const end = steps + (<usize>load<u32>(counts) << 3);
    let a0 = f32x4.splat(0);
    let a1 = a0;
    let a2 = a0;
    let a3 = a0;
    let a4 = a0;
    let a5 = a0;
    let a6 = a0;
    if (more) {
      a0 = v128.load(sums);
      a1 = v128.load(sums, 16);
      a2 = v128.load(sums, 32);
      a3 = v128.load(sums, 48);
      a4 = v128.load(sums, 64);
      a5 = v128.load(sums, 80);
      a6 = v128.load(sums, 96);
    }
    while (steps < end) {
      const x = panel + <usize>load<u32>(steps);
      const w = v128.load32_splat(steps, 4);
      a0 = madd(v128.load(x), w, a0);
      a1 = madd(v128.load(x, 16), w, a1);
      a2 = madd(v128.load(x, 32), w, a2);
      a3 = madd(v128.load(x, 48), w, a3);
      a4 = madd(v128.load(x, 64), w, a4);
      a5 = madd(v128.load(x, 80), w, a5);
      a6 = madd(v128.load(x, 96), w, a6);
      steps += 8;
    }
    v128.store(sums, a0);
    v128.store(sums, a1, 16);
    v128.store(sums, a2, 32);
    v128.store(sums, a3, 48);
    v128.store(sums, a4, 64);
    v128.store(sums, a5, 80);
    v128.store(sums, a6, 96);
  }
  return steps;
}

export function rows16(steps: usize, counts: usize, panel: usize, sums: usize, rows: i32, more: bool): usize {
  for (let r: i32 = 0; r < rows; r++, counts += 4, sums += 112) {
    const end = steps + (<usize>load<u32>(counts) << 3);
    let a0 = f32x4.splat(0);
    let a1 = a0;
    let a2 = a0;
    let a3 = a0;
    if (more) {
      a0 = v128.load(sums);
      a1 = v128.load(sums, 16);
      a2 = v128.load(sums, 32);
      a3 = v128.load(sums, 48);
    }
    while (steps < end) {
      const x = panel + <usize>load<u32>(steps);
      const w = v128.load32_splat(steps, 4);
      a0 = madd(v128.load(x), w, a0);
      a1 = madd(v128.load(x, 16), w, a1);
      a2 = madd(v128.load(x, 32), w, a2);
      a3 = madd(v128.load(x, 48), w, a3);
      steps += 8;
    }
    v128.store(sums, a0);
    v128.store(sums, a1, 16);
    v128.store(sums, a2, 32);
    v128.store(sums, a3, 48);
  }
  return steps;
}

export function rows8(steps: usize, counts: usize, panel: usize, sums: usize, rows: i32, more: bool): usize {
  for (let r: i32 = 0; r < rows; r++, counts += 4, sums += 112) {
    const end = steps + (<usize>load<u32>(counts) << 3);
    let a0 = f32x4.splat(0);
    let a1 = a0;
    if (more) {
      a0 = v128.load(sums);
      a1 = v128.load(sums, 16);
    }
    while (steps < end) {
      const x = panel + <usize>load<u32>(steps);
      const w = v128.load32_splat(steps, 4);
      a0 = madd(v128.load(x), w, a0);
      a1 = madd(v128.load(x, 16), w, a1);
      steps += 8;
    }
    v128.store(sums, a0);
    v128.store(sums, a1, 16);
  }
  return steps;
}

export function rows4(steps: usize, counts: usize, panel: usize, sums: usize, rows: i32, more: bool): usize {
  for (let r: i32 = 0; r < rows; r++, counts += 4, sums += 112) {
    const end = steps + (<usize>load<u32>(counts) << 3);
    let a0 = more ? v128.load(sums) : f32x4.splat(0);
    while (steps < end) {
      a0 = madd(v128.load(panel + <usize>load<u32>(steps)), v128.load32_splat(steps, 4), a0);
      steps += 8;
    }
    v128.store(sums, a0);
  }
  return steps;
}
