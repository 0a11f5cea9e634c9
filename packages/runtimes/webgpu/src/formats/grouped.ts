import { LANES } from '../shaders/tile.js';
import type { Arrays, Matrix } from './format.js';
import { columnsOf, copyWeight, nonzeros } from './lists.js';
import { put } from './sliced.js';

/**
 * At most `keep` of every `group` consecutive inputs: every list has the same number of steps, so nothing is sorted and nothing but a
 * group with fewer weights is padded. `group` divides `chunk`.
 */
export function grouped(
  matrix: Matrix,
  width: 1 | 4,
  chunk: number,
  { keep, group }: { readonly keep: number; readonly group: number },
): Arrays {
  const columns = columnsOf(matrix, width);
  const [slices, chunks] = [Math.ceil(columns / LANES), Math.ceil(matrix.inputs / chunk)];
  const stepsOf = (inputs: number) => Math.ceil((Math.ceil(inputs / group) * keep) / 4) * 4;
  const [full, last] = [stepsOf(chunk), stepsOf(matrix.inputs - (chunks - 1) * chunk)];
  const total = (chunks - 1) * full + last;
  const weights = new Float32Array(slices * total * LANES * width);
  const bytes = new Uint8Array(slices * total * LANES);
  const groups = Math.ceil(matrix.inputs / group);
  const taken = new Int32Array(columns * groups);
  nonzeros(matrix, width, (k, column) => {
    const [c, g] = [Math.floor(k / chunk), Math.floor(k / group)];
    const within = g - (c * chunk) / group;
    const [slice, lane] = [Math.floor(column / LANES), column % LANES];
    const step = slice * total + c * full + within * keep + taken[column * groups + g]++;
    put(bytes, step, lane, k - c * chunk);
    copyWeight(matrix, width, k, column, weights, step * LANES + lane);
  });
  return { weights, indices: new Int32Array(bytes.buffer), steps: [full, last] };
}
