import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

export const BIN = join(__dirname, '..', 'bin', 'espalier.js');
export const SHARED = join(__dirname, '..', '..', '..', '..', 'shared', 'data');
export const hasShared = existsSync(join(SHARED, 'mlpnet-mnist', 'model.json'));

export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into it freely
  json(): any;
}

/** Runs the built command line as a user would, with everything piped. */
export function espalier(args: readonly string[], cwd: string = tmpdir(), env: NodeJS.ProcessEnv = {}): Run {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...args], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', ...env },
  });
  return { code: status, stdout, stderr, json: () => JSON.parse(stdout) };
}

/** What runs in one process, one command after the other, as each would run alone. */
const MANY = `
  import { readFileSync, writeFileSync } from 'node:fs';
  const [main, list, out] = process.argv.slice(2);
  const runs = [];
  for (const emitter of [process, process.stdout, process.stderr]) emitter.setMaxListeners(0);
  for (const args of JSON.parse(readFileSync(list, 'utf8'))) {
    const run = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) process[name].write = (text) => ((run[name] += text), true);
    process.exitCode = undefined;
    process.argv = [process.execPath, 'espalier', ...args];
    const started = performance.now();
    await import(main + '?' + runs.length);
    runs.push({ ...run, code: process.exitCode ?? 0, ms: performance.now() - started });
    writeFileSync(out, JSON.stringify(runs));
  }
  process.exitCode = 0;`;

/** Many runs at the price of one start; `ms` is what each took. */
export function espalierMany(all: readonly (readonly string[])[], cwd: string = tmpdir()): (Run & { ms: number })[] {
  const dir = mkdtempSync(join(tmpdir(), 'espalier-many-'));
  const [script, list, out] = ['many.mjs', 'list.json', 'out.json'].map((name) => join(dir, name));
  writeFileSync(script, MANY);
  writeFileSync(list, JSON.stringify(all));
  const main = pathToFileURL(join(dirname(BIN), '..', 'dist', 'main.js')).href;
  const { status, stderr } = spawnSync(process.execPath, [script, main, list, out], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
    timeout: 300_000,
  });
  const runs: (Run & { ms: number })[] = existsSync(out) ? readJson(out) : [];
  rmSync(dir, { recursive: true, force: true });
  if (status !== 0 || runs.length < all.length)
    throw new Error(`ended with ${status} at ${JSON.stringify(all[runs.length])}: ${stderr}`);
  return runs.map((run) => ({ ...run, json: () => JSON.parse(run.stdout) }));
}

/** A folder that is gone when the test file is done. */
export function scratch(): string {
  const dir = mkdtempSync(join(tmpdir(), 'espalier-cli-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

const dense = (name: string, units: number, activation: string, rest: object = {}) => ({
  class_name: 'Dense',
  config: { name, units, activation, use_bias: true, trainable: true, dtype: 'float32', ...rest },
});

/** A 4-6-3 network on disk, to be broken in one way or another. */
export function tinyModel(
  dir: string,
  name: string,
  change: (json: TinyModel) => void = () => undefined,
  bytes?: Uint8Array,
): string {
  const folder = join(dir, name);
  mkdirSync(folder, { recursive: true });
  const weights = Float32Array.from({ length: 4 * 6 + 6 + 6 * 3 + 3 }, (_, i) => Math.sin(i + 1));
  const json: TinyModel = {
    format: 'layers-model',
    modelTopology: {
      class_name: 'Sequential',
      config: {
        name: 'tiny',
        layers: [dense('fc1', 6, 'relu', { batch_input_shape: [null, 4] }), dense('fc2', 3, 'softmax')],
      },
    },
    weightsManifest: [
      {
        paths: ['weights.bin'],
        weights: [
          { name: 'fc1/kernel', shape: [4, 6], dtype: 'float32' },
          { name: 'fc1/bias', shape: [6], dtype: 'float32' },
          { name: 'fc2/kernel', shape: [6, 3], dtype: 'float32' },
          { name: 'fc2/bias', shape: [3], dtype: 'float32' },
        ],
      },
    ],
  };
  change(json);
  writeFileSync(join(folder, 'model.json'), JSON.stringify(json));
  writeFileSync(join(folder, 'weights.bin'), bytes ?? new Uint8Array(weights.buffer));
  return folder;
}

export interface TinyModel {
  format: string;
  modelTopology: {
    class_name: string;
    config: { name: string; layers: { class_name: string; config: Record<string, unknown> }[] };
  };
  weightsManifest: { paths: string[]; weights: { name: string; shape: number[]; dtype: string }[] }[];
}

export const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
