import { sizeOf } from '@espalier/core';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { io } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { folder, rejection, TINY_WEIGHTS } from '../../testing/fixture.js';
import { readModel } from '../read-model.js';
import { writeModel } from './write-model.js';
import { modelTopology, artifacts, weightsIn } from '../../testing/written.js';

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
