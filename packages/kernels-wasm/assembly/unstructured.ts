import { madd } from './madd';

/**
 * One output row at a time: steps are pairs (offset of the input in the panel, weight). Each function takes `rows` rows over the
 * block of inputs in the panel, starts each from the vectors at `from` (its sums so far, or zeros; those of the next row are `next` bytes
 * on), and answers where the steps of the row after the last start. Seven vectors of pixels are what V8 keeps in registers; more spill.
 */
export function rows28(steps: usize, counts: usize, panel: usize, sums: usize, rows: i32, from: usize, next: usize): usize {
  for (let r: i32 = 0; r < rows; r++, counts += 4, sums += 112, from += next) {
    const end = steps + (<usize>load<u32>(counts) << 3);
    let a0 = v128.load(from);
    let a1 = v128.load(from, 16);
    let a2 = v128.load(from, 32);
    let a3 = v128.load(from, 48);
    let a4 = v128.load(from, 64);
    let a5 = v128.load(from, 80);
    let a6 = v128.load(from, 96);
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

export function rows16(steps: usize, counts: usize, panel: usize, sums: usize, rows: i32, from: usize, next: usize): usize {
  for (let r: i32 = 0; r < rows; r++, counts += 4, sums += 112, from += next) {
    const end = steps + (<usize>load<u32>(counts) << 3);
    let a0 = v128.load(from);
    let a1 = v128.load(from, 16);
    let a2 = v128.load(from, 32);
    let a3 = v128.load(from, 48);
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

export function rows8(steps: usize, counts: usize, panel: usize, sums: usize, rows: i32, from: usize, next: usize): usize {
  for (let r: i32 = 0; r < rows; r++, counts += 4, sums += 112, from += next) {
    const end = steps + (<usize>load<u32>(counts) << 3);
    let a0 = v128.load(from);
    let a1 = v128.load(from, 16);
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

export function rows4(steps: usize, counts: usize, panel: usize, sums: usize, rows: i32, from: usize, next: usize): usize {
  for (let r: i32 = 0; r < rows; r++, counts += 4, sums += 112, from += next) {
    const end = steps + (<usize>load<u32>(counts) << 3);
    let a0 = v128.load(from);
    while (steps < end) {
      a0 = madd(v128.load(panel + <usize>load<u32>(steps)), v128.load32_splat(steps, 4), a0);
      steps += 8;
    }
    v128.store(sums, a0);
  }
  return steps;
}
