// npm run bench [-- name… --only GROUPS --rows FILE --out FILE]: builds what is measured, runs each benchmark in a process of its own, prints a table on
// stderr and the reports as one JSON array on stdout.
import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { rooms } from '../architecture/rooms.mjs';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { out: { type: 'string' }, only: { type: 'string' }, rows: { type: 'string' } },
});
/** What benchmarks share. */
const SHARED = ['harness.mjs', 'digits.mjs'];
const known = readdirSync(at('src/'))
  .filter((file) => file.endsWith('.mjs') && !SHARED.includes(file))
  .map((file) => file.slice(0, -'.mjs'.length));
const unknown = positionals.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`no benchmark ${unknown.join(', ')}; there are ${known.join(', ')}`);
  process.exit(2);
}

function node(...args) {
  const { status, stdout } = spawnSync(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (status !== 0) {
    process.stderr.write(stdout);
    process.exit(1);
  }
  return stdout;
}

const range = ({ median, p10, p90 }) => `${median.toFixed(2)} (${p10.toFixed(2)}–${p90.toFixed(2)})`;

const matches = (folder, room) => (room.endsWith('/*') ? folder.startsWith(room.slice(0, -1)) : folder === room);
const BUILT = [
  'core',
  'models/*',
  'runtimes/wasm',
  'strategies/*',
  'scorers/*',
  'repairs/*',
  'zoo',
  'measure',
  'formats',
  'train',
];
const built = rooms().filter(({ folder }) => BUILT.some((room) => matches(folder, `packages/${room}`)));
node(at('../../node_modules/typescript-native/bin/tsc'), '-b', ...built.map(({ folder }) => at(`../../${folder}`)));
/** These take many minutes or need a browser, and run only when they are named. */
const LONG = ['demo', 'fashion', 'accuracy', 'small-nets', 'sizes'];
const passed = ['only', 'rows'].flatMap((key) => (values[key] === undefined ? [] : [`--${key}`, values[key]]));
const reports = [];
for (const name of positionals.length > 0 ? positionals : known.filter((name) => !LONG.includes(name))) {
  console.error(`\n${name} …`);
  const report = JSON.parse(node(at(`src/${name}.mjs`), ...passed));
  reports.push(report);
  console.error(report.what);
  // Where a benchmark has printed a table of its own.
  if (report.table) continue;
  for (const [label, times] of Object.entries(report.cases)) {
    console.error(`  ${label.padEnd(28)} ${range(times)} ${report.unit}`);
  }
  if (!report.ratio) continue;
  const { subject, peer, wanted } = report.ratio;
  const goal = wanted === undefined ? '' : `, wanted at least ${wanted}×`;
  console.error(`  ${subject} is ${range(report.ratio)}× as fast as ${peer}${goal}`);
}
const json = `${JSON.stringify(reports, null, 2)}\n`;
if (values.out) writeFileSync(values.out, json);
process.stdout.write(json);
