import { madd } from './madd';
import { WIDE } from './panel';

/**
 * One output row at a time over V vectors of pixels: steps are pairs (weight, place of the input in the panel), places in memory, so that no base is to be added. Takes `rows` rows over
 * the block of inputs in the panel, starts each from its bias (first) or from its sums so far, and answers where the steps of the row
 * after the last start. Seven vectors are what V8 keeps in registers; more spill. An odd step comes first and the others in twos: a loop
 * of one step V8 unrolls itself, and then loads everything before it multiplies.
 */
@inline
function rows(V: i32, first: bool, steps: usize, counts: usize, sums: usize, rows: i32, bias: usize): usize {
  for (let r: i32 = 0; r < rows; r++, counts += 4, sums += WIDE, bias += 4) {
    const count = load<u32>(counts);
    const end = steps + (<usize>count << 3);
    let a0 = first ? v128.load32_splat(bias) : v128.load(sums);
    let a1 = first || V < 2 ? a0 : v128.load(sums, 16);
    let a2 = first || V < 3 ? a0 : v128.load(sums, 32);
    let a3 = first || V < 4 ? a0 : v128.load(sums, 48);
    let a4 = first || V < 5 ? a0 : v128.load(sums, 64);
    let a5 = first || V < 6 ? a0 : v128.load(sums, 80);
    let a6 = first || V < 7 ? a0 : v128.load(sums, 96);
    if (count & 1) {
      const x = <usize>load<u32>(steps, 4);
      const w = v128.load32_splat(steps);
      a0 = madd(v128.load(x), w, a0);
      if (V > 1) a1 = madd(v128.load(x, 16), w, a1);
      if (V > 2) a2 = madd(v128.load(x, 32), w, a2);
      if (V > 3) a3 = madd(v128.load(x, 48), w, a3);
      if (V > 4) a4 = madd(v128.load(x, 64), w, a4);
      if (V > 5) a5 = madd(v128.load(x, 80), w, a5);
      if (V > 6) a6 = madd(v128.load(x, 96), w, a6);
      steps += 8;
    }
    if (steps < end) do {
      {
        const x = <usize>load<u32>(steps, 4);
        const w = v128.load32_splat(steps);
        a0 = madd(v128.load(x), w, a0);
        if (V > 1) a1 = madd(v128.load(x, 16), w, a1);
        if (V > 2) a2 = madd(v128.load(x, 32), w, a2);
        if (V > 3) a3 = madd(v128.load(x, 48), w, a3);
        if (V > 4) a4 = madd(v128.load(x, 64), w, a4);
        if (V > 5) a5 = madd(v128.load(x, 80), w, a5);
        if (V > 6) a6 = madd(v128.load(x, 96), w, a6);
      }
      {
        const x = <usize>load<u32>(steps, 12);
        const w = v128.load32_splat(steps, 8);
        a0 = madd(v128.load(x), w, a0);
        if (V > 1) a1 = madd(v128.load(x, 16), w, a1);
        if (V > 2) a2 = madd(v128.load(x, 32), w, a2);
        if (V > 3) a3 = madd(v128.load(x, 48), w, a3);
        if (V > 4) a4 = madd(v128.load(x, 64), w, a4);
        if (V > 5) a5 = madd(v128.load(x, 80), w, a5);
        if (V > 6) a6 = madd(v128.load(x, 96), w, a6);
      }
      steps += 16;
    } while (steps < end);
    v128.store(sums, a0);
    if (V > 1) v128.store(sums, a1, 16);
    if (V > 2) v128.store(sums, a2, 32);
    if (V > 3) v128.store(sums, a3, 48);
    if (V > 4) v128.store(sums, a4, 64);
    if (V > 5) v128.store(sums, a5, 80);
    if (V > 6) v128.store(sums, a6, 96);
  }
  return steps;
}

export function first28(steps: usize, counts: usize, sums: usize, count: i32, bias: usize): usize {
  return rows(7, true, steps, counts, sums, count, bias);
}
export function first16(steps: usize, counts: usize, sums: usize, count: i32, bias: usize): usize {
  return rows(4, true, steps, counts, sums, count, bias);
}
export function first8(steps: usize, counts: usize, sums: usize, count: i32, bias: usize): usize {
  return rows(2, true, steps, counts, sums, count, bias);
}
export function first4(steps: usize, counts: usize, sums: usize, count: i32, bias: usize): usize {
  return rows(1, true, steps, counts, sums, count, bias);
}
export function rows28(steps: usize, counts: usize, sums: usize, count: i32, bias: usize): usize {
  return rows(7, false, steps, counts, sums, count, bias);
}
export function rows16(steps: usize, counts: usize, sums: usize, count: i32, bias: usize): usize {
  return rows(4, false, steps, counts, sums, count, bias);
}
export function rows8(steps: usize, counts: usize, sums: usize, count: i32, bias: usize): usize {
  return rows(2, false, steps, counts, sums, count, bias);
}
export function rows4(steps: usize, counts: usize, sums: usize, count: i32, bias: usize): usize {
  return rows(1, false, steps, counts, sums, count, bias);
}
