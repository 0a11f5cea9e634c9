import { lstatSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Disk, DISK, isFile, isThere } from './disk.js';

export const LOCK = '.espalier-lock';
export const TEMPORARY = /^\.espalier-tmp-(\d{1,10})-/;
/** In a staging folder: what a crash leaves to know, and the companions that were taken out of the way. */
export const COMMIT_NOTE = '.espalier-commit';
export const OLD = '.espalier-old';

interface Note {
  /** The file whose rename is the commit point. */
  readonly commit: string;
  readonly companions: readonly string[];
}

/** A write under way, or what is left of one. */
export interface Write {
  readonly dir: string;
  readonly staging: string;
  readonly note: Note;
  /** Files that it put where none was. */
  readonly fresh: string[];
  /** Everything is in the staging folder, or was. */
  isStaged: boolean;
  /** The file that is the commit point is in place. */
  isCommitted: boolean;
}

/** The writes of this process. */
export const writes = new Set<Write>();

export const commitNote = (note: Note) => JSON.stringify(note);

/** Whether no process of that number runs. */
export function isDead(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

const PLAIN = /^[^/\\\0]+$/;

function parseNote(text: string): Note | undefined {
  try {
    const { commit, companions } = JSON.parse(text) as Note;
    const isName = (name: unknown) => typeof name === 'string' && PLAIN.test(name) && name !== '.' && name !== '..';
    return isName(commit) && Array.isArray(companions) && companions.every(isName) ? { commit, companions } : undefined;
  } catch {
    return undefined;
  }
}

/** Puts companions where they belong: the new ones after the commit, the old ones before it. Then the staging folder goes. */
export async function recover(
  { dir, staging, note }: Pick<Write, 'dir' | 'staging'> & { note?: Note },
  disk: Disk,
): Promise<void> {
  const known = note ?? (await readNote(staging, disk));
  // A staging folder that was never filled has no note, and nothing was moved.
  if (known) {
    const isOld = await isFile(join(staging, known.commit), disk);
    const from = isOld ? join(staging, OLD) : staging;
    for (const name of known.companions) {
      const target = join(dir, name);
      // An old one gives way to whatever took its name since.
      const isTaken = isOld && (await isThere(target, disk));
      if (!isTaken && (await isFile(join(from, name), disk))) await disk.rename(join(from, name), target);
    }
  }
  await disk.rm(staging, { recursive: true, force: true });
}

async function readNote(staging: string, disk: Disk): Promise<Note | undefined> {
  const path = join(staging, COMMIT_NOTE);
  if (!(await isFile(path, disk))) return undefined;
  const handle = await disk.open(path, 'r');
  try {
    return parseNote(await handle.readFile('utf8'));
  } finally {
    await handle.close();
  }
}

/** What a process that was killed while it wrote to `dir` has left there. */
export async function staleFolders(dir: string, disk: Disk = DISK): Promise<string[]> {
  const isStale = (name: string) => {
    const pid = Number(TEMPORARY.exec(name)?.[1]);
    // A container gives every run the same number.
    const isOwn = [...writes].some(({ staging }) => staging === join(resolve(dir), name));
    return pid === process.pid ? !isOwn : pid > 0 && isDead(pid);
  };
  return (await disk.readdir(dir)).filter(isStale).map((name) => join(dir, name));
}

/** Ends this process's writes at once, as a failure would: for a signal handler, which has no time for promises. */
export function abandonWrites(): void {
  const isThere = (path: string) => lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
  for (const { dir, staging, note, fresh, isStaged } of writes) {
    try {
      const isCommitted = isStaged && !isThere(join(staging, note.commit));
      const from = isCommitted ? staging : join(staging, OLD);
      for (const name of isStaged ? note.companions : []) {
        if (isThere(join(from, name))) renameSync(join(from, name), join(dir, name));
      }
      if (!isCommitted) for (const path of fresh) rmSync(path, { force: true });
      rmSync(staging, { recursive: true, force: true });
      rmSync(join(dir, LOCK), { force: true });
    } catch {
      // The next write does what this one could not.
    }
  }
}
