import type { Matrix } from './format.js';

/** Columns of a matrix: outputs, or blocks of four of them. */
export const columnsOf = ({ outputs }: Pick<Matrix, 'outputs'>, width: 1 | 4) => Math.ceil(outputs / width);

/** Calls `found` for every weight, or block, that is not zero, in the order of the inputs. */
export function nonzeros(
  { values, inputs, outputs }: Matrix,
  width: 1 | 4,
  found: (input: number, column: number) => void,
): void {
  for (let k = 0; k < inputs; k++) {
    let last = -1;
    for (let m = 0, i = k * outputs; m < outputs; m++, i++) {
      const column = width === 1 ? m : m >> 2;
      if (values[i] === 0 || column === last) continue;
      last = column;
      found(k, column);
    }
  }
}

/** Copies one weight or block to where the kernel has it. */
export function copyWeight(
  { values, outputs }: Matrix,
  width: 1 | 4,
  input: number,
  column: number,
  to: Float32Array,
  at: number,
): void {
  for (let v = 0; v < width; v++) {
    const m = column * width + v;
    if (m < outputs) to[at * width + v] = values[input * outputs + m];
  }
}
