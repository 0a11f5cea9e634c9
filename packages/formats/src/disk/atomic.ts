import { randomBytes } from 'node:crypto';
import { basename, join, resolve } from 'node:path';
import { show, UsageError } from '@espalier/core';
import { type Disk, DISK, exists, find, flushFolder, makeFolder, moveIfThere, writeFlushed } from './disk.js';
import type { FileSize } from './files.js';
import { acquireLock } from './lock.js';
import { asOutputError, outputError } from './output-error.js';
import { COMMIT_NOTE, commitNote, LOCK, OLD, recover, staleFolders, TEMPORARY, type Write, writes } from './recover.js';

type Staged = { readonly name: string; readonly text: string };

export interface Commit {
  /** By file name, in the order in which they appear in the folder: the last one is the commit point. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /**
   * Files that belong to what the commit point names and keep their names, such as a plan: the old ones go before it is
   * replaced, the new ones come after it, and whoever finds them after a crash puts the right ones in place.
   */
  readonly companions?: ReadonlyMap<string, Uint8Array>;
  /** A note that stays in the staging folder, for whoever finds it after a crash; asked for when nobody else writes. */
  readonly note?: () => Promise<Staged>;
  /** Checks the files in the staging folder, where they have their final names. */
  readonly verify?: (staging: string) => Promise<void>;
  /** Runs when everything is written and verified and nothing is replaced yet; to throw here gives up. */
  readonly beforeCommit?: () => void | Promise<void>;
  /** Runs when the new files are in place. */
  readonly afterCommit?: () => Promise<void>;
}

/**
 * Writes files into a folder so that a crash at any moment leaves either the old or the new one under each name, and the
 * new commit file only when all the others are there: everything is written and flushed in a staging folder inside `dir`,
 * verified, and renamed. Renaming replaces a symbolic link and never follows it. Creates `dir` where needed. If anything
 * fails, the staging folder, files that were new and folders that were made for them are removed. One writer at a time: a
 * second one waits for the first.
 * A folder by that name may itself be a symbolic link. OutputErrors: 'output-full', 'output-denied', 'output-not-a-folder', 'output-exists', 'output-failed', 'output-verify', 'output-busy'.
 */
export async function commitFiles(folder: string, commit: Commit, disk: Disk = DISK): Promise<FileSize[]> {
  const dir = resolve(folder);
  const { files, companions = new Map<string, Uint8Array>() } = commit;
  const names = [...files.keys(), ...companions.keys()];
  names.forEach(checkFileName);
  const made: string[] = [];
  let release: (() => Promise<void>) | undefined;
  let write: Write | undefined;
  try {
    await makeFolder(dir, made, disk);
    release = await acquireLock(dir, disk);
    const note = await commit.note?.();
    // What killed writers left is put where it belongs before anything of this write is there.
    for (const staging of await staleFolders(dir, disk)) await recover({ dir, staging }, disk);
    for (const name of names) await checkTarget(join(dir, name), disk);
    write = begin(dir, commit);
    await stage(write, note, commit, disk);
    await replace(write, commit, disk);
    await commit.afterCommit?.();
    await disk.rm(write.staging, { recursive: true });
  } catch (error) {
    if (write) await undo(write, disk);
    if (release) await quietly(release().catch(release));
    for (const path of made.reverse()) await quietly(disk.rmdir(path));
    throw asOutputError(folder, error);
  } finally {
    if (write) writes.delete(write);
  }
  // The next writer takes a lock that cannot be removed over.
  await quietly(release().catch(release));
  const inOrder = [...[...files].slice(0, -1), ...companions, ...[...files].slice(-1)];
  return inOrder.map(([name, bytes]) => ({ path: join(folder, name), bytes: bytes.length }));
}

const quietly = (cleaning: Promise<unknown>) => cleaning.catch(() => undefined);

function begin(dir: string, { files, companions }: Commit): Write {
  const staging = join(dir, `.espalier-tmp-${process.pid}-${randomBytes(6).toString('hex')}`);
  const note = { commit: [...files.keys()].pop()!, companions: [...(companions?.keys() ?? [])] };
  const write = { dir, staging, note, fresh: [], isStaged: false, isCommitted: false };
  writes.add(write);
  return write;
}

/** Everything into the staging folder, flushed: the new files, what a crash leaves to know, room for the old companions. */
async function stage(write: Write, note: Staged | undefined, commit: Commit, disk: Disk): Promise<void> {
  const { staging } = write;
  await disk.mkdir(staging);
  await writeFlushed(join(staging, COMMIT_NOTE), new TextEncoder().encode(commitNote(write.note)), disk);
  if (write.note.companions.length > 0) await disk.mkdir(join(staging, OLD));
  if (note) await writeFlushed(join(staging, note.name), new TextEncoder().encode(note.text), disk);
  for (const [name, bytes] of [...(commit.companions ?? []), ...commit.files]) {
    await writeFlushed(join(staging, name), bytes, disk);
  }
  write.isStaged = true;
  await verified(staging, commit.verify);
  await commit.beforeCommit?.();
}

/** Puts what is staged in place. */
async function replace(write: Write, { files }: Commit, disk: Disk): Promise<void> {
  const { dir, staging, note, fresh } = write;
  for (const name of files.keys()) {
    const target = join(dir, name);
    if (name === note.commit) {
      for (const companion of note.companions)
        await moveIfThere(join(dir, companion), join(staging, OLD, companion), disk);
      // The commit file must not reach the disk before the files it stands for.
      await flushFolder(dir, disk);
    }
    if (!(await exists(target, disk))) fresh.push(target);
    await disk.rename(join(staging, name), target);
    write.isCommitted = name === note.commit;
  }
  await flushFolder(dir, disk);
  for (const name of note.companions) await disk.rename(join(staging, name), join(dir, name));
  if (note.companions.length > 0) await flushFolder(dir, disk);
}

/** Takes back what was done as far as that can be done; what cannot is left to the next write. */
async function undo(write: Write, disk: Disk): Promise<void> {
  if (write.isStaged) await quietly(recover(write, disk));
  else await quietly(disk.rm(write.staging, { recursive: true, force: true }));
  if (!write.isCommitted) for (const target of write.fresh) await quietly(disk.unlink(target));
}

/** Throws a UsageError with code 'file-name' unless the name is that of a file directly in a folder. */
function checkFileName(name: string): void {
  if (name !== '' && name !== '.' && name !== '..' && name === basename(name) && !/[\\\0]/.test(name)) {
    if (!TEMPORARY.test(name) && ![LOCK, OLD, COMMIT_NOTE].includes(name)) return;
  }
  throw new UsageError('file-name', `wanted a plain file name, got ${show(name)}; leave the folder out of it`);
}

async function verified(staging: string, verify: Commit['verify']): Promise<void> {
  try {
    await verify?.(staging);
  } catch (error) {
    const wanted = 'what was written to be read back';
    throw outputError('output-verify', staging, wanted, 'something else', 'check the disk', error);
  }
}

async function checkTarget(path: string, disk: Disk): Promise<void> {
  if (!(await find(path, disk))?.isDirectory()) return;
  throw outputError('output-exists', path, 'a file or nothing', 'a folder', 'choose another output folder');
}
