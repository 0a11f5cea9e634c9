import { gzipSync } from 'node:zlib';
import { decodeIdx, decodeNpy, decodeNpz } from '../web.js';

/** Written by NumPy 2.4.6: numpy.savez, savez_compressed and save. */
const NUMPY = {
  // x = uint8 0 … 5 as [2, 3], y = int64 [1, 0].
  npz: 'UEsDBC0AAAAAAAAAIQB+ntfP//////////8FABQAeC5ucHkBABAAhgAAAAAAAACGAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJ3x1MScsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgyLCAzKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAKAAECAwQFUEsDBC0AAAAAAAAAIQBx+zmr//////////8FABQAeS5ucHkBABAAkAAAAAAAAACQAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJzxpOCcsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgyLCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAKAQAAAAAAAAAAAAAAAAAAAFBLAQItAy0AAAAAAAAAIQB+ntfPhgAAAIYAAAAFAAAAAAAAAAAAAACAAQAAAAB4Lm5weVBLAQItAy0AAAAAAAAAIQBx+zmrkAAAAJAAAAAFAAAAAAAAAAAAAACAAb0AAAB5Lm5weVBLBQYAAAAAAgACAGYAAACEAQAAAAA=',
  // x / 2 as float32, y as int32.
  compressed:
    'UEsDBC0AAAAIAAAAIQALwLB2//////////8FABQAeC5ucHkBABAAmAAAAAAAAABXAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TZqKuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GkY6CsaaOgq1CmQDLgYIsGdgaADiA0DM4MDAoOAAAFBLAwQtAAAACAAAACEAgDGjh///////////BQAUAHkubnB5AQAQAIgAAAAAAAAASAAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBuk2mirqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RpGOpo6CrUKFAAuRgYIAABQSwECLQMtAAAACAAAACEAC8CwdlcAAACYAAAABQAAAAAAAAAAAAAAgAEAAAAAeC5ucHlQSwECLQMtAAAACAAAACEAgDGjh0gAAACIAAAABQAAAAAAAAAAAAAAgAGOAAAAeS5ucHlQSwUGAAAAAAIAAgBmAAAADQEAAAAA',
  // float64 [[1.5, -2.5]].
  f8: 'k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDEsIDIpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAD4PwAAAAAAAATA',
  bool: 'k05VTVBZAQB2AHsnZGVzY3InOiAnfGIxJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoBAA==',
  // float32 7, without dimensions.
  scalar:
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAOBA',
  big: 'k05VTVBZAQB2AHsnZGVzY3InOiAnPmk0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAABAAAAAg==',
  fortran:
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMyksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAIA/AACAPwAAgD8AAIA/AACAPwAAgD8=',
  object:
    'k05VTVBZAQB2AHsnZGVzY3InOiAnfE8nLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMiwpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAqABJWPAAAAAAAAAIwWbnVtcHkuX2NvcmUubXVsdGlhcnJheZSMDF9yZWNvbnN0cnVjdJSTlIwFbnVtcHmUjAduZGFycmF5lJOUSwCFlEMBYpSHlFKUKEsBSwKFlGgDjAVkdHlwZZSTlIwCTziUiYiHlFKUKEsDjAF8lE5OTkr/////Sv////9LP3SUYoldlChOjAFhlGV0lGIu',
  complex:
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPGMxNicsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgxLCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAAAAAAAAAAPA/',
};
const bytesOf = (name: keyof typeof NUMPY) => new Uint8Array(Buffer.from(NUMPY[name], 'base64'));
const plain = ({ shape, type, data }: ReturnType<typeof decodeNpy>) => [shape, type, Array.from(data)];

describe('decodeNpz', () => {
  test.each([
    ['npz', [[2, 3], 'u1', [0, 1, 2, 3, 4, 5]], [[2], 'i8', [1, 0]]],
    ['compressed', [[2, 3], 'f4', [0, 0.5, 1, 1.5, 2, 2.5]], [[2], 'i4', [1, 0]]],
  ] as const)('reads what NumPy wrote: %s', (name, x, y) => {
    const arrays = decodeNpz(bytesOf(name), 'data.npz');
    expect([...arrays.keys()]).toEqual(['x', 'y']);
    expect(plain(arrays.get('x')!)).toEqual(x);
    expect(plain(arrays.get('y')!)).toEqual(y);
  });

  test('every byte that is cut off or turned is found, or changes nothing', () => {
    for (const name of ['npz', 'compressed'] as const) {
      const whole = bytesOf(name);
      const read = (bytes: Uint8Array) => {
        try {
          const arrays = decodeNpz(bytes, 'data.npz');
          return JSON.stringify([...arrays].map(([key, array]) => [key, plain(array)]));
        } catch (error) {
          return (error as { name: string }).name;
        }
      };
      const right = read(whole);
      for (let i = 0; i < whole.length; i++) {
        expect(read(whole.subarray(0, i))).toBe('InputError');
        const turned = whole.slice();
        turned[i] ^= 0x10;
        const found = read(turned);
        // The names of arrays and of the format are no data; an array that has another name is not found by its reader.
        if (
          found !== 'InputError' &&
          JSON.parse(found).every(([key]: [string]) => 'xy'.includes(key)) &&
          found !== '[]'
        ) {
          expect([right, right.replace(/,\["y".*/, ']'), right.replace(/\["x".*?\]\]\],/, '')]).toContain(found);
        }
      }
    }
  });

  test.each([
    [{ maxBytes: 100 }, bytesOf('npz'), 'npz-size'],
    [{}, new Uint8Array(0), 'npz-invalid'],
    [{}, Uint8Array.from({ length: 999 }, (_, i) => i), 'npz-invalid'],
  ])('%j: refused', (options, bytes, code) => {
    expect(() => decodeNpz(bytes, 'data.npz', options)).toThrow(expect.objectContaining({ name: 'InputError', code }));
  });
});

describe('decodeNpy', () => {
  test('reads floats, booleans and scalars', () => {
    expect(plain(decodeNpy(bytesOf('f8'), 'a'))).toEqual([[1, 2], 'f8', [1.5, -2.5]]);
    expect(plain(decodeNpy(bytesOf('bool'), 'a'))).toEqual([[2], 'b1', [1, 0]]);
    expect(plain(decodeNpy(bytesOf('scalar'), 'a'))).toEqual([[], 'f4', [7]]);
  });

  test.each([
    ['big', 'npy-order', 'little-endian'],
    ['fortran', 'npy-order', 'ascontiguousarray'],
    ['object', 'npy-type', "'|O'"],
    ['complex', 'npy-type', "'<c16'"],
  ] as const)('%s is refused in words', (name, code, words) => {
    expect(() => decodeNpy(bytesOf(name), 'a.npy')).toThrow(expect.objectContaining({ code }));
    expect(() => decodeNpy(bytesOf(name), 'a.npy')).toThrow(words);
  });

  test.each([
    ['cut', (bytes: Uint8Array) => bytes.subarray(0, -1), 'npy-truncated'],
    ['in the header', (bytes: Uint8Array) => bytes.subarray(0, 40), 'npy-truncated'],
    ['before the header', (bytes: Uint8Array) => bytes.subarray(0, 8), 'npy-truncated'],
    ['more', (bytes: Uint8Array) => Uint8Array.from([...bytes, 0]), 'npy-trailing'],
    ['another file', () => Uint8Array.of(1, 2, 3), 'npy-magic'],
  ] as const)('%s', (_, change, code) => {
    expect(() => decodeNpy(change(bytesOf('f8')), 'a.npy')).toThrow(expect.objectContaining({ code }));
  });
});

describe('decodeIdx', () => {
  const idx = Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255);

  test('bytes in memory, gzip or not', async () => {
    const wanted = { shape: [2, 3], data: Uint8Array.of(1, 2, 3, 4, 5, 255) };
    expect(await decodeIdx(idx, 'a')).toEqual(wanted);
    expect(await decodeIdx(new Uint8Array(gzipSync(idx)), 'a.gz')).toEqual(wanted);
  });

  test.each([
    ['cut', idx.subarray(0, -1), 'idx-truncated'],
    ['cut gzip', gzipSync(idx).subarray(0, -9), 'idx-gzip'],
    ['a bomb', gzipSync(Uint8Array.from([...idx, ...new Uint8Array(5e6)])), 'idx-trailing'],
    ['a picture', Uint8Array.of(0x89, 0x50, 0x4e, 0x47), 'idx-magic'],
  ])('%s', async (_, bytes, code) => {
    await expect(decodeIdx(new Uint8Array(bytes), 'a')).rejects.toMatchObject({ name: 'InputError', code });
  });
});
