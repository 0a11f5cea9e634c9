import { isEspalierError, OutputError } from '@espalier/core';
import { showPath } from '../kit/refuse.js';
import { reason } from './files.js';

/** The OutputError that every writer here throws: what, where, wanted, found, fix. */
export function outputError(
  code: string,
  path: string,
  wanted: string,
  found: string,
  fix: string,
  cause?: unknown,
): OutputError {
  const where = showPath(path);
  return new OutputError(code, `${where}: wanted ${wanted}, found ${found}; ${fix}`, {
    where,
    wanted,
    found,
    fix,
    cause,
  });
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

/** Any failure to write as an OutputError; errors that were meant pass. */
export function asOutputError(path: string, error: unknown): unknown {
  const { code = '', syscall } = error as NodeJS.ErrnoException;
  if (isEspalierError(error) || (syscall === undefined && !code.startsWith('ERR_'))) return error;
  const [kind, found, fix] = CODES[code] ?? ['output-failed', reason(error), 'choose another place'];
  return outputError(kind, path, 'a folder that can be written to', found, fix, error);
}
