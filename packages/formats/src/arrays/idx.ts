import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip, gzipSync } from 'node:zlib';
import { sizeOf, UsageError } from '@espalier/core';
import { checkPath, type FileSize, withFile } from '../disk/files.js';
import { collect, FIX, type Idx, IDX_DEFAULTS, isGzip, MOST_EXPANSION, UBYTE } from './idx-parse.js';
import { refuse, showPath } from '../kit/refuse.js';
import { writeFile } from '../disk/write-files.js';

export { type Idx, IDX_DEFAULTS } from './idx-parse.js';

/**
 * Reads an IDX file of unsigned bytes, such as MNIST's: two zero bytes, the type 8, the number of dimensions, each as a
 * big-endian uint32, and the values. gzip is recognised by its first bytes; a file that expands beyond what its dimensions
 * say is given up as soon as it does.
 * InputErrors: 'data-missing', 'data-unreadable', 'data-not-a-file', 'idx-magic', 'idx-type', 'idx-shape', 'idx-gzip',
 * 'idx-truncated', 'idx-trailing', 'idx-size'.
 */
export async function readIdx(path: string, { maxBytes = IDX_DEFAULTS.maxBytes } = {}): Promise<Idx> {
  checkPath(path);
  return withFile('data', path, 'give the path of an IDX file', async (handle, size) => {
    const where = showPath(path);
    const head = new Uint8Array(2);
    await handle.read(head, 0, 2, 0);
    const zipped = isGzip(head);
    const most = zipped ? size * MOST_EXPANSION : size;
    return zipped
      ? collect(inflate(handle, size, where), { most, maxBytes, where })
      : collect(handle.createReadStream({ start: 0, autoClose: false }), { most, maxBytes, where });
  });
}

/** Writes an IDX file, compressed where the path ends in '.gz', atomically; the same values give the same bytes. */
export async function writeIdx(path: string, { shape, data }: Idx): Promise<FileSize> {
  const isSize = (n: number) => Number.isInteger(n) && n >= 0 && n < 2 ** 32;
  const size = sizeOf(shape);
  if (shape.length === 0 || shape.length > 255 || !shape.every(isSize) || size !== data.length) {
    throw new UsageError(
      'idx-shape',
      `shape [${shape.join(', ')}] does not fit ${data.length} values; give their shape`,
    );
  }
  const start = 4 + 4 * shape.length;
  const bytes = new Uint8Array(start + data.length);
  bytes.set([0, 0, UBYTE, shape.length]);
  shape.forEach((dim, i) => new DataView(bytes.buffer).setUint32(4 + 4 * i, dim));
  bytes.set(data, start);
  if (!path.endsWith('.gz')) return writeFile(path, bytes);
  const zipped = gzipSync(bytes, { level: 9 });
  // The header's tenth byte names the operating system; 255 = unknown, the same everywhere.
  zipped[9] = 255;
  return writeFile(path, zipped);
}

async function* inflate(handle: FileHandle, size: number, where: string): AsyncIterable<Uint8Array> {
  const gunzip = createGunzip();
  const source = handle.createReadStream({ start: 0, autoClose: false });
  source.on('error', (error) => gunzip.destroy(error));
  try {
    yield* source.pipe(gunzip) as Readable;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'Z_BUF_ERROR') refuse('idx-truncated', where, 'a whole gzip file', 'one that is cut off', FIX, error);
    if (code?.startsWith('Z_')) refuse('idx-gzip', where, 'a valid gzip file', (error as Error).message, FIX, error);
    throw error;
  } finally {
    source.destroy();
  }
  // gunzip passes over what follows the last member without a word.
  if (gunzip.bytesWritten < size) {
    refuse('idx-trailing', where, 'nothing after the gzip data', `${size - gunzip.bytesWritten} bytes`, FIX);
  }
}
