import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { espalier, scratch, tinyModel } from './testing.js';

const dir = scratch();
const tiny = tinyModel(dir, 'tiny');
const channels = (...args: string[]) => espalier(['prune', tiny, '--strategy', 'structured', '--json', ...args]);

test('a budget of MACs on a residual net is met within 2%, and the result is a plain model', () => {
  const out = join(dir, 'half');
  const run = espalier(['prune', 'resnet-ds', '--strategy', 'structured', '--macs', '0.5', '-o', out, '--json']);
  expect(run).toMatchObject({ code: 0 });
  const { budget, macs } = run.json();
  expect(budget).toMatchObject({ of: 'macs', dense: macs.dense, kept: macs.kept, fraction: { wanted: 0.5 } });
  expect(macs.kept / macs.dense).toBeLessThanOrEqual(0.5);
  expect(macs.kept / macs.dense).toBeGreaterThanOrEqual(0.49);
  const smaller = espalier(['inspect', out, '--json']).json();
  expect(smaller.layers.reduce((sum: number, layer: { macs: number }) => sum + layer.macs, 0)).toBe(macs.kept);
});

test('bytes are those of the files', () => {
  const out = join(dir, 'bytes');
  const { budget, files } = espalier([
    ...['prune', 'lenet-300-100', '--strategy', 'structured', '--bytes', '200kB', '-o', out, '--json'],
  ]).json();
  const model = files.filter((file: { path: string }) => !file.path.endsWith('.plan'));
  const size = model.reduce((sum: number, { path }: { path: string }) => sum + statSync(path).size, 0);
  expect(Math.abs(size - budget.kept)).toBeLessThan(50);
  expect(size).toBeLessThanOrEqual(200_000);
  expect(size).toBeGreaterThan(196_000);
});

test('parameters of single weights, shared out by ERK and LAMP, are exact', () => {
  for (const budget of ['erk', 'lamp', 'uniform', 'global']) {
    const run = espalier(['prune', 'lenet-5', '--params', '30k', '--budget', budget, '--dry-run', '--json']);
    expect(run.json()).toMatchObject({ strategy: `unstructured-${budget}`, params: { kept: 30_000 } });
  }
});

test('tables prune each layer as they say, elements or channels', () => {
  const elements = join(dir, 'elements.json');
  writeFileSync(elements, JSON.stringify({ granularity: 'element', sparsity: { fc1: 0.75, fc2: 0.5 } }));
  const run = espalier(['prune', tiny, '--budget', elements, '--dry-run', '--json']);
  expect(run.json().layers).toMatchObject([{ kept: 6 }, { kept: 9 }]);
  const table = join(dir, 'channels.json');
  writeFileSync(table, JSON.stringify({ fc1: 0.5 }));
  expect(channels('--budget', table, '--dry-run').json()).toMatchObject({ channels: { total: 6, kept: 3 } });
  const wrong = channels('--budget', elements, '-o', join(dir, 'wrong'));
  expect(wrong).toMatchObject({ code: 3 });
  expect(wrong.json().error).toMatchObject({ code: 'budget-granularity' });
});

test('floors, ceilings, multiples and inputs that stay', () => {
  expect(channels('--floor', '0.8', '--params', '0.9', '--dry-run').json().channels).toEqual({ total: 6, kept: 5 });
  expect(channels('--ceiling', 'fc1=0.5', '--sparsity', '0', '--dry-run').json().channels.kept).toBe(3);
  expect(channels('--round-to', '4', '--sparsity', '0.2', '--dry-run').json().channels.kept).toBe(4);
  expect(channels('--keep-inputs', 'fc2', '--dry-run')).toMatchObject({ code: 2 });
  expect(channels('--keep-inputs', 'fc2', '--dry-run').json().error.message).toContain('keeps its inputs');
});

test.each([
  [['--params', '0.05'], 'budget-infeasible'],
  [['--macs', '0.3', '--floor', '0.9'], 'budget-infeasible'],
  [['--sparsity', '0.95'], 'channels-impossible'],
  [['--sparsity', '0.5', '--floor', 'nothing=0.5'], 'limit-unmatched'],
  [['--sparsity', '0.5', '--macs', '0.5'], 'option-combination'],
  [['--budget', 'erk'], 'option-combination'],
  [['--round-to', '0'], 'option-value'],
  [['--macs', 'half'], 'option-value'],
  [['--floor', 'fc1=2'], 'option-value'],
  [['--input-shape', '1,x'], 'option-value'],
])('%j is refused before anything is written', (args, code) => {
  const out = join(dir, 'refused');
  const run = channels(...args, '-o', out);
  expect(run.code).toBe(2);
  expect(run.json().error.code).toBe(code);
  expect(existsSync(out)).toBe(false);
});

test.each([
  [['--macs', '0.5'], 'option-combination'],
  [['--round-to', '4'], 'option-combination'],
  [['--params', '0.01'], 'budget-infeasible'],
  [['--budget', 'erk', '--scope', 'local'], 'option-combination'],
])('single weights: %j is refused', (args, code) => {
  const run = espalier(['prune', tiny, ...args, '--dry-run', '--json']);
  expect(run).toMatchObject({ code: 2 });
  expect(run.json().error.code).toBe(code);
});

test.each([
  ['missing.json', undefined, 'budget-missing'],
  ['broken.json', '{', 'budget-invalid'],
  ['list.json', '[1]', 'budget-invalid'],
  ['empty.json', '{}', 'budget-invalid'],
  ['text.json', '{"fc1": "0.5"}', 'budget-invalid'],
])('a budget that is %s', (name, text, code) => {
  const file = join(dir, name);
  if (text !== undefined) writeFileSync(file, text);
  const run = espalier(['prune', tiny, '--budget', file, '--dry-run', '--json']);
  expect(run).toMatchObject({ code: 3 });
  expect(run.json().error).toMatchObject({ code, where: file });
});

test('inputs of open size have MACs where their size is said', () => {
  const open = tinyModel(dir, 'open', (json) => {
    json.modelTopology.config.layers[0].config.batch_input_shape = [null, null, 4];
  });
  const prune = (...args: string[]) =>
    espalier(['prune', open, '--strategy', 'structured', '--macs', '0.5', '--dry-run', '--json', ...args]);
  expect(prune()).toMatchObject({ code: 2 });
  expect(prune().json().error).toMatchObject({ code: 'macs-unknown' });
  expect(prune('--input-shape', '1,10,4').json().macs).toEqual({ dense: 420, kept: 210 });
  expect(prune('--input-shape', '1,10,5').json().error).toMatchObject({ code: 'input-shape' });
  const file = readFileSync(join(open, 'model.json'), 'utf8');
  expect(file).toContain('null,null,4');
});

test('a latency and a multiple are measured', () => {
  const run = channels('--latency', '1', '--round-to', 'auto', '--backend', 'cpu', '--dry-run');
  expect(run).toMatchObject({ code: 0 });
  expect(run.json()).toMatchObject({ budget: { of: 'latency', fraction: { wanted: 1 } } });
  expect([1, 2, 4]).toContain(run.json().roundTo);
  const refused = channels('--latency', '0.001', '--backend', 'cpu', '-o', join(dir, 'refused'));
  expect(refused).toMatchObject({ code: 2 });
  expect(refused.json().error).toMatchObject({ code: 'budget-infeasible', where: '--latency' });
  expect(existsSync(join(dir, 'refused'))).toBe(false);
});

test('whole residual branches', () => {
  expect(espalier(['inspect', 'resnet-ds', '--json']).json().branches).toEqual(['b2_add', 'b3_add', 'b4_add']);
  const out = join(dir, 'layers');
  const run = espalier([
    ...[
      'prune',
      'resnet-ds',
      '--strategy',
      'structured',
      '--granularity',
      'layer',
      '--macs',
      '0.8',
      '-o',
      out,
      '--json',
    ],
  ]);
  expect(run).toMatchObject({ code: 0 });
  const { macs, branches } = run.json();
  expect(branches).toEqual({ total: 3, kept: 2 });
  expect(macs.kept).toBeLessThanOrEqual(0.8 * macs.dense);
  const { layers } = espalier(['inspect', out, '--json']).json();
  expect(layers.reduce((sum: number, layer: { macs: number }) => sum + layer.macs, 0)).toBe(macs.kept);
  expect(layers).toHaveLength(44 - 9);
  expect(channels('--granularity', 'layer', '--dry-run').json().error.code).toBe('nothing-to-prune');
  expect(channels('--granularity', 'layer', '--floor', '0.5', '--dry-run').code).toBe(2);
});
