import { basename, dirname, join } from 'node:path';
import { show, UsageError } from '@espalier/core';
import { commitFiles, type Disk } from './atomic.js';
import { readInto, withFile } from './files.js';

interface CommitFile {
  /** Checks the bytes as they were read back. */
  readonly verify: (bytes: Uint8Array) => void;
  readonly beforeCommit?: () => void | Promise<void>;
}

/** One file, whole or not at all, read back before it takes the place of what is there. */
export async function commitFile(
  path: string,
  bytes: Uint8Array,
  { verify, beforeCommit }: CommitFile,
  disk?: Disk,
): Promise<void> {
  if (typeof path !== 'string' || path === '') throw new UsageError('path', `wanted a file's path, got ${show(path)}`);
  const name = basename(path);
  await commitFiles(
    dirname(path),
    {
      files: new Map([[name, bytes]]),
      verify: async (staging) => {
        const read = new Uint8Array(bytes.length);
        const size = await withFile('data', join(staging, name), 'check the disk', async (handle, size) => {
          await readInto(handle, read);
          return size;
        });
        if (size !== bytes.length || Buffer.compare(read, bytes) !== 0) throw new Error(`${name} differs`);
        verify(read);
      },
      ...(beforeCommit && { beforeCommit }),
    },
    disk,
  );
}
