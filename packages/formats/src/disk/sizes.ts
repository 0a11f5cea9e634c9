import { createReadStream } from 'node:fs';
import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createBrotliCompress, createGzip } from 'node:zlib';
import { withFile } from './files.js';

/** Bytes. */
export interface Sizes {
  readonly raw: number;
  readonly gzip: number;
  readonly brotli: number;
}

/**
 * What files weigh as they are and as a web server would send them: the sums of their sizes, of gzip at level 9 and of
 * brotli at quality 11, each file compressed for itself. Files are given by path or as bytes. Nothing is kept in memory.
 * Throws an InputError with code 'data-missing', 'data-unreadable' or 'data-not-a-file'.
 */
export async function compressedSizes(files: readonly (string | Uint8Array)[]): Promise<Sizes> {
  const sum = { raw: 0, gzip: 0, brotli: 0 };
  for (const file of files) {
    const bytes =
      typeof file === 'string'
        ? await withFile('data', file, 'give the path of a file', async (_, n) => n)
        : file.length;
    const source = () => (typeof file === 'string' ? createReadStream(file) : Readable.from([file]));
    const params = {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes,
    };
    const [gzip, brotli] = await Promise.all([
      lengthOf(source(), createGzip({ level: 9 })),
      lengthOf(source(), createBrotliCompress({ params })),
    ]);
    sum.raw += bytes;
    sum.gzip += gzip;
    sum.brotli += brotli;
  }
  return sum;
}

async function lengthOf(source: Readable, compressor: Transform): Promise<number> {
  let length = 0;
  await pipeline(source, compressor, async (chunks: AsyncIterable<Uint8Array>) => {
    for await (const chunk of chunks) length += chunk.length;
  });
  return length;
}
