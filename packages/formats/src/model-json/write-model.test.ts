import { sizeOf } from '@espalier/core';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import type { io } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { folder, modelFolder, rejection, TINY_WEIGHTS, tinyJson } from '../../testing/fixture.js';
import type { Disk } from '../disk/disk.js';
import { readModel } from '../read-model.js';
import { abandonWrites } from '../disk/recover.js';
import { writeFile, writeFiles } from '../disk/write-files.js';
import { writeModel, writeModelTo } from './write-model.js';

const { modelTopology, weightsManifest } = tinyJson();
const artifacts = (weights: Float32Array = TINY_WEIGHTS): io.ModelArtifacts => ({
  format: 'layers-model',
  modelTopology,
  weightSpecs: weightsManifest[0].weights as io.WeightsManifestEntry[],
  weightData: weights.slice().buffer,
});
const OTHER = TINY_WEIGHTS.map((w) => w * 2);
const weightsIn = async (dir: string) => new Float32Array((await readModel(dir)).artifacts.weightData as ArrayBuffer);
const isTemporary = (name: string) => name.startsWith('.espalier');
/** A process id that no process has: that of one that has ended. */
const deadPid = () => Number(execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }));

describe('writeModel', () => {
  it('writes shards by content, extras and model.json last, and reads back', async () => {
    const dir = join(folder(), 'a', 'b');
    const extras = { 'plan.bin': Uint8Array.of(1, 2), 'note.txt': 'é' };
    const files = await writeModel(dir, artifacts(), { extras, shardBytes: 20 });
    const bytes = new Uint8Array(TINY_WEIGHTS.slice().buffer);
    const hash = (part: Uint8Array) => createHash('sha256').update(part).digest('hex').slice(0, 16);
    expect(files).toEqual([
      { path: join(dir, `weights-1of2-${hash(bytes.slice(0, 20))}.bin`), bytes: 20 },
      { path: join(dir, `weights-2of2-${hash(bytes.slice(20))}.bin`), bytes: 16 },
      { path: join(dir, 'plan.bin'), bytes: 2 },
      { path: join(dir, 'note.txt'), bytes: 2 },
      { path: join(dir, 'model.json'), bytes: lstatSync(join(dir, 'model.json')).size },
    ]);
    expect(readdirSync(dir)).toHaveLength(5);
    expect(readFileSync(join(dir, 'note.txt'), 'utf8')).toBe('é');
    expect(await weightsIn(dir)).toEqual(TINY_WEIGHTS);
  });

  it('gives the same bytes for the same artifacts', async () => {
    const [a, b] = [folder(), folder()];
    await writeModel(a, artifacts());
    await writeModel(b, artifacts());
    expect(readdirSync(a)).toEqual(readdirSync(b));
    for (const name of readdirSync(a)) expect(readFileSync(join(a, name))).toEqual(readFileSync(join(b, name)));
  });

  it('carries every field that TensorFlow.js knows', async () => {
    const dir = folder();
    const all = {
      ...artifacts(),
      generatedBy: 'x',
      convertedBy: 'y',
      trainingConfig: { optimizer_config: { class_name: 'Adam', config: {} }, loss: 'meanSquaredError' },
      userDefinedMetadata: { a: { b: [1] } },
      signature: { inputs: {} },
      modelInitializer: { node: [] },
      initializerSignature: { outputs: {} },
    };
    await writeModel(dir, all);
    expect((await readModel(dir)).artifacts).toEqual(all);
  });

  it('takes weight data in pieces, and none at all', async () => {
    const dir = folder();
    const data = TINY_WEIGHTS.slice().buffer;
    await writeModel(dir, { ...artifacts(), weightData: [data.slice(0, 7), data.slice(7)] });
    expect(await weightsIn(dir)).toEqual(TINY_WEIGHTS);
    await writeModel(dir, { modelTopology });
    expect(await weightsIn(dir)).toHaveLength(0);
    expect(readdirSync(dir)).toEqual(['model.json']);
  });

  it('brings any weights back, whatever their dtypes, shapes and shards', async () => {
    const dir = folder();
    const spec = fc
      .record({
        shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }),
        kind: fc.constantFrom('float32', 'int32', 'bool', 'complex64', 'string', 'uint8', 'uint16', 'float16'),
        seed: fc.integer({ min: 0, max: 200 }),
      })
      .map(({ shape, kind, seed }) => {
        const size = sizeOf(shape);
        if (kind === 'string') {
          const one = [seed % 3, 0, 0, 0, ...new Array<number>(seed % 3).fill(65)];
          return { spec: { shape, dtype: 'string' }, bytes: new Array<number[]>(size).fill(one).flat() };
        }
        const width = { float32: 4, int32: 4, bool: 1, complex64: 8, uint8: 1, uint16: 2, float16: 2 }[kind]!;
        // Every byte below 0x78 keeps floats of any width finite.
        const bytes = Array.from({ length: size * width }, (_, i) => (seed + i * 7) % 0x78);
        const isQuantized = kind === 'uint8' || kind === 'uint16' || kind === 'float16';
        const quantization = { dtype: kind, scale: 0.25, min: -3 };
        return { spec: isQuantized ? { shape, dtype: 'float32', quantization } : { shape, dtype: kind }, bytes };
      });
    await fc.assert(
      fc.asyncProperty(
        fc.array(spec, { maxLength: 4 }),
        fc.integer({ min: 1, max: 600 }),
        async (weights, shardBytes) => {
          const weightSpecs = weights.map((w, i) => ({ name: `w${i}`, ...w.spec })) as io.WeightsManifestEntry[];
          const weightData = Uint8Array.from(weights.flatMap((w) => w.bytes)).buffer;
          await writeModel(dir, { modelTopology, weightSpecs, weightData }, { shardBytes });
          const read = (await readModel(dir)).artifacts;
          expect(read.weightSpecs).toEqual(weightSpecs);
          expect(new Uint8Array(read.weightData as ArrayBuffer)).toEqual(new Uint8Array(weightData));
          expect(readdirSync(dir)).toHaveLength(1 + Math.ceil(weightData.byteLength / shardBytes));
        },
      ),
      { numRuns: 25, seed: 7 },
    );
  });

  it.each<[string, Partial<io.ModelArtifacts>, string]>([
    ['a NaN', { weightData: TINY_WEIGHTS.map((w) => (w === 4 ? NaN : w)).buffer }, 'weight-not-finite'],
    ['too few weights', { weightData: new ArrayBuffer(8) }, 'weights-truncated'],
    ['too many weights', { weightData: new ArrayBuffer(40) }, 'weights-trailing'],
    ['weights without names', { weightSpecs: undefined }, 'weights-trailing'],
    ['no topology', { modelTopology: undefined }, 'model-invalid'],
    [
      'an infinite scale',
      {
        weightSpecs: [
          { name: 'a', shape: [36], dtype: 'float32', quantization: { dtype: 'uint8', scale: Infinity, min: 0 } },
        ],
      },
      'weight-quantization',
    ],
  ])('refuses artifacts with %s and writes nothing', async (_, fields, code) => {
    const dir = join(folder(), 'out');
    const error = await rejection(writeModel(dir, { ...artifacts(), ...fields }));
    expect(error).toMatchObject({ name: 'InputError', code });
    expect(error.message).toContain('the model to write');
    expect(existsSync(dir)).toBe(false);
  });

  it('refuses artifacts that JSON cannot hold', async () => {
    const cyclic: Record<string, unknown> = { class_name: 'Model' };
    cyclic.config = { layers: [cyclic] };
    const error = await rejection(writeModel(folder(), { ...artifacts(), modelTopology: cyclic }));
    expect(error).toMatchObject({ name: 'InputError', code: 'model-invalid' });
  });

  it.each([
    '',
    '.',
    '..',
    'a/b',
    '../x',
    'a\\b',
    'a\0',
    'model.json',
    'weights-1of1-0123456789abcdef.bin',
    '.espalier-tmp-1-x',
  ])('refuses %j as the name of an extra', async (name) => {
    const dir = join(folder(), 'out');
    const error = await rejection(writeModel(dir, artifacts(), { extras: { [name]: 'x' } }));
    expect(error).toMatchObject({ name: 'UsageError', code: 'file-name' });
    expect(existsSync(dir)).toBe(false);
  });

  it.each([0, -1, 1.5, NaN, '4' as never])('refuses shards of %p bytes', async (shardBytes) => {
    expect(await rejection(writeModel(folder(), artifacts(), { shardBytes }))).toMatchObject({ code: 'shard-bytes' });
  });
});

describe('what is already there', () => {
  it('replaces the model with its own successor and leaves other files alone', async () => {
    const dir = modelFolder();
    writeFileSync(join(dir, 'notes.txt'), 'mine');
    writeFileSync(join(dir, 'weights-1of1-0123456789abcdef.bin'), 'not known here');
    const model = await readModel(dir);
    await writeModel(dir, { ...model.artifacts, weightData: OTHER.slice().buffer });
    expect(await weightsIn(dir)).toEqual(OTHER);
    const names = readdirSync(dir).filter((name) => !name.startsWith('weights-1of1'));
    expect(names).toEqual(['model.json', 'notes.txt']);
    expect(existsSync(join(dir, 'weights-1of1-0123456789abcdef.bin'))).toBe(true);
    const before = readdirSync(dir);
    await writeModel(dir, (await readModel(dir)).artifacts);
    expect(readdirSync(dir)).toEqual(before);
  });

  it('keeps shards that another model names, or may name', async () => {
    const dir = modelFolder();
    writeFileSync(join(dir, 'dense.json'), JSON.stringify(tinyJson()));
    await writeModel(dir, artifacts(OTHER));
    expect(await weightsIn(join(dir, 'dense.json'))).toEqual(TINY_WEIGHTS);
    const other = modelFolder();
    symlinkSync('other.json', join(other, 'other.json'));
    mkdirSync(join(other, 'json'));
    await writeModel(other, artifacts(OTHER));
    expect(existsSync(join(other, 'weights.bin'))).toBe(true);
    unlinkSync(join(other, 'other.json'));
    await writeModel(other, artifacts(OTHER.map((w) => w + 1)));
    expect(readdirSync(other).filter((name) => name.endsWith('.bin'))).toHaveLength(2);
  });

  it('deletes nothing on the word of a model.json that is broken', async () => {
    const broken = { ...tinyJson(), weightsManifest: [{ paths: ['thesis.txt'], weights: [] }] };
    const dir = modelFolder(broken, { 'thesis.txt': Uint8Array.of(1) });
    await writeModel(dir, artifacts());
    expect(existsSync(join(dir, 'thesis.txt'))).toBe(true);
    const outside = join(folder(), 'thesis.txt');
    writeFileSync(outside, 'x');
    const other = modelFolder({ ...tinyJson(), weightsManifest: [{ paths: [outside, '../x'], weights: [] }] });
    await writeModel(other, artifacts());
    expect(existsSync(outside)).toBe(true);
  });

  it('replaces links and never writes through them', async () => {
    const dir = folder();
    const victim = join(folder(), 'victim');
    writeFileSync(victim, 'precious');
    symlinkSync(victim, join(dir, 'model.json'));
    symlinkSync(victim, join(dir, 'plan.bin'));
    await writeModel(dir, artifacts(), { extras: { 'plan.bin': 'plan' } });
    expect(readFileSync(victim, 'utf8')).toBe('precious');
    expect(lstatSync(join(dir, 'plan.bin')).isSymbolicLink()).toBe(false);
    expect(await weightsIn(dir)).toEqual(TINY_WEIGHTS);
  });

  it('writes to the folder that a link names', async () => {
    const link = join(folder(), 'link');
    const dir = folder();
    symlinkSync(dir, link);
    await writeModel(link, artifacts());
    expect(readlinkSync(link)).toBe(dir);
    expect(await weightsIn(dir)).toEqual(TINY_WEIGHTS);
  });

  it('removes what dead processes have left, and only that', async () => {
    const dir = modelFolder();
    const [dead, alive] = [`.espalier-tmp-${deadPid()}-x`, `.espalier-tmp-${process.ppid}-x`];
    for (const name of [dead, alive]) mkdirSync(join(dir, name));
    const orphan = 'weights-1of1-00000000000000aa.bin';
    writeFileSync(join(dir, dead, 'shards.txt'), JSON.stringify([orphan, 'notes.txt', `../${orphan}`]));
    for (const name of [orphan, 'notes.txt']) writeFileSync(join(dir, name), 'x');
    await writeModel(dir, artifacts());
    expect(readdirSync(dir).filter(isTemporary)).toEqual([alive]);
    expect(existsSync(join(dir, orphan))).toBe(false);
    expect(existsSync(join(dir, 'notes.txt'))).toBe(true);
  });
});

describe('an output that cannot be written', () => {
  it.each([
    ['a file in its place', (dir: string) => join(dir, 'file'), 'output-not-a-folder'],
    ['a file above it', (dir: string) => join(dir, 'file', 'out'), 'output-not-a-folder'],
    ['a dangling link', (dir: string) => join(dir, 'dangling'), 'output-failed'],
    ['a device', () => '/dev/full', 'output-not-a-folder'],
    ['a place without folders', () => '/proc/espalier', 'output-failed'],
    ['a NUL character', (dir: string) => `${dir}/a\0b`, 'output-failed'],
    ['a name that is too long', (dir: string) => join(dir, 'x'.repeat(300)), 'output-failed'],
  ])('%s', async (_, path, code) => {
    const dir = folder();
    writeFileSync(join(dir, 'file'), 'x');
    symlinkSync(join(dir, 'nowhere'), join(dir, 'dangling'));
    const error = await rejection(writeModel(path(dir), artifacts()));
    expect(error).toMatchObject({ name: 'OutputError', code });
    expect(error.message).toMatch(/: wanted .*, found .*; /);
    expect(readdirSync(dir)).toEqual(['dangling', 'file']);
    expect(readFileSync(join(dir, 'file'), 'utf8')).toBe('x');
  });

  it('a folder where a file has to go', async () => {
    const dir = folder();
    mkdirSync(join(dir, 'model.json'));
    const error = await rejection(writeModel(dir, artifacts(), { extras: { plan: '' } }));
    expect(error).toMatchObject({ name: 'OutputError', code: 'output-exists' });
    expect(readdirSync(dir)).toEqual(['model.json']);
  });

  (process.getuid?.() === 0 ? it.skip : it)('a folder without permission (needs a user that is not root)', async () => {
    const dir = folder();
    chmodSync(dir, 0o500);
    expect(await rejection(writeModel(dir, artifacts()))).toMatchObject({ code: 'output-denied' });
    chmodSync(dir, 0o700);
  });

  it('an empty path', async () => {
    expect(await rejection(writeModel('', artifacts()))).toMatchObject({ name: 'UsageError', code: 'path' });
  });
});

/** A disk whose operation number `failing` and, after a crash, all later ones fail. */
function failingDisk(failing: number, code: string, isCrash: boolean) {
  let count = 0;
  const guard = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(object, key) {
        const value = Reflect.get(object, key) as unknown;
        if (typeof value !== 'function') return value;
        return async (...args: unknown[]) => {
          // Closing does not fail: a descriptor left open would outlive the test.
          const operation = key === 'close' ? -1 : count++;
          if (operation === failing || (isCrash && operation > failing)) {
            throw Object.assign(new Error(`${code}: injected`), { code, syscall: String(key) });
          }
          const result: unknown = await value.apply(object, args);
          return key === 'open' ? guard(result as object) : result;
        };
      },
    });
  return { disk: guard(fs as object) as Disk, operations: () => count };
}

describe('a failure at any step', () => {
  const extras = { 'plan.bin': 'plan' };
  const options = { extras, shardBytes: 20 };

  async function operations(): Promise<number> {
    const { disk, operations } = failingDisk(Infinity, '', false);
    const dir = modelFolder();
    await writeModelTo(disk, dir, artifacts(OTHER), options);
    return operations();
  }

  it('leaves the old model and no traces, or the new model', async () => {
    const total = await operations();
    expect(total).toBeGreaterThan(25);
    for (let step = 0; step < total; step++) {
      const dir = modelFolder();
      const { disk } = failingDisk(step, 'ENOSPC', false);
      const outcome = await writeModelTo(disk, dir, artifacts(OTHER), options).then(
        () => undefined,
        (error: { name: string; code: string }) => error,
      );
      if (outcome) expect(outcome).toMatchObject({ name: 'OutputError', code: 'output-full' });
      const isNew = JSON.stringify(await weightsIn(dir)) === JSON.stringify(OTHER);
      if (!isNew) {
        expect(await weightsIn(dir)).toEqual(TINY_WEIGHTS);
        expect(readdirSync(dir)).toEqual(['model.json', 'weights.bin']);
      }
      if (!outcome) expect(isNew).toBe(true);
      expect(readdirSync(dir).filter(isTemporary)).toEqual([]);
    }
  });

  it('removes the folders that it made', async () => {
    const parent = folder();
    for (let step = 0; step < 20; step++) {
      const { disk } = failingDisk(step, 'EROFS', false);
      const error = await rejection(writeModelTo(disk, join(parent, 'a', 'b'), artifacts(), options));
      expect(error).toMatchObject({ name: 'OutputError', code: 'output-denied' });
      expect(readdirSync(parent)).toEqual([]);
    }
  });

  it('a crash leaves the old model or the new one, whole', async () => {
    const total = await operations();
    let old = 0;
    for (let step = 0; step < total; step++) {
      const dir = modelFolder();
      const { disk } = failingDisk(step, 'EIO', true);
      await writeModelTo(disk, dir, artifacts(OTHER), options).catch(() => undefined);
      const weights = await weightsIn(dir);
      if (weights[0] === TINY_WEIGHTS[0]) {
        expect(weights).toEqual(TINY_WEIGHTS);
        old++;
      } else expect(weights).toEqual(OTHER);
    }
    expect(old).toBeGreaterThan(10);
    expect(old).toBeLessThan(total);
  });

  it('beforeCommit that throws gives up, with its own error', async () => {
    const dir = modelFolder();
    const before = readdirSync(dir);
    const beforeCommit = () => {
      expect(readdirSync(dir).filter((name) => !isTemporary(name))).toEqual(before);
      throw new Error('given up');
    };
    await expect(writeModel(dir, artifacts(OTHER), { ...options, beforeCommit })).rejects.toThrow('given up');
    expect(readdirSync(dir)).toEqual(before);
    expect(await weightsIn(dir)).toEqual(TINY_WEIGHTS);
  });

  it('notices a disk that does not keep what it was given', async () => {
    const dir = modelFolder();
    const open: typeof fs.open = async (path, ...rest) => {
      const handle = await fs.open(path, ...rest);
      const write = handle.writeFile.bind(handle);
      if (String(path).endsWith('.bin')) handle.writeFile = (data) => write((data as Uint8Array).map((b) => b ^ 1));
      return handle;
    };
    const error = await rejection(writeModelTo({ ...fs, open }, dir, artifacts(OTHER), options));
    expect(error).toMatchObject({ name: 'OutputError', code: 'output-verify' });
    expect(await weightsIn(dir)).toEqual(TINY_WEIGHTS);
  });
});

describe('writeFiles', () => {
  it('writes some files and leaves the others', async () => {
    const dir = join(folder(), 'report');
    mkdirSync(dir);
    writeFileSync(join(dir, 'old.txt'), 'old');
    expect(await writeFiles(dir, { 'a.csv': 'x,y', 'b.png': Uint8Array.of(1) })).toEqual([
      { path: join(dir, 'a.csv'), bytes: 3 },
      { path: join(dir, 'b.png'), bytes: 1 },
    ]);
    expect(readdirSync(dir)).toEqual(['a.csv', 'b.png', 'old.txt']);
  });

  it('writes one file, in a new folder if need be', async () => {
    const path = join(folder(), 'new', 'a.svg');
    expect(await writeFile(path, '<svg/>')).toEqual({ path, bytes: 6 });
    expect(await rejection(writeFile(join(path, 'b'), 'x'))).toMatchObject({ code: 'output-not-a-folder' });
    expect(await rejection(writeFile('', 'x'))).toMatchObject({ name: 'UsageError' });
  });
});

describe('two writers', () => {
  it('take turns, and the last one wins', async () => {
    const dir = modelFolder();
    const writes = [2, 3, 4, 5].map((scale) =>
      writeModel(dir, artifacts(TINY_WEIGHTS.map((w) => w * scale)), {
        shardBytes: 8,
        extras: { plan: String(scale) },
      }),
    );
    await Promise.all(writes);
    const weights = await weightsIn(dir);
    expect(readFileSync(join(dir, 'plan'), 'utf8')).toBe(String(weights[0] / TINY_WEIGHTS[0]));
    expect(readdirSync(dir).filter(isTemporary)).toEqual([]);
    expect(readdirSync(dir).filter((name) => /^weights-\d/.test(name))).toHaveLength(5);
  });

  it('the lock of a dead process, and one that was never filled, are taken over', async () => {
    const dir = modelFolder();
    for (const content of [String(deadPid()), String(process.pid), '']) {
      writeFileSync(join(dir, '.espalier-lock'), content);
      await writeModel(dir, artifacts());
      expect(readdirSync(dir).filter(isTemporary)).toEqual([]);
    }
  });
});

it('abandonWrites() leaves what was there', async () => {
  const dir = modelFolder();
  await writeModel(dir, artifacts(), { extras: { plan: 'old' } });
  const before = readdirSync(dir);
  const write = writeModel(dir, artifacts(OTHER), {
    extras: { plan: 'new' },
    beforeCommit: () => {
      abandonWrites();
      throw new Error('ended');
    },
  });
  await expect(write).rejects.toThrow('ended');
  expect(readdirSync(dir)).toEqual(before);
  expect(readFileSync(join(dir, 'plan'), 'utf8')).toBe('old');
});
