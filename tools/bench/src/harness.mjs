// What every benchmark shares: interleaved rounds, medians with their spread, ratios, and the machine it ran on.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';

/** The q-quantile (0 to 1), interpolated between neighbours. */
export function quantile(values, q) {
  const sorted = Float64Array.from(values).sort();
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  return sorted[low] + (at - low) * (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]);
}

export const spread = (values) => ({
  median: quantile(values, 0.5),
  p10: quantile(values, 0.1),
  p90: quantile(values, 0.9),
});

/**
 * Runs every case once a round, in an order that rotates, so that a slow moment of the machine meets all of them.
 * A case is { run, prepare?, repeat? }: prepare is not timed, and repeat runs count as one sample, their mean.
 * Rounds of warm-up come first and are left out. Answers with milliseconds by case, one for each round.
 */
export async function interleave(cases, { rounds, warmup = 2 }) {
  const names = Object.keys(cases);
  const samples = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -warmup; round < rounds; round++) {
    for (const name of names) {
      const { run, prepare, repeat = 1 } = cases[name];
      await prepare?.();
      const start = performance.now();
      for (let i = 0; i < repeat; i++) await run();
      const elapsed = (performance.now() - start) / repeat;
      if (round >= 0) samples[name].push(elapsed);
    }
    names.push(names.shift());
  }
  return samples;
}

/** How many times quicker `subject` was than `peer`: the ratio of each round, and its spread. */
export const ratios = (samples, subject, peer) =>
  spread(samples[peer].map((time, round) => time / samples[subject][round]));

/** Node, processor, and the versions of the packages named. */
export function machine(packages = []) {
  const require = createRequire(import.meta.url);
  const versions = packages.map((name) => [
    name,
    JSON.parse(readFileSync(require.resolve(`${name}/package.json`), 'utf8')).version,
  ]);
  return {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model,
    cpus: cpus().length,
    memory: totalmem(),
    versions: Object.fromEntries(versions),
  };
}

const { values } = parseArgs({
  options: { out: { type: 'string' }, only: { type: 'string' }, rows: { type: 'string' } },
});

/** Whether --only, a regular expression, asks for this group; without it all are wanted. */
export const wantedGroup = (name) => values.only === undefined || new RegExp(values.only).test(name);

/** Prints the report as JSON on stdout, and writes it to the file that --out names. */
export function publish(report) {
  const json = `${JSON.stringify(report, null, 2)}\n`;
  if (values.out) writeFileSync(values.out, json);
  process.stdout.write(json);
}
