import { isEspalierError } from '@espalier/core';
import { err as pc } from './colours.js';
import { plain, printJson } from './plain.js';
import { inOptions } from './in-options.js';

const EXIT: Readonly<Record<string, number>> = { UsageError: 2, InputError: 3, OutputError: 4 };

/** Says what went wrong and sets the documented exit code; with --json, stdout stays one JSON document. */
export function fail(error: unknown, json: boolean): void {
  if (!isEspalierError(error)) {
    process.stderr.write(
      `${pc.red('unexpected error')} ${plain(error instanceof Error ? (error.stack ?? error.message) : String(error))}\n`,
    );
    process.stderr.write('This is a fault of espalier itself; please report it with the command you ran.\n');
    if (json) printJson({ error: { code: 'unexpected', message: String(error) } });
    process.exitCode = 1;
    return;
  }
  process.stderr.write(`${pc.red('error')} ${plain(inOptions(error).message)}\n`);
  if (json) printJson({ error: inOptions(error) });
  process.exitCode = EXIT[error.name] ?? 1;
}

/** Standard output that cannot be written to, which may be a file on a full disk. */
export function failToPrint(error: unknown): void {
  process.exitCode = EXIT.OutputError;
  const { code, message } = error as NodeJS.ErrnoException;
  const found = code === 'ENOSPC' ? 'a full disk' : (code ?? message);
  const text = `standard output: wanted a place that can be written to, found ${found}; choose another`;
  try {
    process.stderr.write(`${pc.red('error')} ${text}\n`);
  } catch {
    // There is nobody left to tell.
  }
}
