// How much of what 2:4 gives up a permutation of the inputs wins back, on matrices of uniform random magnitudes:
// efficacy = (kept after − kept before) / (best half of each row − kept before). In percent, over ten seeds.
import { seededRandom } from '@espalier/core';
import { searchPermutation } from '@espalier/strategy-nm';
import { machine, publish, spread } from './harness.mjs';

const SEEDS = 10;
const CASES = [
  { rows: 128, columns: 64, moves: 500 },
  { rows: 128, columns: 64, moves: 2000 },
  { rows: 128, columns: 64, moves: 20000 },
  { rows: 64, columns: 128, moves: 2000 },
  { rows: 512, columns: 256, moves: 2000 },
];

/** The sum of the larger half of each row; column after column in memory. */
function bestHalf(scores, rows, columns) {
  let sum = 0;
  for (let r = 0; r < rows; r++) {
    const row = Float64Array.from({ length: columns }, (_, c) => scores[c * rows + r]).sort();
    for (let i = columns / 2; i < columns; i++) sum += row[i];
  }
  return sum;
}

function measure({ rows, columns, moves }) {
  const samples = { efficacy: [], seconds: [] };
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = seededRandom(seed);
    const scores = Float32Array.from({ length: rows * columns }, random);
    const start = performance.now();
    const { before, after } = searchPermutation(scores, { rows, columns, moves, seed });
    samples.seconds.push((performance.now() - start) / 1000);
    samples.efficacy.push((100 * (after - before)) / (bestHalf(scores, rows, columns) - before));
  }
  const mean = samples.efficacy.reduce((a, b) => a + b) / SEEDS;
  return {
    ...spread(samples.efficacy),
    mean,
    seconds: { ...spread(samples.seconds), max: Math.max(...samples.seconds) },
  };
}

const cases = Object.fromEntries(
  CASES.map((shape) => [`${shape.rows}×${shape.columns}, ${shape.moves} moves`, { ...shape, ...measure(shape) }]),
);
for (const [name, { mean, seconds }] of Object.entries(cases)) {
  process.stderr.write(
    `  ${name}: mean efficacy ${mean.toFixed(2)}%, ${seconds.median.toFixed(2)} s each, at most ${seconds.max.toFixed(2)} s\n`,
  );
}
publish({
  name: 'permutation',
  what: `efficacy of permuting the inputs for 2:4, uniform random matrices of outputs × inputs, ${SEEDS} seeds`,
  unit: '% efficacy',
  cases,
  machine: machine(),
});
