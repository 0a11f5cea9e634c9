import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip, gzipSync } from 'node:zlib';
import { show, UsageError } from '@espalier/core';
import { withFile } from './files.js';
import type { FileSize } from './read-model.js';
import { refuse, showPath } from './refuse.js';
import { writeFile } from './write-files.js';

/** Unsigned bytes in row-major order. */
export interface Idx {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

export const IDX_DEFAULTS = { maxBytes: 2 ** 31 };

const UBYTE = 8;
const GZIP = [0x1f, 0x8b];
/** The most that DEFLATE can expand, to one: RFC 1951 codes at most 258 bytes in 2 bits. */
const MOST_EXPANSION = 1032;
const FIX = 'download the file again';

/**
 * Reads an IDX file of unsigned bytes, such as MNIST's: two zero bytes, the type 8, the number of dimensions, each as a
 * big-endian uint32, and the values. gzip is recognised by its first bytes; a file that expands beyond what its dimensions
 * say is given up as soon as it does.
 * InputErrors: 'data-missing', 'data-unreadable', 'data-not-a-file', 'idx-magic', 'idx-type', 'idx-shape', 'idx-gzip',
 * 'idx-truncated', 'idx-trailing', 'idx-size'.
 */
export async function readIdx(path: string, { maxBytes = IDX_DEFAULTS.maxBytes } = {}): Promise<Idx> {
  if (typeof path !== 'string' || path === '') throw new UsageError('path', `wanted a file's path, got ${show(path)}`);
  return withFile('data', path, 'give the path of an IDX file', async (handle, size) => {
    const where = showPath(path);
    const head = new Uint8Array(2);
    await handle.read(head, 0, 2, 0);
    const isGzip = head[0] === GZIP[0] && head[1] === GZIP[1];
    const most = isGzip ? size * MOST_EXPANSION : size;
    return isGzip
      ? collect(inflate(handle, size, where), { most, maxBytes, where })
      : collect(handle.createReadStream({ start: 0, autoClose: false }), { most, maxBytes, where });
  });
}

/** Writes an IDX file, compressed where the path ends in '.gz', atomically; the same values give the same bytes. */
export async function writeIdx(path: string, { shape, data }: Idx): Promise<FileSize> {
  const isSize = (n: number) => Number.isInteger(n) && n >= 0 && n < 2 ** 32;
  const size = shape.reduce((a, b) => a * b, 1);
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

interface Limits {
  /** The most bytes that the file can hold once expanded. */
  readonly most: number;
  readonly maxBytes: number;
  readonly where: string;
}

async function collect(chunks: AsyncIterable<Uint8Array>, { most, maxBytes, where }: Limits): Promise<Idx> {
  let head = new Uint8Array(0);
  let idx: Idx | undefined;
  let filled = 0;
  const fill = (chunk: Uint8Array, { data }: Idx) => {
    if (filled + chunk.length > data.length) {
      refuse(
        'idx-trailing',
        where,
        `${data.length} values and no more`,
        'more',
        'use the file that its header describes',
      );
    }
    data.set(chunk, filled);
    filled += chunk.length;
  };
  for await (const chunk of chunks) {
    if (idx) {
      fill(chunk, idx);
      continue;
    }
    head = Buffer.concat([head, chunk]);
    const shape = parseHead(head, where);
    if (shape === undefined) continue;
    const start = 4 + 4 * shape.length;
    idx = { shape, data: new Uint8Array(checkSize(shape, { most: most - start, maxBytes, where })) };
    fill(head.subarray(start), idx);
  }
  if (idx === undefined) return refuse('idx-truncated', where, 'a whole header', `${head.length} bytes`, FIX);
  if (filled < idx.data.length) refuse('idx-truncated', where, `${idx.data.length} values`, `${filled}`, FIX);
  return idx;
}

/** The dimensions, or undefined while bytes are missing. */
function parseHead(head: Uint8Array, where: string): number[] | undefined {
  if (head.length < 4) return undefined;
  if (head[0] !== 0 || head[1] !== 0) {
    const found = Buffer.from(head.subarray(0, 4)).toString('hex');
    refuse('idx-magic', where, 'an IDX file, which begins with 00 00 08', found, 'give an IDX file');
  }
  if (head[2] !== UBYTE) refuse('idx-type', where, 'unsigned bytes (type 8)', `type ${head[2]}`, 'convert it to bytes');
  if (head[3] === 0) refuse('idx-shape', where, 'at least one dimension', 'none', FIX);
  if (head.length < 4 + 4 * head[3]) return undefined;
  const view = new DataView(head.buffer, head.byteOffset);
  return Array.from({ length: head[3] }, (_, i) => view.getUint32(4 + 4 * i));
}

function checkSize(shape: number[], { most, maxBytes, where }: Limits): number {
  const size = shape.reduce((a, b) => a * b, 1);
  const wanted = `${shape.join(' × ')} = ${size} values`;
  if (!(size <= most)) refuse('idx-truncated', where, wanted, `a file that holds at most ${Math.max(0, most)}`, FIX);
  if (size > maxBytes) refuse('idx-size', where, `at most ${maxBytes} values`, `${size}`, 'split the data');
  return size;
}
