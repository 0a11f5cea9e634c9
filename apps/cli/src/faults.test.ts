import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { BIN, espalier, scratch, tinyModel } from './testing.js';

const dir = scratch();
const model = tinyModel(dir, 'tiny');
const environment = { ...process.env, NO_COLOR: '1' };
const contents = (folder: string) =>
  readdirSync(folder).map((name) => [name, readFileSync(join(folder, name)).toString('hex')]);
const shell = (command: string) => spawnSync('bash', ['-c', command], { encoding: 'utf8', env: environment });
const command = (...args: string[]) => [process.execPath, BIN, ...args].map((word) => `'${word}'`).join(' ');

test('a reader of the output that goes away is no error', () => {
  const { stdout, stderr } = shell(`${command('inspect', model, '--json')} | head -c 20; echo " \${PIPESTATUS[0]}"`);
  expect(stdout).toMatch(/^\{\s+"model": ".* 0\n$/s);
  expect(stderr).not.toMatch(/EPIPE|error/);
});

test('output that cannot be written is exit code 4', () => {
  for (const args of [
    ['inspect', model],
    ['validate', model, '--json'],
    ['pack', model, '-o', join(dir, 'a.espalier')],
  ]) {
    const { status, stderr } = shell(`${command(...args)} > /dev/full`);
    expect([args[0], status]).toEqual([args[0], 4]);
    expect(stderr).toContain('error standard output: wanted a place that can be written to, found a full disk');
  }
});

/** What is there before: a model, and a compact file. */
const earlier = join(dir, 'earlier');
beforeAll(() => {
  for (const args of [
    ['prune', model, '-o', earlier],
    ['pack', model, '-o', join(earlier, 'm.espalier')],
  ])
    expect(espalier(args).code).toBe(0);
});

/** Stops at a rename of a write, in the middle of it, and says so in a file. */
const STOP = `
  import { writeFileSync } from 'node:fs';
  import fs from 'node:fs/promises';
  import { syncBuiltinESMExports } from 'node:module';
  const { rename } = fs;
  let calls = 0;
  fs.rename = async (...paths) => {
    if (++calls < Number(process.env.STOP_AT)) return rename(...paths);
    writeFileSync(process.env.STOPPED, '');
    setInterval(() => {}, 1000);
    return new Promise(() => {});
  };
  syncBuiltinESMExports();`;

describe.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s in the middle of a write', (signal, code) => {
  test.each([
    ['prune', 2, (out: string) => ['prune', model, '-o', out, '--sparsity', '0.9']],
    ['prune', 1, (out: string) => ['prune', model, '-o', out, '--sparsity', '0.9']],
    ['pack', 1, (out: string) => ['pack', model, '-o', join(out, 'm.espalier'), '--values', 'int4']],
    ['convert', 2, (out: string) => ['convert', model, '-o', join(out, 'm.safetensors'), '--shard-bytes', '64']],
  ])('%s, rename %i: what was there is there, nothing else is, and the code says so', async (name, at, argsOf) => {
    const out = join(dir, `out-${signal}-${name}-${at}`);
    const args = argsOf(out);
    cpSync(earlier, out, { recursive: true });
    const before = contents(out);
    const stopped = join(dir, `stopped-${signal}-${name}-${at}`);
    const shim = join(dir, 'stop.mjs');
    writeFileSync(shim, STOP);
    const child = spawn(process.execPath, ['--import', pathToFileURL(shim).href, BIN, ...args], {
      env: { ...environment, STOPPED: stopped, STOP_AT: String(at) },
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    for (let i = 0; i < 600 && !existsSync(stopped) && child.exitCode === null; i++) await sleep(50);
    const isStopped = existsSync(stopped);
    if (!isStopped) child.kill('SIGKILL');
    expect(isStopped).toBe(true);
    expect(readdirSync(out).filter((file) => file.startsWith('.espalier-tmp-'))).toHaveLength(1);
    child.kill(signal);
    expect(await ended).toBe(code);
    expect(contents(out)).toEqual(before);
    expect(espalier(args).code).toBe(0);
    expect(readdirSync(out).filter((file) => file.startsWith('.'))).toEqual([]);
  });
});

test('two that write to one folder take turns', async () => {
  const out = join(dir, 'shared');
  const runs = ['0.3', '0.9'].map(
    (sparsity) =>
      new Promise((resolve) => {
        spawn(process.execPath, [BIN, 'prune', model, '-o', out, '--sparsity', sparsity], { stdio: 'ignore' }).once(
          'exit',
          resolve,
        );
      }),
  );
  expect(await Promise.all(runs)).toEqual([0, 0]);
  expect(espalier(['validate', out]).code).toBe(0);
  expect(readdirSync(out).sort()).toEqual(['model.json', 'pruning.plan', expect.stringMatching(/^weights-1of1-/)]);
});

test('input and output may be the same folder', () => {
  const folder = tinyModel(dir, 'both');
  expect(espalier(['prune', folder, '-o', folder]).code).toBe(0);
  expect(espalier(['validate', folder]).code).toBe(0);
});

// Root may write anywhere, so that somebody else has to try.
const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
const asNobody = (...args: string[]) =>
  spawnSync(process.execPath, [BIN, ...args], { encoding: 'utf8', env: environment, ...nobody });

test('a folder that may not be written to is exit code 4, a model that may not be read is 3', () => {
  const out = join(dir, 'closed');
  mkdirSync(out);
  writeFileSync(join(out, 'mine'), 'x');
  for (const path of [dir, model]) chmodSync(path, 0o755);
  chmodSync(out, 0o555);
  if (asNobody('validate', model).status !== 0)
    return void process.stderr.write('nobody may read the sources: not tried\n');
  for (const args of [
    ['prune', model, '-o', out],
    ['unpack', model, '-o', join(out, 'deeper')],
    ['pack', model, '-o', join(out, 'm.espalier')],
  ]) {
    const { status, stderr } = asNobody(...args);
    expect([args[0], status]).toEqual([args[0], 4]);
    expect(stderr).toContain('closed');
  }
  expect(readdirSync(out)).toEqual(['mine']);
  const secret = tinyModel(dir, 'secret');
  chmodSync(join(secret, 'weights.bin'), 0);
  const { status, stderr } = asNobody('validate', secret);
  expect(status).toBe(3);
  expect(stderr).toContain('no permission to read it');
});
