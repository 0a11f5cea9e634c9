import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { folder, rejection } from '../../testing/fixture.js';
import { compressedSizes } from './sizes.js';

const brotli = (bytes: Uint8Array) =>
  brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  }).length;
const gzip = (bytes: Uint8Array) => gzipSync(bytes, { level: 9 }).length;

describe('compressedSizes', () => {
  const a = Uint8Array.from({ length: 200_000 }, (_, i) => (i * i) >> 7);
  const b = new Uint8Array(100_000);

  it('adds up what each file takes for itself, by path and by bytes', async () => {
    const dir = folder();
    const paths = [a, b].map((bytes, i) => {
      writeFileSync(join(dir, `${i}`), bytes);
      return join(dir, `${i}`);
    });
    const wanted = { raw: 300_000, gzip: gzip(a) + gzip(b), brotli: brotli(a) + brotli(b) };
    expect(await compressedSizes(paths)).toEqual(wanted);
    expect(await compressedSizes([a, b])).toEqual(wanted);
    expect(wanted.gzip).toBeLessThan(200_000);
  });

  it('of nothing is nothing', async () => {
    expect(await compressedSizes([])).toEqual({ raw: 0, gzip: 0, brotli: 0 });
    expect(await compressedSizes([new Uint8Array(0)])).toEqual({
      raw: 0,
      gzip: gzip(new Uint8Array(0)),
      brotli: brotli(new Uint8Array(0)),
    });
  });

  it('names a file that is missing', async () => {
    expect(await rejection(compressedSizes(['/no/file']))).toMatchObject({ name: 'InputError', code: 'data-missing' });
  });
});
