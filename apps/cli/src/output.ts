import { OutputError, show, UsageError } from '@espalier/core';
import { constants } from 'node:fs';
import { access, lstat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

const reason = (error: unknown) => (error as NodeJS.ErrnoException).code ?? String(error);

/** Refuses an output folder that cannot be one before any work is done; the folder need not exist yet. */
export async function checkOutputFolder(dir: string): Promise<void> {
  for (let at = resolve(dir); ; at = dirname(at)) {
    const stat = await lstat(at).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      // A file where a folder of the path should be.
      throw cannotWrite(dir, error.code === 'ENOTDIR' ? 'a file is in the way' : reason(error));
    });
    if (!stat) continue;
    if (!stat.isDirectory() && !stat.isSymbolicLink()) throw cannotWrite(dir, `${show(at)} is not a folder`);
    await access(at, constants.W_OK | constants.X_OK).catch((error) => {
      throw cannotWrite(dir, reason(error));
    });
    return;
  }
}

function cannotWrite(where: string, found: string): OutputError {
  const fix = 'choose another place with -o';
  return new OutputError('output-unwritable', `cannot write to ${show(where)}: ${found}; ${fix}`, {
    where,
    wanted: 'a folder that can be written',
    found,
    fix,
  });
}

/** Refuses an output file that cannot be one, before any work is done. UsageError 'option-value' for the wrong extension. */
export async function checkOutputFile(path: string, extension?: string): Promise<void> {
  if (extension !== undefined && !path.toLowerCase().endsWith(extension)) {
    throw new UsageError('option-value', `-o, --out wants a file that ends in ${extension}, got ${show(path)}`, {
      where: '--out',
      wanted: extension,
      found: path,
    });
  }
  const stat = await lstat(path).catch(() => undefined);
  if (stat?.isDirectory()) throw cannotWrite(path, 'a folder is in the way');
  await checkOutputFolder(dirname(path));
}
