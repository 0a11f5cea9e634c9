import { sizeOf } from '@espalier/core';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { folder, rejection, tinyJson, TINY_WEIGHTS } from '../../testing/fixture.js';
import { readModel } from '../read-model.js';
import { SAFETENSORS_BITS } from './header.js';
import { readSafetensors } from './read.js';
import type { SafetensorsTensor } from './tensors.js';
import { writeSafetensors } from './write.js';
import { toSafetensors } from './model.js';

/** A file with this header, as a value or as its own text, and `data` bytes behind it. */
function file(header: unknown, data = 0, length?: bigint): string {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + data);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(json.length), true);
  bytes.set(json, 8);
  const path = join(folder(), 'x.safetensors');
  writeFileSync(path, bytes);
  return path;
}

const f32 = (begin: number, end: number, shape: unknown = [(end - begin) / 4]) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

describe('readSafetensors', () => {
  it('reads a file as the format describes it', async () => {
    const path = file(
      '{"b":{"dtype":"U8","shape":[],"data_offsets":[4,5]},"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}   ',
      5,
    );
    const { tensors, metadata, files } = await readSafetensors(path);
    expect(tensors.map(({ name, dtype, shape, bytes }) => [name, dtype, shape, bytes.length])).toEqual([
      ['a', 'F32', [1], 4],
      ['b', 'U8', [], 1],
    ]);
    expect(metadata).toEqual({ k: 'v' });
    expect(files).toEqual([{ path, bytes: readFileSync(path).length }]);
  });

  it('a tensor that no buffer holds', async () => {
    const size = 2 ** 40;
    const path = file({ w: f32(0, size) });
    truncateSync(path, readFileSync(path).length + size);
    const error = await rejection(readSafetensors(path, { maxWeightBytes: Infinity }));
    expect(error).toMatchObject({ name: 'InputError', code: 'weights-size' });
    expect(error.message).toContain(
      "tensor 'w': wanted as many bytes of weights as one buffer can hold, found 1099511627776",
    );
  });

  it('names such as constructor and the empty one are names', async () => {
    const { tensors } = await readSafetensors(file({ constructor: f32(0, 4), '': f32(4, 4, [0, 3]) }, 4));
    expect(tensors.map(({ name }) => name)).toEqual(['constructor', '']);
  });

  it.each<[string, unknown, number, bigint | undefined, string, string]>([
    ['a header length of 2⁶³', {}, 0, 2n ** 63n, 'safetensors-header', 'found 9223372036854775808'],
    ['a header length of 2⁶⁴ − 1', {}, 0, 2n ** 64n - 1n, 'safetensors-header', 'found 18446744073709551615'],
    ['a header longer than the file', {}, 0, 3n, 'safetensors-header', 'at most 2 bytes'],
    ['a header longer than 100 MB', {}, 100_000_001, 100_000_001n, 'safetensors-header', 'at most 100000000 bytes'],
    ['an empty header', '', 0, 0n, 'safetensors-header', "begins with '{'"],
    ['white space before', ' {}', 0, undefined, 'safetensors-header', "begins with '{'"],
    ['other white space behind', '{}\n', 0, undefined, 'safetensors-header', "ends with '}' and spaces"],
    ['a BOM', '\ufeff{}', 0, undefined, 'json-encoding', 'byte-order mark'],
    [
      'a tensor twice',
      '{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{}}',
      0,
      undefined,
      'json-key',
      "'a' again",
    ],
    ['__proto__', '{"__proto__":{}}', 0, undefined, 'json-key', '__proto__'],
    [
      'metadata that is no string',
      { __metadata__: { a: 1 } },
      0,
      undefined,
      'safetensors-header',
      'wanted a string, found 1',
    ],
    ['metadata that is no object', { __metadata__: [] }, 0, undefined, 'safetensors-header', 'an object of strings'],
    [
      'a tensor that is no object',
      { a: 5 },
      0,
      undefined,
      'safetensors-entry',
      "tensor 'a': wanted an object, found 5",
    ],
    ['a field of its own', { a: { ...f32(0, 4), x: 1 } }, 4, undefined, 'safetensors-entry', "found 'x' too"],
    ['an unknown dtype', { a: { ...f32(0, 4), dtype: 'F31' } }, 4, undefined, 'safetensors-dtype', "found 'F31'"],
    [
      'dtype constructor',
      { a: { ...f32(0, 4), dtype: 'constructor' } },
      4,
      undefined,
      'safetensors-dtype',
      'constructor',
    ],
    ['a negative dimension', { a: f32(0, 4, [-1]) }, 4, undefined, 'weight-shape', 'found [-1]'],
    ['a fractional dimension', { a: f32(0, 4, [1.5]) }, 4, undefined, 'weight-shape', 'found [1.5]'],
    ['a dimension in words', { a: f32(0, 4, ['1']) }, 4, undefined, 'weight-shape', "found ['1']"],
    ['a dimension null', { a: f32(0, 4, [null]) }, 4, undefined, 'weight-shape', 'found [null]'],
    [
      'a product over 2⁵³',
      { a: f32(0, 4, [2 ** 40, 2 ** 40, 0]) },
      4,
      undefined,
      'safetensors-offsets',
      'wanted Infinity bytes',
    ],
    [
      'offsets against the shape',
      { a: f32(0, 8, [1]) },
      8,
      undefined,
      'safetensors-offsets',
      'wanted 4 bytes of F32 [1], found 8',
    ],
    ['offsets that go back', { a: f32(4, 0, [1]) }, 4, undefined, 'safetensors-offsets', 'found -4'],
    ['a negative offset', { a: f32(-4, 0, [1]) }, 4, undefined, 'safetensors-offsets', 'found [-4, 0]'],
    [
      'three offsets',
      { a: { ...f32(0, 4), data_offsets: [0, 4, 4] } },
      4,
      undefined,
      'safetensors-offsets',
      'two whole numbers',
    ],
    [
      'a hole',
      { a: f32(0, 4), b: f32(8, 12) },
      12,
      undefined,
      'safetensors-offsets',
      "tensor 'b': wanted data from 4 on, found a hole",
    ],
    ['a hole at the beginning', { a: f32(4, 8) }, 8, undefined, 'safetensors-offsets', 'a hole'],
    ['an overlap', { a: f32(0, 8), b: f32(4, 12) }, 12, undefined, 'safetensors-offsets', 'an overlap'],
    ['the same bytes twice', { a: f32(0, 4), b: f32(0, 4) }, 4, undefined, 'safetensors-offsets', 'an overlap'],
    ['bytes behind the tensors', { a: f32(0, 4) }, 8, undefined, 'safetensors-offsets', 'found 8, 4 more'],
    ['too few bytes', { a: f32(0, 8) }, 4, undefined, 'safetensors-offsets', '4 too few'],
    [
      'elements of half a byte',
      { a: { dtype: 'F4', shape: [3], data_offsets: [0, 2] } },
      2,
      undefined,
      'safetensors-offsets',
      '',
    ],
    ['nesting', `{"a":${'['.repeat(100_000)}}`, 0, undefined, 'json-depth', 'at most 8 levels'],
  ])('refuses %s', async (_, header, data, length, code, message) => {
    const error = await rejection(readSafetensors(file(header, data, length)));
    expect(error).toMatchObject({ name: 'InputError', code });
    expect(error.message).toContain(message);
    expect(error.message).toContain('x.safetensors');
  });

  it.each([0, 1, 7])('refuses a file of %i bytes', async (size) => {
    const path = join(folder(), 'x.safetensors');
    writeFileSync(path, new Uint8Array(size));
    expect(await rejection(readSafetensors(path))).toMatchObject({ code: 'safetensors-header' });
  });

  it('does not allocate more than it may', async () => {
    const error = await rejection(readSafetensors(file({ a: f32(0, 4000) }, 4000), { maxWeightBytes: 100 }));
    expect(error).toMatchObject({ code: 'weights-size' });
  });
});

describe('values that are not finite', () => {
  const le = (...bytes: number[]) => Uint8Array.from(bytes);
  it.each<[string, Uint8Array, Uint8Array]>([
    ['F64', new Uint8Array(Float64Array.of(1, 1e308).buffer), new Uint8Array(Float64Array.of(1, NaN).buffer)],
    ['F32', new Uint8Array(Float32Array.of(1, 3e38).buffer), new Uint8Array(Float32Array.of(1, -Infinity).buffer)],
    ['C64', new Uint8Array(Float32Array.of(1, 1, 2, 2).buffer), new Uint8Array(Float32Array.of(1, 1, 2, NaN).buffer)],
    ['F16', le(0, 0x3c, 0xff, 0x7b), le(0, 0x3c, 0, 0xfc)],
    ['BF16', le(0x80, 0x3f, 0x7f, 0x7f), le(0x80, 0x3f, 0xc0, 0x7f)],
    ['F8_E5M2', le(1, 0x7b), le(1, 0x7c)],
    ['F8_E4M3', le(1, 0x7e), le(1, 0xff)],
    ['F8_E4M3FNUZ', le(1, 0xff), le(1, 0x80)],
    ['F8_E5M2FNUZ', le(1, 0xff), le(1, 0x80)],
    ['F8_E8M0', le(1, 0xfe), le(1, 0xff)],
    ['I32', new Uint8Array(Int32Array.of(1, -1).buffer), le()],
    ['U8', le(1, 255), le()],
  ])('%s', async (dtype, good, bad) => {
    const holding = (bytes: Uint8Array) => {
      const header = { t: { dtype, shape: [2], data_offsets: [0, bytes.length] } };
      const path = file(header, bytes.length);
      const whole = readFileSync(path);
      whole.set(bytes, whole.length - bytes.length);
      writeFileSync(path, whole);
      return path;
    };
    expect((await readSafetensors(holding(good))).tensors[0].bytes).toEqual(good);
    if (bad.length === 0) return;
    const error = await rejection(readSafetensors(holding(bad)));
    expect(error).toMatchObject({ name: 'InputError', code: 'weight-not-finite' });
    expect(error.message).toContain("tensor 't': wanted finite values, found NaN or an infinity at index 1");
    expect((await readSafetensors(holding(bad), { nonFinite: 'keep' })).tensors[0].bytes).toEqual(bad);
  });
});

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

describe('models as safetensors', () => {
  const artifacts = {
    format: 'layers-model',
    modelTopology: tinyJson().modelTopology,
    weightSpecs: [
      { name: 'fc/kernel', shape: [2, 3], dtype: 'float32' as const },
      { name: 'fc/bias', shape: [3], dtype: 'float32' as const },
    ],
    weightData: TINY_WEIGHTS.slice().buffer,
  };

  it('a model comes back as it was', async () => {
    const path = join(folder(), 'm.safetensors');
    await writeSafetensors(path, toSafetensors(artifacts));
    const model = await readModel(path);
    expect(model).toMatchObject({ container: 'safetensors', format: 'layers-model' });
    expect(model.artifacts).toEqual(artifacts);
  });

  it('every dtype that TensorFlow.js has, quantised and not', async () => {
    const quantization = (dtype: 'uint8' | 'uint16' | 'float16') => ({ dtype, scale: 0.5, min: -1 });
    const weightSpecs = [
      { name: 'i', shape: [1], dtype: 'int32' as const },
      { name: 'z', shape: [1], dtype: 'complex64' as const },
      { name: 's', shape: [2], dtype: 'string' as const },
      ...(['uint8', 'uint16', 'float16'] as const).map((q) => ({
        name: q,
        shape: [1],
        dtype: 'float32' as const,
        quantization: quantization(q),
      })),
      { name: 'b', shape: [3], dtype: 'bool' as const },
    ];
    const weightData = Uint8Array.of(
      1,
      2,
      3,
      4,
      0,
      0,
      0,
      64,
      0,
      0,
      0,
      64,
      1,
      0,
      0,
      0,
      65,
      0,
      0,
      0,
      0,
      9,
      8,
      7,
      6,
      5,
      1,
      0,
      1,
    ).buffer;
    const model = { ...artifacts, weightSpecs, weightData };
    const path = join(folder(), 'm.safetensors');
    await writeSafetensors(path, toSafetensors(model));
    expect((await readModel(path)).artifacts).toEqual(model);
  });

  it('weights alone take the topology of a model; F64, F16 and BF16 become float32', async () => {
    const bytes = (data: { buffer: ArrayBufferLike }) => new Uint8Array(data.buffer);
    const kernel = { name: 'fc/kernel', dtype: 'F64', shape: [2, 3], bytes: bytes(Float64Array.of(1, 2, 3, 4, 5, 6)) };
    const bias = { name: 'fc/bias', dtype: 'BF16', shape: [3], bytes: bytes(Uint16Array.of(0xbf80, 0xc000, 0xc040)) };
    const path = join(folder(), 'm.safetensors');
    await writeSafetensors(path, { tensors: [kernel, bias], metadata: {} });
    expect(await rejection(readModel(path))).toMatchObject({ code: 'safetensors-topology' });
    const { artifacts: read } = await readModel(path, { topology: artifacts });
    expect(read).toEqual(artifacts);
    const half = { ...bias, dtype: 'F16', bytes: bytes(Uint16Array.of(0xbc00, 0xc000, 0xc200)) };
    await writeSafetensors(path, { tensors: [kernel, half], metadata: {} });
    expect((await readModel(path, { topology: artifacts })).artifacts).toEqual(artifacts);
    for (const [tensors, code] of [
      [[kernel], 'weights-missing'],
      [[kernel, bias, { ...bias, name: 'x' }], 'weights-extra'],
      [[{ ...kernel, shape: [3, 2] }, bias], 'weight-shape'],
      [[kernel, { ...bias, dtype: 'I16' }], 'weight-dtype'],
      [[{ ...kernel, bytes: bytes(Float64Array.of(1, NaN, 3, 4, 5, 6)) }, bias], 'weight-not-finite'],
    ] as const) {
      await writeSafetensors(path, { tensors, metadata: {} });
      expect(await rejection(readModel(path, { topology: artifacts }))).toMatchObject({ name: 'InputError', code });
    }
  });
});
