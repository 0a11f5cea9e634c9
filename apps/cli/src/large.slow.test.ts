import { sizeOf } from '@espalier/core';
import { spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { freemem } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BIN, scratch } from './testing.js';

const WIDTH = 16384;
const UNITS = [WIDTH, WIDTH, 2560];
const WEIGHTS = UNITS.flatMap((units, i) => [
  { name: `fc${i}/kernel`, shape: [WIDTH, units], dtype: 'float32' },
  { name: `fc${i}/bias`, shape: [units], dtype: 'float32' },
]);
const SIZE = WEIGHTS.reduce((sum, { shape }) => sum + 4 * sizeOf(shape), 0);
const MODEL = {
  format: 'layers-model',
  generatedBy: 'a test',
  convertedBy: null,
  modelTopology: {
    class_name: 'Sequential',
    config: {
      name: 'large',
      layers: UNITS.map((units, i) => ({
        class_name: 'Dense',
        config: { name: `fc${i}`, units, dtype: 'float32', ...(i === 0 && { batch_input_shape: [null, WIDTH] }) },
      })),
    },
  },
};
const LAST = Float32Array.from({ length: UNITS[2] }, (_, i) => i + 1);
/** What the process may take beside the weights. */
const REST = 2 ** 28;

const dir = scratch();

/** A file of `size` bytes of which only the beginning and the end are on the disk; undefined where the file system has no holes. */
function sparseFile(name: string, head: Uint8Array, size: number): string | undefined {
  const path = join(dir, name);
  const file = openSync(path, 'w');
  try {
    ftruncateSync(file, size);
    writeSync(file, head, 0, head.length, 0);
    writeSync(file, new Uint8Array(LAST.buffer), 0, LAST.byteLength, size - LAST.byteLength);
  } catch {
    return undefined;
  } finally {
    closeSync(file);
  }
  return statSync(path).blocks * 512 < 2 ** 24 ? path : undefined;
}

function safetensorsHead(): Uint8Array {
  let at = 0;
  const entries = WEIGHTS.map(({ name, shape }) => {
    const begin = at;
    at += 4 * sizeOf(shape);
    return [name, { dtype: 'F32', shape, data_offsets: [begin, at] }];
  });
  const json = JSON.stringify(Object.fromEntries(entries));
  const text = new TextEncoder().encode(json.padEnd(Math.ceil(json.length / 8) * 8));
  const head = new Uint8Array(8 + text.length);
  new DataView(head.buffer).setBigUint64(0, BigInt(text.length), true);
  head.set(text, 8);
  return head;
}

/** Runs a module that ends with `peak()`, which prints the most memory that the process had, in bytes. */
function child(code: string) {
  const script = join(dir, 'child.mjs');
  const at = (path: string) => JSON.stringify(pathToFileURL(path).href);
  writeFileSync(
    script,
    `import { readFileSync } from 'node:fs';
     const peak = () => process.resourceUsage().maxRSS * 1024;
     const format = await import(${at(join(__dirname, '..', '..', '..', 'packages', 'formats', 'dist', 'index.js'))});
     const main = ${at(join(dirname(BIN), '..', 'dist', 'main.js'))};
     ${code}`,
  );
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
  return { status, stderr, found: status === 0 ? JSON.parse(stdout.slice(stdout.lastIndexOf('\n{') + 1)) : undefined };
}

/** A command of the command line; what it printed, its exit code, and its memory. */
const command = (...args: string[]) =>
  child(`let text = '';
     const { write } = process.stdout;
     process.stdout.write = (piece) => ((text += piece), true);
     process.argv = [process.execPath, 'espalier', ...${JSON.stringify(args)}];
     await import(main);
     write.call(process.stdout, '\\n' + JSON.stringify({ text, code: process.exitCode ?? 0, peak: peak() }));
     process.exitCode = 0;`);

writeFileSync(
  join(dir, 'model.json'),
  JSON.stringify({ ...MODEL, weightsManifest: [{ paths: ['weights.bin'], weights: WEIGHTS }] }),
);
const head = safetensorsHead();
const shard = sparseFile('weights.bin', new Uint8Array(0), SIZE);
const safetensors = sparseFile('weights.safetensors', head, head.length + SIZE);
const isRoomy = freemem() > 3 * SIZE;
const reason = !shard || !safetensors ? 'the file system keeps no sparse files' : 'needs 7 GB of free memory';
const test = shard && safetensors && isRoomy ? it : it.skip;
const name = (what: string) => (test === it ? what : `${what}: ${reason}`);

describe('weights of more than 2 GiB in one file', () => {
  it('are more than that', () => expect(SIZE).toBeGreaterThan(2 ** 31));

  test(name('validate'), () => {
    const { found, stderr } = command('validate', dir);
    expect(found ?? stderr).toMatchObject({ code: 0, text: expect.stringMatching(/^valid: .* 6 weights, 2\.32 GB/) });
    expect(found.peak).toBeLessThan(2 * SIZE + REST);
  });

  test(name('inspect'), () => {
    const { found, stderr } = command('inspect', dir, '--json');
    expect(found ?? stderr).toMatchObject({ code: 0 });
    expect(JSON.parse(found.text).params).toBe(SIZE / 4);
    expect(found.peak).toBeLessThan(2 * SIZE + REST);
  });

  test(name('a shard that ends one value early'), () => {
    const short = join(dir, 'weights.bin');
    const file = openSync(short, 'r+');
    ftruncateSync(file, SIZE - 4);
    const { status, stderr } = spawnSync(process.execPath, [BIN, 'validate', dir], { encoding: 'utf8' });
    ftruncateSync(file, SIZE);
    writeSync(file, new Uint8Array(LAST.buffer), 0, LAST.byteLength, SIZE - LAST.byteLength);
    closeSync(file);
    expect(status).toBe(3);
    expect(stderr).toContain("weight 'fc2/bias'");
    expect(stderr).toContain(`found ${SIZE - 4}`);
  });

  test(name('the last values of model.json'), () => {
    const { found, stderr } = child(
      `const { artifacts } = await format.readModel(${JSON.stringify(dir)});
       const { weightData } = artifacts;
       const last = [...new Float32Array(weightData, weightData.byteLength - ${LAST.byteLength})];
       console.log('\\n' + JSON.stringify({ last, peak: peak() }));`,
    );
    expect(found?.last ?? stderr).toEqual([...LAST]);
    expect(found.peak).toBeLessThan(SIZE + REST);
  });

  test(name('the last values of safetensors'), () => {
    const { found, stderr } = child(
      `const { tensors } = await format.readSafetensors(${JSON.stringify(safetensors)});
       const { bytes } = tensors.at(-1);
       const last = [...new Float32Array(bytes.slice().buffer)];
       console.log('\\n' + JSON.stringify({ last, peak: peak() }));`,
    );
    expect(found?.last ?? stderr).toEqual([...LAST]);
    expect(found.peak).toBeLessThan(SIZE + REST);
  });
});
