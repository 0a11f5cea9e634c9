import { type EspalierError, isEspalierError } from '@espalier/core';
import { err as pc } from './colours.js';

const EXIT: Readonly<Record<string, number>> = { UsageError: 2, InputError: 3, OutputError: 4 };

/** Says what went wrong and sets the documented exit code; with --json, stdout stays one JSON document. */
export function fail(error: unknown, json: boolean): void {
  if (!isEspalierError(error)) {
    process.stderr.write(
      `${pc.red('unexpected error')} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.stderr.write('This is a fault of espalier itself; please report it with the command you ran.\n');
    if (json)
      process.stdout.write(`${JSON.stringify({ error: { code: 'unexpected', message: String(error) } }, null, 2)}\n`);
    process.exitCode = 1;
    return;
  }
  process.stderr.write(`${pc.red('error')} ${error.message}\n`);
  if (json) process.stdout.write(`${JSON.stringify({ error: describe(error) }, null, 2)}\n`);
  process.exitCode = EXIT[error.name] ?? 1;
}

function describe({ code, message, where, wanted, found, fix }: EspalierError) {
  return { code, message, where, wanted, found, fix };
}
