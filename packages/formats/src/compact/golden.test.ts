import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isEspalierError } from '@espalier/core';
import { ByteWriter } from './bytes.js';
import { crc32 } from '../kit/crc32.js';
import { decodeEspalier } from './decode.js';
import { encodeEspalier } from './encode.js';

const DIR = join(__dirname, '..', '..', 'testing', 'golden');
const SUMS = JSON.parse(readFileSync(join(DIR, 'sha256.json'), 'utf8')) as Record<string, string>;
const weightsOf = (file: Uint8Array) => new Uint8Array(decodeEspalier(file).weightData as ArrayBuffer);
const open = (name: string) => new Uint8Array(readFileSync(join(DIR, name)));

describe('files that earlier releases wrote', () => {
  it.each(Object.entries(SUMS))('%s', (name, sum) => {
    expect(
      createHash('sha256')
        .update(weightsOf(open(name)))
        .digest('hex'),
    ).toBe(sum);
    expect(open(name)[8]).toBe(Number(/version-(\d)/.exec(name)![1]));
  });

  it('are all of them read', () => {
    const files = readdirSync(DIR).filter((name) => name.endsWith('.espalier'));
    expect(Object.keys(SUMS).sort()).toEqual(files.sort());
    expect(files.length).toBeGreaterThan(5);
  });

  it('and pack again to files of this version, no larger, with the same weights', () => {
    for (const name of Object.keys(SUMS).filter((name) => name.startsWith('version-1'))) {
      const values = (/(float16|int8|int4|codebook)/.exec(name)?.[1] ?? 'float32') as 'float32';
      const [old, artifacts] = [open(name), decodeEspalier(open(name))];
      const again = encodeEspalier(artifacts, { values });
      expect(again[8]).toBe(2);
      if (values === 'float32' && !name.includes('lenet')) expect(weightsOf(again)).toEqual(weightsOf(old));
      if (!name.includes('lenet')) expect(again.length).toBeLessThanOrEqual(old.length);
    }
  });
});

it('a file of version 1 has none of the forms of version 2', () => {
  const random = (i: number) => Math.imul(i + 1, 0x9e3779b1) >>> 0;
  const values = Float32Array.from({ length: 300 }, (_, i) => (random(i) % 3 === 0 ? (random(i + 999) % 31) - 15 : 0));
  const bytes = encodeEspalier(
    {
      modelTopology: { class_name: 'Sequential', config: { name: 'x', layers: [] } },
      weightSpecs: [{ name: 'w', shape: [20, 15], dtype: 'float32' }],
      weightData: values.buffer,
    },
    { values: 'int8' },
  );
  expect(weightsOf(bytes).length).toBe(1200);
  const old = bytes.slice();
  old[8] = 1;
  // The checksum of the header is over the version too.
  const end = 18 + new DataView(old.buffer).getUint32(14, true);
  const writer = new ByteWriter();
  writer.bytes(old.subarray(0, end));
  writer.u32(crc32(old.subarray(0, end)));
  writer.bytes(old.subarray(end + 4));
  try {
    decodeEspalier(writer.done());
    throw new Error('it was read');
  } catch (error) {
    expect(isEspalierError(error) && error.code).toBe('compact-data');
  }
});
