import { madd } from './madd';

/**
 * Four outputs that share their inputs, by eight pixels: a step is (offset of the input in the panel, four weights). `rows` is
 * a multiple of 4, `counts` has one count for each four, and `next` is that of four rows; the rest is as for one row at a time.
 */
export function blockRows(steps: usize, counts: usize, panel: usize, sums: usize, rows: i32, from: usize, next: usize): usize {
  for (let r: i32 = 0; r < rows; r += 4, counts += 4, sums += 128, from += next) {
    const end = steps + <usize>load<u32>(counts) * 20;
    let a0 = v128.load(from);
    let a1 = v128.load(from, 16);
    let b0 = v128.load(from, 32);
    let b1 = v128.load(from, 48);
    let c0 = v128.load(from, 64);
    let c1 = v128.load(from, 80);
    let d0 = v128.load(from, 96);
    let d1 = v128.load(from, 112);
    if (steps < end) do {
      const x = panel + <usize>load<u32>(steps);
      const x0 = v128.load(x);
      const x1 = v128.load(x, 16);
      const a = v128.load32_splat(steps, 4);
      a0 = madd(x0, a, a0);
      a1 = madd(x1, a, a1);
      const b = v128.load32_splat(steps, 8);
      b0 = madd(x0, b, b0);
      b1 = madd(x1, b, b1);
      const c = v128.load32_splat(steps, 12);
      c0 = madd(x0, c, c0);
      c1 = madd(x1, c, c1);
      const d = v128.load32_splat(steps, 16);
      d0 = madd(x0, d, d0);
      d1 = madd(x1, d, d1);
      steps += 20;
    } while (steps < end);
    v128.store(sums, a0);
    v128.store(sums, a1, 16);
    v128.store(sums, b0, 32);
    v128.store(sums, b1, 48);
    v128.store(sums, c0, 64);
    v128.store(sums, c1, 80);
    v128.store(sums, d0, 96);
    v128.store(sums, d1, 112);
  }
  return steps;
}

/** The same with every input: a step is four weights, and `inputs` are the steps of each four rows. */
export function denseRows(steps: usize, inputs: i32, panel: usize, sums: usize, rows: i32, from: usize, next: usize): usize {
  for (let r: i32 = 0; r < rows; r += 4, sums += 128, from += next) {
    const end = steps + (<usize>inputs << 4);
    let a0 = v128.load(from);
    let a1 = v128.load(from, 16);
    let b0 = v128.load(from, 32);
    let b1 = v128.load(from, 48);
    let c0 = v128.load(from, 64);
    let c1 = v128.load(from, 80);
    let d0 = v128.load(from, 96);
    let d1 = v128.load(from, 112);
    let x = panel;
    if (steps < end) do {
      const x0 = v128.load(x);
      const x1 = v128.load(x, 16);
      const a = v128.load32_splat(steps);
      a0 = madd(x0, a, a0);
      a1 = madd(x1, a, a1);
      const b = v128.load32_splat(steps, 4);
      b0 = madd(x0, b, b0);
      b1 = madd(x1, b, b1);
      const c = v128.load32_splat(steps, 8);
      c0 = madd(x0, c, c0);
      c1 = madd(x1, c, c1);
      const d = v128.load32_splat(steps, 12);
      d0 = madd(x0, d, d0);
      d1 = madd(x1, d, d1);
      x += 32;
      steps += 16;
    } while (steps < end);
    v128.store(sums, a0);
    v128.store(sums, a1, 16);
    v128.store(sums, b0, 32);
    v128.store(sums, b1, 48);
    v128.store(sums, c0, 64);
    v128.store(sums, c1, 80);
    v128.store(sums, d0, 96);
    v128.store(sums, d1, 112);
  }
  return steps;
}
