import { LANES } from '../shaders/tile.js';
import type { Arrays, Matrix } from './format.js';
import { columnsOf, copyWeight, nonzeros } from './lists.js';

/** Columns are sorted by length within so many, so that what a workgroup writes stays together. */
const WINDOW = 256;

/**
 * SELL-32-256 (arXiv:1307.6209), in chunks of inputs: columns are sorted by length, 32 of them make a slice, and all lists of a slice
 * are as long as its longest, rounded up to four steps, the steps of one word of indices.
 */
export function sliced(matrix: Matrix, width: 1 | 4, chunk: number): Arrays {
  const columns = columnsOf(matrix, width);
  const [slices, chunks] = [Math.ceil(columns / LANES), Math.ceil(matrix.inputs / chunk)];
  const counts = new Int32Array(columns * chunks);
  const lengths = new Int32Array(columns);
  nonzeros(matrix, width, (k, column) => {
    counts[column * chunks + Math.floor(k / chunk)]++;
    lengths[column]++;
  });
  const order = sorted(lengths, slices * LANES);
  const lanes = new Int32Array(columns);
  order.forEach((column, lane) => {
    if (column < columns) lanes[column] = lane;
  });
  const starts = new Int32Array(slices * chunks + 1);
  for (let s = 0; s < slices; s++) {
    for (let c = 0; c < chunks; c++) {
      let longest = 0;
      for (let l = 0; l < LANES; l++) {
        const column = order[s * LANES + l];
        if (column < columns) longest = Math.max(longest, counts[column * chunks + c]);
      }
      const at = s * chunks + c;
      starts[at + 1] = starts[at] + Math.ceil(longest / 4) * 4;
    }
  }
  const steps = starts[slices * chunks];
  const weights = new Float32Array(steps * LANES * width);
  const bytes = new Uint8Array(steps * LANES);
  const next = new Int32Array(columns * chunks);
  nonzeros(matrix, width, (k, column) => {
    const c = Math.floor(k / chunk);
    const [slice, lane] = [Math.floor(lanes[column] / LANES), lanes[column] % LANES];
    const step = starts[slice * chunks + c] + next[column * chunks + c]++;
    put(bytes, step, lane, k - c * chunk);
    copyWeight(matrix, width, k, column, weights, step * LANES + lane);
  });
  return { weights, indices: new Int32Array(bytes.buffer), starts, order };
}

/** The longest first within each window; lanes past the last column get the number of columns. */
function sorted(lengths: Int32Array, lanes: number): Int32Array {
  const order = new Int32Array(lanes).fill(lengths.length);
  for (let from = 0; from < lengths.length; from += WINDOW) {
    const window = Array.from({ length: Math.min(WINDOW, lengths.length - from) }, (_, i) => from + i);
    order.set(
      window.sort((a, b) => lengths[b] - lengths[a] || a - b),
      from,
    );
  }
  return order;
}

/** The input of a step, as one byte: four steps of a lane share a word, the first in its lowest byte on every machine. */
export function put(bytes: Uint8Array, step: number, lane: number, input: number): void {
  bytes[((step >> 2) * LANES + lane) * 4 + (step & 3)] = input;
}
