/**
 * Rows [pixels, channels] to planes [channels][stride], or back: `from` has lines of `fromStride` bytes, `to` of `toStride`, and
 * value j of line i goes to value i of line j. In blocks of 4 × 4; what is left over goes one by one.
 */
export function turn(from: usize, fromStride: usize, lines: i32, to: usize, toStride: usize, values: i32): void {
  let i: i32 = 0;
  for (; i + 4 <= lines; i += 4, from += fromStride << 2, to += 16) {
    let x = from;
    let y = to;
    let j: i32 = 0;
    for (; j + 4 <= values; j += 4, x += 16, y += toStride << 2) {
      const a0 = v128.load(x);
      const a1 = v128.load(x + fromStride);
      const a2 = v128.load(x + 2 * fromStride);
      const a3 = v128.load(x + 3 * fromStride);
      const t0 = v128.shuffle<f32>(a0, a1, 0, 4, 1, 5);
      const t1 = v128.shuffle<f32>(a0, a1, 2, 6, 3, 7);
      const t2 = v128.shuffle<f32>(a2, a3, 0, 4, 1, 5);
      const t3 = v128.shuffle<f32>(a2, a3, 2, 6, 3, 7);
      v128.store(y, v128.shuffle<f32>(t0, t2, 0, 1, 4, 5));
      v128.store(y + toStride, v128.shuffle<f32>(t0, t2, 2, 3, 6, 7));
      v128.store(y + 2 * toStride, v128.shuffle<f32>(t1, t3, 0, 1, 4, 5));
      v128.store(y + 3 * toStride, v128.shuffle<f32>(t1, t3, 2, 3, 6, 7));
    }
    for (; j < values; j++, x += 4, y += toStride) {
      store<f32>(y, load<f32>(x));
      store<f32>(y, load<f32>(x + fromStride), 4);
      store<f32>(y, load<f32>(x + 2 * fromStride), 8);
      store<f32>(y, load<f32>(x + 3 * fromStride), 12);
    }
  }
  for (; i < lines; i++, from += fromStride, to += 4) {
    let y = to;
    for (let j: i32 = 0; j < values; j++, y += toStride) store<f32>(y, load<f32>(from + (<usize>j << 2)));
  }
}
