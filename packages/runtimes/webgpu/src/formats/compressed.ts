import type { Arrays, Matrix } from './format.js';
import { columnsOf, copyWeight, nonzeros } from './lists.js';

/** Compressed columns: the list of one column after the other, nothing padded. */
export function compressed(matrix: Matrix, width: 1 | 4): Arrays {
  const columns = columnsOf(matrix, width);
  const starts = new Int32Array(columns + 1);
  nonzeros(matrix, width, (_, column) => void starts[column + 1]++);
  for (let c = 0; c < columns; c++) starts[c + 1] += starts[c];
  const next = starts.slice();
  const weights = new Float32Array(starts[columns] * width);
  const indices = new Int32Array(starts[columns]);
  nonzeros(matrix, width, (k, column) => {
    const at = next[column]++;
    indices[at] = k;
    copyWeight(matrix, width, k, column, weights, at);
  });
  return { weights, indices, starts };
}
