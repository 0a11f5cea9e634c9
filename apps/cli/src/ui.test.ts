import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { supportsColour } from './colours.js';
import { espalier, scratch, tinyModel } from './testing.js';

const dir = scratch();
const tiny = tinyModel(dir, 'tiny');
const BIN = join(__dirname, '..', 'bin', 'espalier.js');
const run = (args: string[], env: NodeJS.ProcessEnv) =>
  spawnSync(process.execPath, [BIN, ...args], { encoding: 'utf8', env: { PATH: process.env.PATH, ...env } });

test.each([
  [true, {}, true],
  [false, {}, false],
  [undefined, {}, false],
  [true, { NO_COLOR: '1' }, false],
  [true, { TERM: 'dumb' }, false],
  [false, { FORCE_COLOR: '1' }, true],
  [true, { FORCE_COLOR: '0' }, false],
  [true, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
  [false, { CI: 'true' }, false],
])('a stream whose isTTY is %p with %p: colours %p', (isTTY, env, expected) => {
  expect(supportsColour({ ...(isTTY !== undefined && { isTTY }) }, env)).toBe(expected);
});

test('piped there are no colours, with FORCE_COLOR there are, on both streams', () => {
  const args = ['prune', tiny, '--dry-run'];
  const [plain, forced] = [run(args, { CI: 'true' }), run(args, { FORCE_COLOR: '1' })];
  for (const text of [plain.stdout, plain.stderr]) expect(text).not.toContain('\u001b[');
  for (const text of [forced.stdout, forced.stderr]) expect(text).toContain('\u001b[');
});

test('--quiet: the result on stdout, nothing on stderr, and errors all the same', () => {
  const out = join(dir, 'out');
  const quiet = espalier(['prune', tiny, '-o', out, '--quiet']);
  expect([quiet.code, quiet.stderr]).toEqual([0, '']);
  expect(quiet.stdout).toContain('parameters kept');
  expect(existsSync(join(out, 'model.json'))).toBe(true);
  const wrong = espalier(['inspect', join(dir, 'nothing'), '-q']);
  expect([wrong.code, wrong.stderr]).toEqual([3, expect.stringContaining('error')]);
});

test('a task says how long it took, and what went in and came out', () => {
  const said = espalier(['prune', tiny, '-o', join(dir, 'sized')]).stderr;
  expect(said).toMatch(/✓ write .*, 863 B → 1\.\d kB \d\.\d s/);
});

test('alone and not on a terminal: help, as with --help but to stderr; no line is wider than 80', () => {
  const [alone, help] = [espalier([]), espalier(['--help'])];
  expect([alone.code, alone.stdout, alone.stderr]).toEqual([2, '', help.stdout]);
  const commands = [...help.stdout.matchAll(/^ {2}([a-z]+) [<[]/gm)].map(([, name]) => name);
  expect(commands.length).toBeGreaterThan(10);
  for (const name of ['', ...commands]) {
    const { stdout } = espalier([...(name === '' ? [] : [name]), '--help']);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  }
}, 180_000);
