// How much of what 2:4 gives up a permutation of the inputs wins back, on a matrix of uniform random magnitudes:
// efficacy = (kept after − kept before) / (best half of each row − kept before), in percent.
import { seededRandom } from '@espalier/core';
import { searchPermutation } from '@espalier/strategy-nm';

/** The sum of the larger half of each row; column after column in memory. */
function bestHalf(scores, rows, columns) {
  let sum = 0;
  for (let r = 0; r < rows; r++) {
    const row = Float64Array.from({ length: columns }, (_, c) => scores[c * rows + r]).sort();
    for (let i = columns / 2; i < columns; i++) sum += row[i];
  }
  return sum;
}

export function efficacyOf({ rows, columns, moves }, seed) {
  const scores = Float32Array.from({ length: rows * columns }, seededRandom(seed));
  const start = performance.now();
  const { before, after } = searchPermutation(scores, { rows, columns, moves, seed });
  const seconds = (performance.now() - start) / 1000;
  return { efficacy: (100 * (after - before)) / (bestHalf(scores, rows, columns) - before), seconds };
}

/** Ten seeds of the matrix for which others' figures are known. */
export async function permutation(store) {
  const shape = { rows: 128, columns: 64, moves: 2000 };
  const net = `${shape.rows}×${shape.columns}`;
  if (!store.wants('permutation', net)) return;
  for (let seed = 1; seed <= 10; seed++) {
    const key = { section: 'permutation', net, method: 'efficacy, 2000 moves', setting: '2:4', seed };
    if (store.has(key)) continue;
    const { efficacy, seconds } = efficacyOf(shape, seed);
    store.add({ ...key, unit: '%', wanted: 36.6, value: efficacy, seconds });
  }
}
