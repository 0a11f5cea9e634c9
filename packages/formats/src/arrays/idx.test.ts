import { sizeOf } from '@espalier/core';
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { folder, rejection } from '../../testing/fixture.js';
import { readIdx, writeIdx } from './idx.js';

const SHARED = join(__dirname, '../../../../../shared/data/mnist-test');
const HEAD = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3];
const VALUES = [1, 2, 3, 4, 5, 255];
const dir = folder();
let count = 0;
function file(bytes: Uint8Array | number[]): string {
  const path = join(dir, `${count++}.idx`);
  writeFileSync(path, Uint8Array.from(bytes));
  return path;
}

describe('readIdx', () => {
  it.each([
    ['plain', Uint8Array.from([...HEAD, ...VALUES])],
    ['gzip', gzipSync(Uint8Array.from([...HEAD, ...VALUES]))],
    // Two members, cut inside the header: gzip allows it, and the pieces arrive apart.
    [
      'gzip members',
      Buffer.concat([
        gzipSync(Uint8Array.from(HEAD.slice(0, 5))),
        gzipSync(Uint8Array.from([...HEAD.slice(5), ...VALUES])),
      ]),
    ],
  ])('reads %s bytes', async (_, bytes) => {
    expect(await readIdx(file(bytes))).toEqual({ shape: [2, 3], data: Uint8Array.from(VALUES) });
  });

  (existsSync(SHARED) ? it : it.skip)('reads the MNIST test digits (needs ../shared/data)', async () => {
    const images = await readIdx(join(SHARED, 't10k-images-idx3-ubyte.gz'));
    expect(images.shape).toEqual([10_000, 28, 28]);
    const labels = await readIdx(join(SHARED, 't10k-labels-idx1-ubyte.gz'));
    expect([...labels.data.subarray(0, 10)]).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
  });

  const whole = [...HEAD, ...VALUES];
  const bomb = gzipSync(Uint8Array.from([...HEAD, ...new Uint8Array(5_000_000)]));
  const huge = [0, 0, 8, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1];
  it.each<[string, Uint8Array | number[], string, string]>([
    ['empty', [], 'idx-truncated', 'wanted a whole header, found 0 bytes'],
    ['other magic', [1, ...whole.slice(1)], 'idx-magic', 'found 01000802'],
    ['a PNG', [0x89, 0x50, 0x4e, 0x47], 'idx-magic', 'found 89504e47'],
    ['floats', [0, 0, 13, ...whole.slice(3)], 'idx-type', 'wanted unsigned bytes (type 8), found type 13'],
    ['no dimension', [0, 0, 8, 0, 1], 'idx-shape', 'wanted at least one dimension'],
    ['half a header', HEAD.slice(0, 9), 'idx-truncated', 'wanted a whole header, found 9 bytes'],
    ['too few values', whole.slice(0, -1), 'idx-truncated', '2 × 3 = 6 values, found a file that holds at most 5'],
    ['too many values', [...whole, 0], 'idx-trailing', 'wanted 6 values and no more'],
    ['dimensions that nothing holds', huge, 'idx-truncated', 'found a file that holds at most 1;'],
    [
      'gzip: too few values',
      gzipSync(Uint8Array.from(whole.slice(0, -1))),
      'idx-truncated',
      'wanted 6 values, found 5',
    ],
    ['gzip: a bomb', bomb, 'idx-trailing', 'wanted 6 values and no more'],
    [
      'gzip: dimensions that nothing holds',
      gzipSync(Uint8Array.from(huge)),
      'idx-truncated',
      'found a file that holds at most',
    ],
    ['gzip: cut off', gzipSync(Uint8Array.from(whole)).subarray(0, 20), 'idx-truncated', 'found one that is cut off'],
    ['gzip: two bytes', [0x1f, 0x8b], 'idx-truncated', 'found one that is cut off'],
    ['gzip: garbage', [0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 0xff, 0xff, 0xff], 'idx-gzip', 'wanted a valid gzip file'],
    [
      'gzip: checksum',
      gzipSync(Uint8Array.from(whole)).map((b, i, all) => (i === all.length - 8 ? b ^ 1 : b)),
      'idx-gzip',
      '',
    ],
    [
      'gzip: bytes after the end',
      Buffer.concat([gzipSync(Uint8Array.from(whole)), new Uint8Array(3)]),
      'idx-trailing',
      'wanted nothing after the gzip data, found 3 bytes',
    ],
  ])('refuses %s', async (_, bytes, code, message) => {
    const error = await rejection(readIdx(file(bytes)));
    expect(error).toMatchObject({ name: 'InputError', code });
    expect(error.message).toContain(message);
    expect(error.message).toContain('.idx');
  });

  it('refuses what is no file', async () => {
    expect(await rejection(readIdx(join(dir, 'none')))).toMatchObject({ name: 'InputError', code: 'data-missing' });
    expect(await rejection(readIdx(dir))).toMatchObject({ code: 'data-not-a-file' });
    expect(await rejection(readIdx(''))).toMatchObject({ name: 'UsageError' });
  });

  it('has a limit', async () => {
    expect(await rejection(readIdx(file(whole), { maxBytes: 5 }))).toMatchObject({ code: 'idx-size' });
    const sparse = file([0, 0, 8, 1, 255, 255, 255, 255]);
    truncateSync(sparse, 8 + 2 ** 32 - 1);
    expect(await rejection(readIdx(sparse))).toMatchObject({ code: 'idx-size' });
  });
});

describe('writeIdx', () => {
  it('brings any bytes back, compressed or not', async () => {
    const shapes = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(shapes, fc.boolean(), async (shape, isGzip) => {
        const data = Uint8Array.from({ length: sizeOf(shape) }, (_, i) => (i * 31) & 255);
        const path = join(dir, isGzip ? 'a.idx.gz' : 'a.idx');
        const { bytes } = await writeIdx(path, { shape, data });
        expect(readFileSync(path)).toHaveLength(bytes);
        expect(readFileSync(path)[0] === 0x1f).toBe(isGzip);
        expect(await readIdx(path)).toEqual({ shape, data });
      }),
      { numRuns: 40, seed: 3 },
    );
  });

  it('gives the same bytes on every system and at any time', async () => {
    const path = join(dir, 'b.gz');
    await writeIdx(path, { shape: [6], data: Uint8Array.from(VALUES) });
    expect([...readFileSync(path).subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255]);
  });

  it.each([[[]], [[5]], [[-1, 6]], [[1.5, 4]], [[2 ** 32]]])('refuses the shape %j for six values', async (shape) => {
    const error = await rejection(writeIdx(join(dir, 'c'), { shape, data: Uint8Array.from(VALUES) }));
    expect(error).toMatchObject({ name: 'UsageError', code: 'idx-shape' });
  });
});
