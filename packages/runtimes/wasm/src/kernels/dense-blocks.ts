import type { Heap } from './heap.js';
import type { Matrix } from './matrix.js';

/** Every weight, from byte `offset` on: blocks of outputs, input by input; `widthOf` the outputs that are left, with zeros behind the last. */
export function writeBlocks(
  heap: Heap,
  { read, inputs, outputs }: Matrix,
  offset: number,
  widthOf: (rest: number) => number,
): void {
  const [floats, values] = [heap.floats(), read()];
  let at = offset >>> 2;
  for (let m = 0, width: number; m < outputs; m += width) {
    width = widthOf(outputs - m);
    const last = Math.min(outputs, m + width);
    for (let k = 0; k < inputs; k++, at += width) {
      floats.fill(0, at, at + width).set(values.subarray(k * outputs + m, k * outputs + last), at);
    }
  }
}
