import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, rejection } from '../../testing/fixture.js';
import { readSafetensors } from './read.js';

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
