import { reportJsonSchema } from '@espalier/pipeline';
import { HOSTILE, report, row } from '../../../packages/report/testing/report.js';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { espalier, readJson, scratch } from './testing.js';

const dir = scratch();
const write = (name: string, value: unknown) => {
  const path = join(dir, name);
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
  return path;
};
const old = write('old.json', report({ rows: [row('unstructured', 0.5, 90), row(HOSTILE, 0.5, 90)] }));
const now = write('new.json', report({ rows: [row('unstructured', 0.5, 97), row(HOSTILE, 0.5, 90.1)] }));

test('one report: the table again, and every file of it but the JSON', () => {
  const out = join(dir, 'again');
  const run = espalier(['report', old, '-o', out, '--lang', 'zh']);
  expect([run.code, run.stdout]).toEqual([0, expect.stringContaining('单个权重 50%')]);
  expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('<html lang="zh-CN">');
  expect(readFileSync(join(out, 'accuracy-size.svg'), 'utf8')).toContain('精度与文件大小');
  expect(readdirSync(out)).toEqual(expect.arrayContaining(['accuracy-size.png', 'report.csv']));
  const page = join(dir, 'page.html');
  expect(espalier(['report', old, '-o', page, '--json']).json()).toEqual(readJson(old));
  expect(readFileSync(page, 'utf8')).not.toContain('<script');
});

test('two reports: a line a trial with what is better, worse and noise; a page with --out', () => {
  const out = join(dir, 'changes.html');
  const run = espalier(['report', old, now, '--out', out]);
  expect(run.code).toBe(0);
  expect(run.stdout).toMatch(/unstructured 50% +90\.00 → 97\.00 \+7\.00 ▲/);
  expect(run.stdout).toMatch(/90\.00 → 90\.10 \+0\.10 ~/);
  expect(run.stdout).not.toContain('\u202e');
  expect(readFileSync(out, 'utf8')).toContain('+7.00, better');
  expect(espalier(['report', old, now, '--json']).json()).toMatchObject({ verdicts: { better: 1, noise: 1 } });
});

test('--schema prints the published schema', () => {
  expect(espalier(['report', '--schema']).json()).toEqual(JSON.parse(JSON.stringify(reportJsonSchema())));
});

test.each([
  ['nothing there', [join(dir, 'none.json')], 3, 'none.json'],
  ['a folder', [dir], 3, 'EISDIR'],
  ['no JSON', [write('bad.json', '{')], 3, 'wanted JSON'],
  ['no report', [write('other.json', '{"version":2}')], 3, 'created'],
  ['another version', [old, write('v9.json', { ...report(), version: 9 })], 3, 'version'],
  ['no file at all', [], 2, 'report.json'],
  ['a page of two that is none', [old, now, '-o', join(dir, 'x.txt')], 2, '.html'],
  ['a language there is none of', [old, '--lang', 'tlh'], 2, 'en, zh'],
])('%s', (_name, args, code, message) => {
  const run = espalier(['report', ...args]);
  expect(run.stderr).toContain(message);
  expect([run.code, run.stdout, existsSync(join(dir, 'x.txt'))]).toEqual([code, '', false]);
});
