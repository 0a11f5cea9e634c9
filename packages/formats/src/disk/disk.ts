import * as fs from 'node:fs/promises';
import { dirname } from 'node:path';

/** The part of node:fs/promises that writing uses; tests put a failing one in its place. */
export type Disk = Pick<typeof fs, 'lstat' | 'mkdir' | 'open' | 'readdir' | 'rename' | 'rm' | 'rmdir' | 'unlink'>;

export const DISK: Disk = fs;

/** What is under a path, a link for itself; undefined = nothing. */
export function find(path: string, disk: Disk) {
  return disk.lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

export async function exists(path: string, disk: Disk): Promise<boolean> {
  return (await find(path, disk)) !== undefined;
}

/** What cannot be looked at is not there. */
const told = (path: string, disk: Disk, what: (stats: Awaited<ReturnType<Disk['lstat']>>) => boolean) =>
  disk.lstat(path).then(what, () => false);
export const isThere = (path: string, disk: Disk) => told(path, disk, () => true);
export const isFile = (path: string, disk: Disk) => told(path, disk, (stats) => stats.isFile());

export async function moveIfThere(from: string, to: string, disk: Disk): Promise<void> {
  if (await exists(from, disk)) await disk.rename(from, to);
}

/** mkdir -p, noting in `made` what it makes. Node's own never returns where mkdir says ENOENT below a folder (/proc). */
export async function makeFolder(dir: string, made: string[], disk: Disk): Promise<void> {
  const missing: string[] = [];
  let at = dir;
  while (dirname(at) !== at && !(await exists(at, disk))) {
    missing.unshift(at);
    at = dirname(at);
  }
  for (const path of missing) {
    const isNew = await disk.mkdir(path).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        // Another process may have been quicker.
        if (error.code === 'EEXIST') return false;
        throw error;
      },
    );
    if (isNew) made.push(path);
  }
}

export async function writeFlushed(path: string, bytes: Uint8Array, disk: Disk): Promise<void> {
  const handle = await disk.open(path, 'wx');
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes renames durable. Windows and some network file systems cannot flush a folder; there the system decides when. */
export async function flushFolder(dir: string, disk: Disk): Promise<void> {
  try {
    const handle = await disk.open(dir, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!['EINVAL', 'ENOTSUP', 'EPERM', 'EISDIR', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) {
      throw error;
    }
  }
}
