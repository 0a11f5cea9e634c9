import { basename, dirname, join } from 'node:path';
import { commitFiles } from './atomic.js';
import type { Disk } from './disk.js';
import { checkPath, expectBytes } from './files.js';

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
  checkPath(path);
  const name = basename(path);
  await commitFiles(
    dirname(path),
    {
      files: new Map([[name, bytes]]),
      verify: async (staging) => {
        await expectBytes(join(staging, name), bytes);
        verify(bytes);
      },
      ...(beforeCommit && { beforeCommit }),
    },
    disk,
  );
}
