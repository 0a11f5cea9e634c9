import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { isEspalierError, OutputError, show, UsageError } from '@espalier/core';
import { reason } from './files.js';
import { acquireLock } from './lock.js';
import type { FileSize } from '../read-model.js';
import { COMMIT_NOTE, commitNote, isDead, LOCK, OLD, recover, TEMPORARY, type Write, writes } from './recover.js';
import { showPath } from '../kit/refuse.js';

/** The part of node:fs/promises that writing uses; tests put a failing one in its place. */
export type Disk = Pick<typeof fs, 'lstat' | 'mkdir' | 'open' | 'readdir' | 'rename' | 'rm' | 'rmdir' | 'unlink'>;

export interface Commit {
  /** By file name, in the order in which they appear in the folder: the last one is the commit point. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /**
   * Files that belong to what the commit point names and keep their names, such as a plan: the old ones go before it is
   * replaced, the new ones come after it, and whoever finds them after a crash puts the right ones in place.
   */
  readonly companions?: ReadonlyMap<string, Uint8Array>;
  /** A note that stays in the staging folder, for whoever finds it after a crash; asked for when nobody else writes. */
  readonly note?: () => Promise<{ readonly name: string; readonly text: string }>;
  /** Checks the files in the staging folder, where they have their final names. */
  readonly verify?: (staging: string) => Promise<void>;
  /** Runs when everything is written and verified and nothing is replaced yet; to throw here gives up. */
  readonly beforeCommit?: () => void | Promise<void>;
  /** Runs when the new files are in place. */
  readonly afterCommit?: () => Promise<void>;
}

const CODES: Record<string, [code: string, found: string, fix: string]> = {
  ENOSPC: ['output-full', 'a full disk', 'make room or choose another place'],
  EDQUOT: ['output-full', 'a used-up quota', 'make room or choose another place'],
  EACCES: ['output-denied', 'no permission', 'choose a folder that you may write to'],
  EPERM: ['output-denied', 'no permission', 'choose a folder that you may write to'],
  EROFS: ['output-denied', 'a read-only file system', 'choose a folder that you may write to'],
  ENOTDIR: ['output-not-a-folder', 'a file in its place', 'choose another folder'],
  ENOENT: ['output-failed', 'a place where no folder can be made', 'choose another place'],
  EEXIST: ['output-not-a-folder', 'a file in its place', 'choose another folder'],
};

/**
 * Writes files into a folder so that a crash at any moment leaves either the old or the new one under each name, and the
 * new commit file only when all the others are there: everything is written and flushed in a staging folder inside `dir`,
 * verified, and renamed. Renaming replaces a symbolic link and never follows it. Creates `dir` where needed. If anything
 * fails, the staging folder, files that were new and folders that were made for them are removed. One writer at a time: a
 * second one waits for the first.
 * A folder by that name may itself be a symbolic link. OutputErrors: 'output-full', 'output-denied', 'output-not-a-folder', 'output-exists', 'output-failed', 'output-verify', 'output-busy'.
 */
export async function commitFiles(folder: string, commit: Commit, disk: Disk = fs): Promise<FileSize[]> {
  const dir = resolve(folder);
  const { files, companions = new Map<string, Uint8Array>() } = commit;
  const names = [...files.keys()];
  [...names, ...companions.keys()].forEach(checkFileName);
  const made: string[] = [];
  const fresh: string[] = [];
  let release: (() => Promise<void>) | undefined;
  let write: Write | undefined;
  let committed = false;
  try {
    await makeFolder(dir, made, disk);
    release = await acquireLock(dir, disk);
    const note = await commit.note?.();
    await removeStale(dir, disk);
    for (const name of [...names, ...companions.keys()]) await checkTarget(join(dir, name), disk);
    const staging = join(dir, `.espalier-tmp-${process.pid}-${randomBytes(6).toString('hex')}`);
    const last = names[names.length - 1];
    write = { dir, staging, note: { commit: last, companions: [...companions.keys()] }, fresh, isStaged: false };
    writes.add(write);
    await disk.mkdir(staging);
    await stage(staging, write, note, commit, disk);
    write.isStaged = true;
    await verified(staging, commit.verify);
    await commit.beforeCommit?.();
    for (const name of names) {
      const target = join(dir, name);
      // The commit file must not reach the disk before the files it stands for.
      if (name === last) {
        for (const companion of companions.keys())
          await moveIfThere(join(dir, companion), join(staging, OLD, companion), disk);
        await flushFolder(dir, disk);
      }
      if (!(await exists(target, disk))) fresh.push(target);
      await disk.rename(join(staging, name), target);
      committed = name === last;
    }
    await flushFolder(dir, disk);
    for (const name of companions.keys()) await disk.rename(join(staging, name), join(dir, name));
    if (companions.size > 0) await flushFolder(dir, disk);
    await commit.afterCommit?.();
    await disk.rm(staging, { recursive: true });
  } catch (error) {
    const quietly = (cleaning: Promise<unknown>) => cleaning.catch(() => undefined);
    if (write?.isStaged) await quietly(recover(write, disk));
    else if (write) await quietly(disk.rm(write.staging, { recursive: true, force: true }));
    if (!committed) for (const target of fresh) await quietly(disk.unlink(target));
    if (release) await quietly(release().catch(release));
    for (const path of made.reverse()) await quietly(disk.rmdir(path));
    throw asOutputError(folder, error);
  } finally {
    if (write) writes.delete(write);
  }
  // The next writer takes a lock that cannot be removed over.
  await release()
    .catch(release)
    .catch(() => undefined);
  const inOrder = [...[...files].slice(0, -1), ...companions, ...[...files].slice(-1)];
  return inOrder.map(([name, bytes]) => ({ path: join(folder, name), bytes: bytes.length }));
}

/** Everything into the staging folder, flushed: the new files, what a crash leaves to know, room for the old companions. */
async function stage(
  staging: string,
  write: Write,
  note: { readonly name: string; readonly text: string } | undefined,
  commit: Commit,
  disk: Disk,
): Promise<void> {
  await writeFlushed(join(staging, COMMIT_NOTE), new TextEncoder().encode(commitNote(write.note)), disk);
  if (write.note.companions.length > 0) await disk.mkdir(join(staging, OLD));
  if (note) await writeFlushed(join(staging, note.name), new TextEncoder().encode(note.text), disk);
  for (const [name, bytes] of [...(commit.companions ?? []), ...commit.files]) {
    await writeFlushed(join(staging, name), bytes, disk);
  }
}

async function moveIfThere(from: string, to: string, disk: Disk): Promise<void> {
  if (await exists(from, disk)) await disk.rename(from, to);
}

/** mkdir -p, noting in `made` what it makes. Node's own never returns where mkdir says ENOENT below a folder (/proc). */
async function makeFolder(dir: string, made: string[], disk: Disk): Promise<void> {
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

/** Throws a UsageError with code 'file-name' unless the name is that of a file directly in a folder. */
export function checkFileName(name: string): void {
  if (name !== '' && name !== '.' && name !== '..' && name === basename(name) && !/[\\\0]/.test(name)) {
    if (!TEMPORARY.test(name) && ![LOCK, OLD, COMMIT_NOTE].includes(name)) return;
  }
  throw new UsageError('file-name', `wanted a plain file name, got ${show(name)}; leave the folder out of it`);
}

/** Any failure to write as an OutputError; errors that were meant pass. */
export function asOutputError(path: string, error: unknown): unknown {
  const { code = '', syscall } = error as NodeJS.ErrnoException;
  if (isEspalierError(error) || (syscall === undefined && !code.startsWith('ERR_'))) return error;
  const [kind, found, fix] = CODES[code] ?? ['output-failed', reason(error), 'choose another place'];
  const where = showPath(path);
  const wanted = 'a folder that can be written to';
  return new OutputError(kind, `${where}: wanted ${wanted}, found ${found}; ${fix}`, {
    where,
    wanted,
    found,
    fix,
    cause: error,
  });
}

async function verified(staging: string, verify: Commit['verify']): Promise<void> {
  try {
    await verify?.(staging);
  } catch (error) {
    const [wanted, found, fix] = ['what was written to be read back', 'something else', 'check the disk'];
    throw new OutputError('output-verify', `${showPath(staging)}: wanted ${wanted}, found ${found}; ${fix}`, {
      where: staging,
      wanted,
      found,
      fix,
      cause: error,
    });
  }
}

async function exists(path: string, disk: Disk): Promise<boolean> {
  return (await find(path, disk)) !== undefined;
}

function find(path: string, disk: Disk) {
  return disk.lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

async function checkTarget(path: string, disk: Disk): Promise<void> {
  if (!(await find(path, disk))?.isDirectory()) return;
  const [where, wanted, found, fix] = [showPath(path), 'a file or nothing', 'a folder', 'choose another output folder'];
  throw new OutputError('output-exists', `${where}: wanted ${wanted}, found ${found}; ${fix}`, {
    where,
    wanted,
    found,
    fix,
  });
}

async function writeFlushed(path: string, bytes: Uint8Array, disk: Disk): Promise<void> {
  const handle = await disk.open(path, 'wx');
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes renames durable. Windows and some network file systems cannot flush a folder; there the system decides when. */
async function flushFolder(dir: string, disk: Disk): Promise<void> {
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

/** Removes the staging folders of processes that are gone, after it has put what they hold where it belongs. */
async function removeStale(dir: string, disk: Disk): Promise<void> {
  for (const staging of await staleFolders(dir, disk)) await recover({ dir, staging }, disk);
}

/** What a process that was killed while it wrote to `dir` has left there. */
export async function staleFolders(dir: string, disk: Disk = fs): Promise<string[]> {
  const isStale = (name: string) => {
    const pid = Number(TEMPORARY.exec(name)?.[1]);
    // A container gives every run the same number.
    const isOwn = [...writes].some(({ staging }) => staging === join(resolve(dir), name));
    return pid === process.pid ? !isOwn : pid > 0 && isDead(pid);
  };
  return (await disk.readdir(dir)).filter(isStale).map((name) => join(dir, name));
}
