import { madd } from './madd';

/** clamp(sums + bias, low, high) → y, of `outputs` values; sums and bias may be read up to the next multiple of 4. */
function finishVector(sums: usize, bias: usize, y: usize, outputs: i32, low: f32, high: f32): void {
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  let m: i32 = 0;
  for (; m + 4 <= outputs; m += 4, sums += 16, bias += 16, y += 16) {
    v128.store(y, f32x4.pmin(f32x4.pmax(f32x4.add(v128.load(sums), v128.load(bias)), lows), highs));
  }
  for (; m < outputs; m++, sums += 4, bias += 4, y += 4) {
    store<f32>(y, min(max(load<f32>(sums) + load<f32>(bias), low), high));
  }
}

/** Four inputs, each at its own place in memory; two places come with one load, for loads are what the loop below waits for. */
@inline
function gather(one: u64, two: u64): v128 {
  const a = v128.load32_zero(<usize>one);
  const b = v128.load32_zero(<usize>(one >> 32));
  const c = v128.load32_zero(<usize>two);
  const d = v128.load32_zero(<usize>(two >> 32));
  return v128.shuffle<f32>(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 0, 4, 1, 5), 0, 1, 4, 5);
}

/**
 * Unstructured weights times one vector (SELL-4): rows sorted by length and taken four at a time, one in each lane, four steps at
 * a time. A step is four weights and the places of their inputs in `copy`, where x is copied to, so that no base is to be added.
 * `order` has the place of each sorted row in y.
 */
export function sliced(
  x: usize, y: usize, inputs: i32, copy: usize, steps: usize, counts: usize, order: usize, sums: usize, bias: usize, outputs: i32, low: f32, high: f32,
): void {
  memory.copy(copy, x, <usize>inputs << 2);
  for (let m: i32 = 0; m < outputs; m += 4, counts += 4, order += 16) {
    const end = steps + (<usize>load<u32>(counts) << 7);
    let a0 = f32x4.splat(0);
    let a1 = a0;
    let a2 = a0;
    let a3 = a0;
    for (; steps < end; steps += 128) {
      a0 = madd(gather(load<u64>(steps, 16), load<u64>(steps, 24)), v128.load(steps), a0);
      a1 = madd(gather(load<u64>(steps, 48), load<u64>(steps, 56)), v128.load(steps, 32), a1);
      a2 = madd(gather(load<u64>(steps, 80), load<u64>(steps, 88)), v128.load(steps, 64), a2);
      a3 = madd(gather(load<u64>(steps, 112), load<u64>(steps, 120)), v128.load(steps, 96), a3);
    }
    a0 = f32x4.add(f32x4.add(a0, a1), f32x4.add(a2, a3));
    store<f32>(sums + <usize>load<u32>(order), f32x4.extract_lane(a0, 0));
    store<f32>(sums + <usize>load<u32>(order, 4), f32x4.extract_lane(a0, 1));
    store<f32>(sums + <usize>load<u32>(order, 8), f32x4.extract_lane(a0, 2));
    store<f32>(sums + <usize>load<u32>(order, 12), f32x4.extract_lane(a0, 3));
  }
  finishVector(sums, bias, y, outputs, low, high);
}

/** Weights in blocks of 16 outputs that share an input, times one vector. `counts` are blocks of each 16 outputs. */
export function blocks16(
  x: usize, y: usize, weights: usize, at: usize, counts: usize, sums: usize, bias: usize, outputs: i32, low: f32, high: f32,
): void {
  sumBlocks(x, weights, at, counts, sums, outputs);
  finishVector(sums, bias, y, outputs, low, high);
}

/** Its sums, by themselves: with more arguments around them, the loop lacks a register. */
export function sumBlocks(x: usize, weights: usize, at: usize, counts: usize, sums: usize, outputs: i32): void {
  for (let m: i32 = 0; m < outputs; m += 16, counts += 4, sums += 64) {
    const end = weights + (<usize>load<u32>(counts) << 6);
    let a0 = f32x4.splat(0);
    let a1 = a0;
    let a2 = a0;
    let a3 = a0;
    while (weights < end) {
      const v = v128.load32_splat(x + <usize>load<u16>(at));
      a0 = madd(v, v128.load(weights), a0);
      a1 = madd(v, v128.load(weights, 16), a1);
      a2 = madd(v, v128.load(weights, 32), a2);
      a3 = madd(v, v128.load(weights, 48), a3);
      weights += 64;
      at += 2;
    }
    v128.store(sums, a0);
    v128.store(sums, a1, 16);
    v128.store(sums, a2, 32);
    v128.store(sums, a3, 48);
  }
}

/** The same with every input. */
export function dense16(
  x: usize, y: usize, weights: usize, inputs: i32, sums: usize, bias: usize, outputs: i32, low: f32, high: f32,
): void {
  let to = sums;
  const end = x + (<usize>inputs << 2);
  for (let m: i32 = 0; m < outputs; m += 16, to += 64) {
    let a0 = f32x4.splat(0);
    let a1 = a0;
    let a2 = a0;
    let a3 = a0;
    for (let p = x; p < end; p += 4, weights += 64) {
      const v = v128.load32_splat(p);
      a0 = madd(v, v128.load(weights), a0);
      a1 = madd(v, v128.load(weights, 16), a1);
      a2 = madd(v, v128.load(weights, 32), a2);
      a3 = madd(v, v128.load(weights, 48), a3);
    }
    v128.store(to, a0);
    v128.store(to, a1, 16);
    v128.store(to, a2, 32);
    v128.store(to, a3, 48);
  }
  finishVector(sums, bias, y, outputs, low, high);
}
