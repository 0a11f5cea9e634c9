// Results as they come, one row for every measurement. With a file they outlive the process: what is in it is not measured again.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';

const keyOf = ({ section, net, method, setting, seed }) => JSON.stringify([section, net, method, setting, seed]);

export const epochsOf = (count) => (count === 0.5 ? 'half an epoch' : `${count} epoch${count === 1 ? '' : 's'}`);

/** `wants(section, net)` says whether to measure it at all. */
export function rowStore(file, wants) {
  const rows = new Map();
  if (file && existsSync(file)) {
    const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
    for (const row of lines.map((line) => JSON.parse(line))) rows.set(keyOf(row), row);
  }
  const started = performance.now();
  return {
    wants,
    all: () => [...rows.values()],
    has: (key) => rows.has(keyOf(key)),
    add(row) {
      rows.set(keyOf(row), row);
      if (file) appendFileSync(file, `${JSON.stringify(row)}\n`);
      const { section, net, method, setting, seed, seconds } = row;
      const parts = [section.padEnd(10), net.padEnd(13), method.padEnd(30), setting.padEnd(5), `seed ${seed}`];
      const value = `${row.value.toFixed(2)} ${row.unit}`;
      const now = `${((performance.now() - started) / 1000).toFixed(0)} s in all`;
      process.stderr.write(
        `  ${parts.join(' ')}  ${value.padStart(10)}  ${seconds.toFixed(1).padStart(6)} s  (${now})\n`,
      );
    },
  };
}

const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

/** Seeds of one row together, in the order of the sections. */
export function summarise(rows, order) {
  const groups = new Map();
  for (const row of rows) {
    const key = JSON.stringify([row.section, row.net, row.method, row.setting]);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const at = ({ section }) => order.indexOf(section);
  return [...groups.values()]
    .map((runs) => {
      const { section, net, method, setting, unit, dense, wanted, goal } = runs[0];
      const values = runs.map(({ value }) => value);
      const mnist = runs.every((run) => run.mnist !== undefined) ? mean(runs.map((run) => run.mnist)) : undefined;
      return {
        ...{ section, net, method, setting, unit, dense, mean: mean(values), values, mnist },
        ...{ seeds: runs.map(({ seed }) => seed), seconds: mean(runs.map(({ seconds }) => seconds)), wanted, goal },
      };
    })
    .sort((a, b) => at(a) - at(b));
}

const show = (value, digits = 2) => (value === undefined ? '' : value.toFixed(digits));

/** The table for people. */
export function tableOf(summary) {
  const head = ['section', 'net', 'method', 'setting', 'dense', 'mean', 'lowest', 'highest', 'mnist', 'seeds', 'time'];
  const body = summary.map((row) => [
    ...[row.section, row.net, row.method, row.setting, show(row.dense), `${show(row.mean)}${row.unit}`],
    ...(row.values.length > 1 ? [show(Math.min(...row.values)), show(Math.max(...row.values))] : ['', '']),
    ...[show(row.mnist), String(row.seeds.length), `${show(row.seconds, 1)} s`],
    ...(row.wanted === undefined ? [] : [`wanted ${row.wanted}${row.goal === undefined ? '' : `, goal ${row.goal}`}`]),
  ]);
  const widths = head.map((word, i) => Math.max(word.length, ...body.map((cells) => cells[i].length)));
  const line = (cells) =>
    cells.map((cell, i) => (i < 4 || i > 10 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i]))).join('  ');
  return [head, ...body].map((cells) => line(cells).trimEnd()).join('\n');
}
