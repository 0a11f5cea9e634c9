import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Disk } from './disk.js';
import { outputError } from './output-error.js';
import { isDead, LOCK } from './recover.js';
import { showPath } from '../kit/refuse.js';

/** The locks that this process holds; a lock with its number that it does not hold is that of an earlier process. */
const held = new Set<string>();
const WAIT_MS = 20;
/** A lock without a number after this long is that of a writer that was killed right then. */
const EMPTY_MS = 1000;
/** A writer that takes longer than this is not waited for. */
const PATIENCE_MS = 30_000;

/**
 * Waits until nobody else writes to a folder, and keeps others from it until the answer is called. The lock is a file with the
 * writer's process number; that of a process that is gone is taken over. OutputError 'output-busy'.
 */
export async function acquireLock(dir: string, disk: Disk): Promise<() => Promise<void>> {
  const path = join(dir, LOCK);
  const started = performance.now();
  for (;;) {
    try {
      const handle = await disk.open(path, 'wx');
      held.add(path);
      const release = () => disk.unlink(path).finally(() => held.delete(path));
      try {
        await handle.writeFile(String(process.pid));
      } catch (error) {
        await release().catch(() => undefined);
        throw error;
      } finally {
        await handle.close();
      }
      return release;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = await ownerOf(path, disk);
    if (owner === 'gone') continue;
    if (owner === 'dead') await disk.unlink(path).catch(() => undefined);
    else if (performance.now() - started > PATIENCE_MS) refuseBusy(dir, path);
    else await sleep(WAIT_MS);
  }
}

async function ownerOf(path: string, disk: Disk): Promise<'alive' | 'dead' | 'gone'> {
  const stats = await disk.lstat(path).catch(() => undefined);
  if (!stats) return 'gone';
  if (!stats.isFile()) return 'alive';
  try {
    const handle = await disk.open(path, 'r');
    try {
      const text = await handle.readFile('utf8');
      if (!/^\d{1,10}$/.test(text)) return Date.now() - stats.mtimeMs > EMPTY_MS ? 'dead' : 'alive';
      const isOwn = Number(text) === process.pid;
      return (isOwn ? held.has(path) : !isDead(Number(text))) ? 'alive' : 'dead';
    } finally {
      await handle.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'gone';
    throw error;
  }
}

function refuseBusy(dir: string, path: string): never {
  const fix = `wait for it, or remove ${showPath(path)} if there is none`;
  throw outputError('output-busy', dir, 'a folder that nobody else writes to', 'another writer', fix);
}
