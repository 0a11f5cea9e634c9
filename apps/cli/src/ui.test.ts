import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { supportsColour } from './colours.js';
import { inspectTable } from './tables.js';
import { espalier, espalierMany, scratch, tinyModel } from './testing.js';

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
  const runs = espalierMany(commands.map((name) => [name, '--help']));
  for (const [i, { code, stdout }] of [help, ...runs].entries()) {
    const name = ['', ...commands][i];
    expect(stdout).toContain(`Usage: espalier ${name === 'help' || name === '' ? '[options] [command]' : `${name} `}`);
    expect([code, stdout.split('\n').filter((line) => line.length > 80)]).toEqual([0, []]);
  }
});

test('inspect leaves columns out where there is no room for them, and says which', () => {
  const layer = (name: string) => ({
    name,
    className: 'BatchNormalization',
    outputShape: [null, 14, 14, 64],
    params: 256,
    macs: 1_000_000,
    prunable: [`${name}/kernel`],
    channels: { size: 64, prunable: true },
  });
  const text = (width?: number) => inspectTable('net', [layer('conv1'), layer('conv2')] as never, 512, [], width);
  expect(text()).toMatch(/layer +class +output +params +MACs +weights that may be pruned +channels/);
  expect(text()).not.toContain('without room');
  expect(text(80)).toMatch(/layer +output +params[^]+without room here, but in --json: class$/);
  expect(text(60)).toMatch(/layer +params +weights[^]+without room here, but in --json: class, output, MACs$/);
  for (const width of [60, 80])
    for (const line of text(width).split('\n')) expect(line.length).toBeLessThanOrEqual(width);
});

(existsSync('/usr/bin/script') && process.platform === 'linux' ? test : test.skip)(
  'a dumb terminal gets plain lines',
  () => {
    const command = `'${process.execPath}' '${BIN}' sensitivity lenet-300-100 --data mnist --samples 400`;
    const { stdout } = spawnSync('script', ['-qc', command, '/dev/null'], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, TERM: 'dumb' },
    });
    expect(stdout).toContain('fc1');
    expect(stdout).not.toContain('\u001b');
  },
);
