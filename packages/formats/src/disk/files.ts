import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { show, UsageError } from '@espalier/core';
import { decodeUtf8, parseJson } from '../kit/json.js';
import { READ_DEFAULTS } from '../kit/limits.js';
import { refuse, showPath } from '../kit/refuse.js';

export interface FileSize {
  readonly path: string;
  readonly bytes: number;
}

/** What a file is to its reader; the prefix of the error codes. */
export type Subject = 'model' | 'shard' | 'data';

/** One read call takes at most 2 GiB; half of that keeps every offset inside a call a small integer. */
const CHUNK = 2 ** 30;

const REASONS: Record<string, string> = {
  ENOENT: 'nothing there',
  ENOTDIR: 'a file where a folder should be',
  EACCES: 'no permission to read it',
  EPERM: 'no permission to read it',
  ELOOP: 'a chain of symbolic links without end',
  ENAMETOOLONG: 'a name that is too long',
  EISDIR: 'a folder',
  ERR_INVALID_ARG_VALUE: 'a path with a NUL character',
  EMFILE: 'too many open files',
};

/** The system's reason in words. */
export function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS[code ?? ''] ?? code ?? message;
}

/** Throws the InputError for a failed file operation: '<subject>-missing' or '<subject>-unreadable'. */
export function refuseFile(subject: Subject, path: string, fix: string, error: unknown): never {
  const missing = ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
  return refuse(
    `${subject}-${missing ? 'missing' : 'unreadable'}`,
    showPath(path),
    'a readable file',
    reason(error),
    fix,
    error,
  );
}

/**
 * Opens a regular file for `use`, and closes it. Anything else is refused before it is opened, because a FIFO would block
 * and a device may act on being opened; O_NONBLOCK covers the moment in which one could be put in its place.
 * InputErrors: '<subject>-missing', '<subject>-unreadable', '<subject>-not-a-file'.
 */
export async function withFile<T>(
  subject: Subject,
  path: string,
  fix: string,
  use: (handle: FileHandle, size: number) => Promise<T>,
): Promise<T> {
  let handle: FileHandle | undefined;
  try {
    try {
      let stats = await stat(path);
      if (stats.isFile()) {
        handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
        stats = await handle.stat();
      }
      if (!stats.isFile()) {
        refuse(`${subject}-not-a-file`, showPath(path), 'a regular file', kindOf(stats), fix);
      }
      return await use(handle!, stats.size);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).syscall ?? (error as { code?: string }).code === 'ERR_INVALID_ARG_VALUE') {
        refuseFile(subject, path, fix, error);
      }
      throw error;
    }
  } finally {
    await handle?.close();
  }
}

/** Throws a UsageError with code 'path' where a path is no string, or empty. */
export function checkPath(path: unknown, wanted = "wanted a file's path", fix = ''): asserts path is string {
  if (typeof path === 'string' && path !== '') return;
  throw new UsageError('path', `${wanted}, got ${show(path)}${fix}`);
}

function kindOf(stats: { isDirectory(): boolean; isFIFO(): boolean; isSocket(): boolean }): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a pipe';
  return stats.isSocket() ? 'a socket' : 'a device';
}

/**
 * Fills `target` from `position` on by positional reads; the number of bytes read is smaller where the file ends.
 */
export async function readInto(handle: FileHandle, target: Uint8Array, position = 0): Promise<number> {
  let at = 0;
  while (at < target.length) {
    const piece = target.subarray(at, at + CHUNK);
    const { bytesRead } = await handle.read(piece, 0, piece.length, position + at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return at;
}

/** Text becomes UTF-8. */
export const asBytes = (content: Uint8Array | string) =>
  typeof content === 'string' ? new TextEncoder().encode(content) : content;

/** Throws unless a file holds these bytes and no others. */
export async function expectBytes(path: string, bytes: Uint8Array): Promise<void> {
  const read = new Uint8Array(bytes.length);
  const size = await withFile('data', path, 'check the disk', async (handle, size) => {
    await readInto(handle, read);
    return size;
  });
  if (size !== bytes.length || Buffer.compare(read, bytes) !== 0) throw new Error(`${basename(path)} differs`);
}

/** A strict reading of JSON: InputErrors 'json-size' for more than `maxJsonBytes`, and those of `decodeUtf8` and `parseJson`. */
export async function readJson(
  path: string,
  fix: string,
  { maxJsonBytes = READ_DEFAULTS.maxJsonBytes, maxDepth = READ_DEFAULTS.maxDepth } = {},
): Promise<{ json: unknown; bytes: number }> {
  const where = showPath(path);
  const bytes = await withFile('model', path, fix, async (handle, size) => {
    if (size > maxJsonBytes) refuse('json-size', where, `at most ${maxJsonBytes} bytes of JSON`, `${size}`, fix);
    const buffer = new Uint8Array(size);
    return buffer.subarray(0, await readInto(handle, buffer));
  });
  return { json: parseJson(decodeUtf8(bytes, where), where, { maxDepth }), bytes: bytes.length };
}
