import { isEspalierError } from '@espalier/core';
import { targets } from '../../testing/targets.js';
import { tinyJson } from '../../testing/fixture.js';
import { ByteWriter } from './bytes.js';
import { crc32 } from '../kit/crc32.js';
import { decodeEspalier } from './decode.js';
import { encodeEspalier, MAGIC } from './encode.js';

const { modelTopology } = tinyJson();
const header = (weights: unknown, rest: object = {}) => ({ format: 'layers-model', modelTopology, ...rest, weights });

/** A file with right checksums: the header stored as it is, and these bodies. */
function compose(
  json: unknown,
  bodies: (readonly number[])[],
  change: { size?: number; stored?: number } = {},
): Uint8Array {
  const writer = new ByteWriter();
  const bytes = new TextEncoder().encode(typeof json === 'string' ? json : JSON.stringify(json));
  writer.bytes(MAGIC);
  writer.u8(2);
  writer.u8(0);
  writer.u32(change.size ?? bytes.length);
  writer.u32(change.stored ?? bytes.length);
  writer.bytes(bytes);
  writer.u32(crc32(writer.done()));
  for (const body of bodies) {
    const start = writer.length;
    writer.varint(body.length);
    writer.bytes(Uint8Array.from(body));
    writer.u32(crc32(writer.done().subarray(start)));
  }
  return writer.done().slice();
}

function errorOf(bytes: Uint8Array, options = {}): { name: string; code: string; message: string } {
  try {
    decodeEspalier(bytes, { name: "'m.espalier'", ...options });
  } catch (error) {
    if (isEspalierError(error)) return error;
    throw error;
  }
  throw new Error('it was read');
}

const w = (shape: unknown, dtype = 'float32') => [{ name: 'w', shape, dtype }];
/** Planes of zeros. */
const ZEROS = [0, 8, 0, 8, 0, 8, 0, 8, 0];

it('reads what compose makes', () => {
  expect(decodeEspalier(compose(header(w([2])), [ZEROS])).weightData).toEqual(new ArrayBuffer(8));
});

it.each<[string, Uint8Array, string, string]>([
  ['nothing', new Uint8Array(0), 'compact-truncated', 'the header'],
  ['a zip file', Uint8Array.of(0x50, 0x4b, 3, 4), 'compact-magic', 'other bytes at its beginning'],
  ['line ends that were changed', Uint8Array.of(0x89, 0x45, 0x53, 0x50, 0x0a), 'compact-magic', ''],
  ['version 3', compose(header([]), []).map((byte, i) => (i === 8 ? 3 : byte)), 'compact-version', 'found 3'],
  ['version 0', compose(header([]), []).map((byte, i) => (i === 8 ? 0 : byte)), 'compact-version', 'found 0'],
  ['an unknown method', compose(header([]), []).map((byte, i) => (i === 9 ? 7 : byte)), 'compact-header', 'method 7'],
  ['a header of 4 GB', compose(header([]), [], { size: 2 ** 32 - 1 }), 'compact-header', 'found 4294967295'],
  ['a header beyond the file', compose(header([]), [], { size: 9999, stored: 9999 }), 'compact-truncated', 'of header'],
  ['a header that is no object', compose([], []), 'model-invalid', ''],
  ['a header of 10⁵ levels', compose('['.repeat(100_000), []), 'json-depth', 'at most 999'],
  ['a key twice', compose('{"format":1,"format":2}', []), 'json-key', "'format' again"],
  ['a weight twice', compose(header([...w([1]), ...w([1])]), []), 'weight-duplicate', "'w' twice"],
  ['a negative size', compose(header(w([-1])), []), 'weight-shape', '-1'],
  ['a product over 2⁵³', compose(header(w([2 ** 40, 2 ** 40])), []), 'weight-shape', ''],
  ['an unknown dtype', compose(header(w([1], 'float64')), []), 'weight-dtype', 'float64'],
  ['no record', compose(header(w([2])), []), 'compact-truncated', "weight 'w'"],
  ['a record too many', compose(header(w([2])), [ZEROS, ZEROS]), 'compact-trailing', ''],
  ['bytes behind the values', compose(header(w([2])), [[...ZEROS, 0]]), 'compact-trailing', "weight 'w'"],
  ['an empty record', compose(header(w([2])), [[]]), 'compact-truncated', 'forms of positions'],
  ['an unknown form of positions', compose(header(w([2])), [[0x70, 0]]), 'compact-data', 'a form of positions'],
  ['an unknown form of values', compose(header(w([2])), [[0x05]]), 'compact-data', 'a form of values'],
  ['values of int32 as int8', compose(header(w([2], 'int32')), [[0x02]]), 'compact-data', 'byte by byte'],
  ['an unknown mode of symbols', compose(header(w([2])), [[0, 10]]), 'compact-data', 'a mode of symbols'],
  ['another one', compose(header(w([2])), [[0, 127]]), 'compact-data', 'a mode of symbols'],
  [
    'more kept than there are',
    compose(header(w([2])), [[0x10, 3]]),
    'compact-data',
    'at most 2 kept elements, found 3',
  ],
  [
    'a varint of 2⁵³',
    compose(header(w([2])), [[0x10, 128, 128, 128, 128, 128, 128, 128, 16]]),
    'compact-data',
    'below 2^53',
  ],
  ['a varint that is too long', compose(header(w([2])), [[0x10, 129, 0]]), 'compact-data', 'shortest form'],
  ['bits set beyond the weight', compose(header(w([2])), [[0x10, 1, 0, 4]]), 'compact-data', '1 bits set'],
  ['fewer bits set than said', compose(header(w([2])), [[0x10, 2, 0, 1]]), 'compact-data', '2 bits set, found 1'],
  ['too many gaps', compose(header(w([2])), [[0x20, 1, 9]]), 'compact-data', 'at most 1 gaps, found 9'],
  ['a gap beyond the weight', compose(header(w([2])), [[0x20, 1, 1, 8, 2]]), 'compact-data', '1 positions below 2'],
  [
    'a gap that goes on beyond the end',
    compose(header(w([300])), [[0x20, 1, 2, 0, 0, 255]]),
    'compact-data',
    'positions below 300',
  ],
  ['groups of 5', compose(header(w([8, 1])), [[0x30, 1, 5]]), 'compact-data', 'groups of 4 or 8, found 5'],
  ['a block of 5', compose(header(w([8, 8])), [[0x40, 8, 5, 0]]), 'compact-data', 'a known block'],
  ['counted positions beyond the bytes', compose(header(w([2])), [[0x60, 1]]), 'compact-data', 'in 0 bytes'],
  ['counted positions of a code too large', compose(header(w([2])), [[0x60, 1, 255]]), 'compact-data', 'a code below'],
  [
    'counted positions of a large weight',
    compose(header(w([20000])), [[0x60, 1, ...ZEROS]]),
    'compact-data',
    'at most',
  ],
  ['adaptive symbols without bytes', compose(header(w([2])), [[0, 128]]), 'compact-data', 'in 0 bytes'],
  ['adaptive symbols of a sign alone', compose(header(w([2])), [[0, 136, 0]]), 'compact-data', 'a sign and more'],
  ['adaptive symbols of a code too large', compose(header(w([2])), [[0, 128, 200]]), 'compact-data', 'a code below'],
  [
    'more adaptive symbols than 64 a byte',
    compose(header(w([129])), [[0, 128, 1, 1]]),
    'compact-data',
    'at most 128 symbols in 2 bytes, found 129',
  ],
  ['more channels than elements', compose(header(w([2])), [[0x02, 3]]), 'compact-data', 'at most 2 channels'],
  ['a codebook of nothing', compose(header(w([2])), [[0x04, 0]]), 'compact-data', 'a codebook of 1 to 256'],
  [
    'a code beyond the codebook',
    compose(header(w([2])), [[0x04, 1, 1, 8, 0, 8, 0, 8, 1]]),
    'compact-data',
    'symbols below 1, found 1',
  ],
  [
    'a table of frequencies that do not add up',
    compose(header(w([2])), [[0, 9, 0xc0, 0, 0, 0xff]]),
    'compact-data',
    'frequencies of 4096 in all',
  ],
  [
    'a table that does not end',
    compose(header(w([2])), [[0, 9, 0xc0, 0, 0, 0, 0, 0]]),
    'compact-data',
    'frequencies of at most',
  ],
  ['a NaN scale', compose(header(w([1])), [[0x02, 1, 1, 8, 1, 8, 0xfc, 8, 1]]), 'compact-data', 'finite scales'],
  [
    'an infinite scale of nothing',
    compose(header(w([1])), [[0x02, 1, 1, 8, 0, 8, 0xf8, 8, 0]]),
    'compact-data',
    'finite scales',
  ],
  [
    'a NaN in a codebook',
    compose(header(w([1])), [[0x04, 1, 1, 8, 1, 8, 0xfc, 8, 0]]),
    'compact-data',
    'finite values',
  ],
])('%s', (_, bytes, code, message) => {
  const error = errorOf(bytes);
  expect(error).toMatchObject({ name: 'InputError', code });
  expect(error.message).toContain(message);
  expect(error.message).toContain("'m.espalier'");
});

it('scales and codebooks that are not finite are damage, also where weights may be so', () => {
  for (const kind of [0x02, 0x03, 0x04]) {
    const bytes = compose(header(w([1])), [[kind, 1, 1, 8, 1, 8, 0xfc, 8, 0]]);
    expect(errorOf(bytes, { nonFinite: 'keep' }).code).toBe('compact-data');
  }
});

it('a bomb is refused before anything is allocated for it', () => {
  const bomb = compose(header(w([2 ** 30])), [ZEROS]);
  expect(errorOf(bomb)).toMatchObject({ code: 'compact-ratio' });
  expect(errorOf(bomb, { maxRatio: Infinity, maxWeightBytes: 2 ** 31 })).toMatchObject({ code: 'weights-size' });
  const many = compose(
    header(Array.from({ length: 400 }, (_, i) => ({ ...w([2 ** 20])[0], name: `w${i}` }))),
    new Array<number[]>(400).fill(ZEROS),
  );
  expect(errorOf(many)).toMatchObject({ code: 'compact-ratio' });
});

it('every byte of a file is under a checksum', () => {
  const artifacts = {
    modelTopology,
    weightSpecs: [{ name: 'w', shape: [4, 5], dtype: 'float32' as const }],
    weightData: Float32Array.from({ length: 20 }, (_, i) => (i % 3 ? 0 : i)).buffer,
  };
  const bytes = encodeEspalier(artifacts);
  for (let i = 0; i < bytes.length; i++) {
    for (const delta of [1, 255, 128]) {
      const broken = bytes.slice();
      broken[i] += delta;
      expect(errorOf(broken).name).toBe('InputError');
    }
    expect(errorOf(bytes.subarray(0, i)).code).toMatch(/compact-(truncated|checksum)/);
  }
  const last = bytes.slice();
  last[last.length - 4]++;
  expect(errorOf(last).code).toBe('compact-checksum');
});

it('the fuzzer knows every reader', () => {
  expect(Object.keys(targets())).toContain('compact-parts');
});
