import type { Note } from './contracts.js';

/** Where it went wrong and how to mend it, for programs; the message says the same to people. */
export interface ErrorDetails {
  /** The file, parameter, layer or option. */
  readonly where?: string;
  readonly wanted?: string;
  readonly found?: string;
  readonly fix?: string;
  readonly cause?: unknown;
}

const MARK = Symbol.for('espalier.error');

/** Base of every error that Espalier throws on purpose. `code` is stable; the wording of messages is not. */
export class EspalierError extends Error {
  override readonly name: string = 'EspalierError';
  readonly [MARK] = true;
  readonly where?: string;
  readonly wanted?: string;
  readonly found?: string;
  readonly fix?: string;
  /** The message as a note, where it was given as one: what other languages say it by. */
  readonly note?: Note;

  constructor(
    readonly code: string,
    message: string | Note,
    { cause, ...details }: ErrorDetails = {},
  ) {
    super(typeof message === 'string' ? message : message.text, cause === undefined ? undefined : { cause });
    Object.assign(this, details, typeof message === 'string' ? {} : { note: message });
  }
}

/** An option or a call that cannot be right, whatever the model (CLI exit code 2). */
export class UsageError extends EspalierError {
  override readonly name = 'UsageError';
}

/** A model, data or plan that is broken or does not fit (CLI exit code 3). */
export class InputError extends EspalierError {
  override readonly name = 'InputError';
}

/** A result that could not be written (CLI exit code 4). */
export class OutputError extends EspalierError {
  override readonly name = 'OutputError';
}

/** Recognises Espalier's errors even where two copies of the package are installed. */
export function isEspalierError(error: unknown): error is EspalierError {
  return typeof error === 'object' && error !== null && MARK in error;
}

/** A value as an error message shows it: short, quoted, control characters escaped. */
export function show(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value).slice(1, -1) : String(value);
  // JSON leaves C1 controls and bidi marks alone, and a terminal or a reader obeys both.
  const safe = text.replace(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  const short = safe.length > 80 ? `${safe.slice(0, 77)}...` : safe;
  return typeof value === 'string' ? `'${short}'` : short;
}
