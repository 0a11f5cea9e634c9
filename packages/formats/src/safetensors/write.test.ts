import { sizeOf } from '@espalier/core';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { folder, rejection } from '../../testing/fixture.js';
import { SAFETENSORS_BITS } from './header.js';
import { readSafetensors } from './read.js';
import type { SafetensorsTensor } from './tensors.js';
import { writeSafetensors } from './write.js';

describe('writeSafetensors', () => {
  const tensor = fc.record({
    dtype: fc.constantFrom(...Object.keys(SAFETENSORS_BITS)),
    shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }),
    seed: fc.integer(),
  });
  const made = (parts: { dtype: string; shape: number[]; seed: number }[]) =>
    parts.map(({ dtype, shape, seed }, i): SafetensorsTensor => {
      const sizes = SAFETENSORS_BITS[dtype] % 8 === 0 ? shape : [...shape, 4];
      const size = (sizeOf(sizes) * SAFETENSORS_BITS[dtype]) / 8;
      return { name: `t${i}`, dtype, shape: sizes, bytes: Uint8Array.from({ length: size }, (_, b) => seed + b * 7) };
    });

  it('every dtype comes back byte for byte, in one file and in several', async () => {
    const dir = folder();
    await fc.assert(
      fc.asyncProperty(
        fc.array(tensor, { maxLength: 6 }),
        fc.integer({ min: 1, max: 200 }),
        async (parts, shardBytes) => {
          const tensors = made(parts);
          const metadata = { a: 'b', ü: '"' };
          const one = join(dir, 'one.safetensors');
          await writeSafetensors(one, { tensors, metadata });
          const read = await readSafetensors(one);
          expect([read.tensors, read.metadata]).toEqual([tensors, metadata]);
          const files = await writeSafetensors(join(dir, 'many.safetensors'), { tensors, metadata }, { shardBytes });
          const many = await readSafetensors(files[files.length - 1].path);
          expect(many.tensors).toEqual(tensors);
          expect(many.files).toHaveLength(files.length);
        },
      ),
      { numRuns: 30, seed: 1 },
    );
  });

  it('data begins at a multiple of 8, names are checked', async () => {
    const path = join(folder(), 'a.safetensors');
    const tensors = [{ name: 'a', dtype: 'F32', shape: [1], bytes: new Uint8Array(4) }];
    await writeSafetensors(path, { tensors, metadata: {} });
    expect((readFileSync(path).length - 4) % 8).toBe(0);
    for (const wrong of [
      [tensors[0], tensors[0]],
      [{ ...tensors[0], name: '__metadata__' }],
      [{ ...tensors[0], dtype: 'F31' }],
      [{ ...tensors[0], shape: [2] }],
    ]) {
      expect(await rejection(writeSafetensors(path, { tensors: wrong, metadata: {} }))).toMatchObject({
        code: 'safetensors-tensor',
      });
    }
  });
});

describe('an index', () => {
  const one = (name: string) => ({ name, dtype: 'F32', shape: [1], bytes: Uint8Array.of(0, 0, 128, 63) });
  async function sharded() {
    const dir = folder();
    const tensors = [one('a'), one('b')];
    await writeSafetensors(join(dir, 'm.safetensors'), { tensors, metadata: {} }, { shardBytes: 4 });
    return { dir, index: join(dir, 'm.safetensors.index.json') };
  }
  const edit = (path: string, change: (map: Record<string, unknown>) => unknown) => {
    const json = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify({ ...json, weight_map: change(json.weight_map) }));
  };

  it('names one file for each tensor', async () => {
    const { dir, index } = await sharded();
    const shard = (n: number) => expect.stringMatching(new RegExp(`^m-0000${n}-of-00002-[0-9a-f]{16}\\.safetensors$`));
    expect(readdirSync(dir)).toEqual([shard(1), shard(2), 'm.safetensors.index.json']);
    expect((await readSafetensors(index)).tensors.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('gives way to its successor, and so do its shards', async () => {
    const { dir, index } = await sharded();
    writeFileSync(join(dir, 'm-00001-of-00001.safetensors'), 'of others');
    const old = readdirSync(dir);
    const { tensors, metadata } = await readSafetensors(index);
    const next = tensors.map((tensor) => ({ ...tensor, bytes: tensor.bytes.map((byte) => byte ^ 1) }));
    await writeSafetensors(join(dir, 'm.safetensors'), { metadata, tensors: next }, { shardBytes: 4 });
    expect((await readSafetensors(index)).tensors).toEqual(next);
    expect(readdirSync(dir)).toHaveLength(old.length);
    expect(readdirSync(dir).filter((name) => old.includes(name))).toEqual([
      'm-00001-of-00001.safetensors',
      'm.safetensors.index.json',
    ]);
  });

  it.each<[string, (map: Record<string, unknown>) => unknown, string, string]>([
    ['no map', () => null, 'safetensors-index', 'weight_map: wanted an object, found null'],
    ['a file that is no string', (map) => ({ ...map, a: 4 }), 'safetensors-index', 'found 4'],
    ['a file outside', (map) => ({ ...map, a: '../m.safetensors' }), 'shard-path', "'..'"],
    ['a file that is missing', (map) => ({ ...map, a: 'other' }), 'shard-missing', 'other'],
    ['a tensor too many', (map) => ({ ...map, c: map.a }), 'safetensors-index', "wanted tensor 'c'"],
    ['a tensor left out', ({ a }) => ({ a, b: a }), 'safetensors-index', "wanted tensor 'b'"],
    ['the wrong file', ({ a, b }) => ({ a: b, b: a }), 'safetensors-index', "tensor 'a'"],
  ])('refuses %s', async (_, change, code, message) => {
    const { index } = await sharded();
    edit(index, change);
    const error = await rejection(readSafetensors(index));
    expect(error).toMatchObject({ name: 'InputError', code });
    expect(error.message).toContain(message);
  });
});
