import { parseReport } from '@espalier/pipeline';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { espalier, readJson, scratch, tinyModel } from './testing.js';

const dir = scratch();
const tiny = tinyModel(dir, 'tiny');
const data = join(dir, 'data.mjs');
writeFileSync(
  data,
  `const part = (n, from) => ({ x: Float32Array.from({ length: 4 * n }, (_, i) => Math.cos(i + from)), y: Int32Array.from({ length: n }, (_, i) => i % 3), shape: [4], classes: 3 });
   export default { train: part(60, 0), test: part(30, 1000) };`,
);

test('every strategy with every scorer, one-shot and fine-tuned, as JSON, CSV, figures and one page', () => {
  const out = join(dir, 'report');
  const run = espalier([
    'compare',
    tiny,
    '--data',
    data,
    '-o',
    out,
    '--sparsities',
    '0.5',
    '--scorers',
    'magnitude,random',
    '--fine-tune',
    '1',
    '--runs',
    '3',
    '--json',
  ]);
  expect(run.code).toBe(0);
  const report = parseReport(run.json());
  expect(report).toEqual(readJson(join(out, 'report.json')));
  expect(report.rows.map(({ id }) => id)).toEqual(
    ['unstructured', 'structured', '2:4'].flatMap((strategy) =>
      ['magnitude', 'random'].flatMap((scorer) => [`${strategy} ${scorer} 0.5`, `${strategy} ${scorer} 0.5 tuned`]),
    ),
  );
  for (const row of report.rows) {
    expect(row.latency.map(({ backend, ran }) => [backend, ran])).toEqual([
      ['cpu', 'cpu'],
      ['wasm', 'wasm'],
    ]);
    expect(row.bytes!.raw).toBeGreaterThan(row.bytes!.brotli);
    // 2:4 leaves the last 2 of the second layer's 6 inputs dense.
    expect(row.sparsity.achieved).toBeCloseTo(row.granularity!.kind === 'n:m' ? 18 / 42 : 0.5, 6);
  }
  expect(report.rows[8].notes.map(({ text }) => text).join()).toContain('last 2 of 6 inputs stay dense');
  const html = readFileSync(join(out, 'report.html'), 'utf8');
  expect(html.length).toBeLessThan(1e6);
  expect(html).not.toMatch(/(src|href)="https?:/);
  expect(readFileSync(join(out, 'report.csv'), 'utf8').trim().split('\n')).toHaveLength(1 + 1 + report.rows.length);
  const figures = readdirSync(out).filter((file) => file.endsWith('.svg'));
  expect(figures.length).toBeGreaterThan(2);
  expect(readdirSync(out)).toEqual(expect.arrayContaining(figures.map((file) => file.replace('.svg', '.png'))));
  for (const { compact, accuracy } of report.rows) {
    expect(compact!.map(({ values }) => values)).toEqual(['float32', 'int8', 'int4', 'codebook']);
    expect(compact![0].accuracy).toBe(accuracy!.pruned);
    expect(compact![2].bytes).toBeLessThan(compact![0].bytes);
  }
});

test('the table goes to stdout, progress to stderr; a trial that is not possible is said and the others go on', () => {
  const run = espalier([
    'compare',
    tiny,
    '--data',
    data,
    '-o',
    join(dir, 'table'),
    '--strategies',
    'structured,1:8,2:4',
    '--sparsities',
    '0.5,0.95',
    '--backends',
    'cpu',
    '--runs',
    '2',
    '--repair',
    'obs',
  ]);
  expect(run.code).toBe(0);
  expect(run.stdout).toMatch(/structured 50%/);
  expect(run.stdout).toContain('weights that stay have new values: --repair obs');
  expect(run.stdout).not.toContain('✓');
  expect(run.stderr).toMatch(/1:8 .*nothing in this model can be pruned/);
  expect(run.stderr).toMatch(/structured .*0\.95.*at least one/);
});

test.each([
  ['no data', ['compare', tiny, '-o', 'x'], 2, '--data'],
  ['no output', ['compare', tiny, '--data', 'mnist'], 2, '--out'],
  ['unknown strategy', ['compare', tiny, '--data', data, '-o', 'x', '--strategies', 'blocky'], 2, 'blocky'],
  [
    'a pattern that is none',
    ['compare', tiny, '--data', data, '-o', 'x', '--strategies', '4:2'],
    2,
    '--strategies wants unstructured, structured, nm, block, a pattern such as 2:4',
  ],
  ['unknown backend', ['compare', tiny, '--data', data, '-o', 'x', '--backends', 'abacus'], 2, 'cpu, wasm'],
  ['data of another shape', ['compare', tiny, '--data', 'mnist', '-o', 'x'], 3, '3 classes'],
])('%s', (_name, args, code, message) => {
  const run = espalier(args, dir);
  expect(run.stderr).toContain(message);
  expect([run.code, run.stdout]).toEqual([code, '']);
});
