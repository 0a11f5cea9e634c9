import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { espalier, readJson, scratch } from './testing.js';

const dir = scratch();
const run = (...args: string[]) => espalier(['sensitivity', 'lenet-300-100', '--data', 'mnist', '--json', ...args]);

test('single weights: table, figure, page, and a budget that prune takes back', () => {
  const [svg, budget] = [join(dir, 'curves.svg'), join(dir, 'budget.json')];
  const found = run('--samples', '500', '--figure', svg, '--budget-out', budget, '--drop', '2');
  expect(found).toMatchObject({ code: 0 });
  const result = found.json();
  expect(result).toMatchObject({ granularity: 'element', samples: 500, budget: { drop: 2 } });
  expect(result.layers.map((layer: { id: string }) => layer.id)).toEqual(['fc1/kernel', 'fc2/kernel', 'fc3/kernel']);
  for (const { points } of result.layers)
    expect(points.map((p: { sparsity: number }) => p.sparsity)).toEqual([0.25, 0.5, 0.75, 0.9]);
  expect(readFileSync(svg, 'utf8')).toContain('fc1/kernel');
  expect(readJson(budget)).toMatchObject({ granularity: 'element', drop: 2, sparsity: result.budget.sparsity });

  const pruned = espalier(['prune', 'lenet-300-100', '--budget', budget, '--dry-run', '--json']).json();
  for (const { id, size, kept } of pruned.layers as { id: string; size: number; kept: number }[])
    expect(1 - kept / size).toBeCloseTo(result.budget.sparsity[id], 3);
});

test('channels: for people, as a page, with one common drop', () => {
  const [page, budget] = [join(dir, 'page.html'), join(dir, 'channels.json')];
  const args = ['sensitivity', 'lenet-300-100', '--data', 'mnist', '--granularity', 'channel', '--samples', '500'];
  const found = espalier([...args, '--figure', page, '--budget-out', budget, '--sparsity', '0.5']);
  expect(found).toMatchObject({ code: 0 });
  expect(found.stdout).toMatch(/layer +channels +25% +50% +75% +90% +budget/);
  expect(found.stdout).toContain('left alone  fc3: model output');
  expect(readFileSync(page, 'utf8')).toContain('<svg');
  const pruned = espalier([
    ...['prune', 'lenet-300-100', '--strategy', 'structured', '--budget', budget, '--dry-run', '--json'],
  ]).json();
  expect(pruned.channels.total).toBe(400);
  expect(Math.abs(pruned.channels.kept - 200)).toBeLessThanOrEqual(2);
});

test.each([
  [['--drop', '1', '--sparsity', '0.5'], 'option-combination'],
  [['--figure', 'curves.pdf'], 'figure-kind'],
  [['--sparsities', '0,0.5'], 'option-value'],
  [['--ignore', 'fc*'], 'nothing-to-prune'],
  [['--samples', '100', '--sparsities', '0.5', '--sparsity', '0.9', '--budget-out', 'x.json'], 'sensitivity-range'],
])('%j is refused', (args, code) => {
  const refused = espalier(['sensitivity', 'lenet-300-100', '--data', 'mnist', '--json', ...args], dir);
  expect(refused.code).toBe(2);
  expect(refused.json().error.code).toBe(code);
  expect(existsSync(join(dir, 'x.json'))).toBe(false);
});
