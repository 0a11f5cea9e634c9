// What more moves and other shapes make of the permutation for 2:4; accuracy/permutation.mjs says what efficacy is.
import { efficacyOf } from './accuracy/permutation.mjs';
import { machine, publish, spread } from './harness.mjs';

const SEEDS = 10;
const CASES = [
  { rows: 128, columns: 64, moves: 500 },
  { rows: 128, columns: 64, moves: 2000 },
  { rows: 128, columns: 64, moves: 20000 },
  { rows: 64, columns: 128, moves: 2000 },
  { rows: 512, columns: 256, moves: 2000 },
];

function measure(shape) {
  const runs = Array.from({ length: SEEDS }, (_, i) => efficacyOf(shape, i + 1));
  const efficacies = runs.map(({ efficacy }) => efficacy);
  const times = runs.map(({ seconds }) => seconds);
  const mean = efficacies.reduce((a, b) => a + b) / SEEDS;
  return { ...spread(efficacies), mean, seconds: { ...spread(times), max: Math.max(...times) } };
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
