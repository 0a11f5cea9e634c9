import type { Note } from './contracts.js';
import { layerOf } from './eligible.js';
import type { EspalierError } from './errors.js';
import { show, UsageError } from './errors.js';
import { say } from './notes.js';

/** The fix of whatever cannot be scored: to leave its layer out. */
export const ignoring = (param: string): string => `ignore: ['${layerOf(param)}']`;

/** What a model's `inputs()` throws for a kernel whose inputs it cannot give; `why` is a clause. */
export function inputsUnsupported(param: string, why: Note): UsageError {
  const fix = ignoring(param);
  return new UsageError('inputs-unsupported', say('inputs-unsupported', { id: show(param), why, fix }), {
    where: param,
    wanted: 'a kernel that multiplies its inputs',
    found: why.text,
    fix,
  });
}

/** Whether `inputs()` of the model said that it does not offer those of this kernel. */
export const isInputsUnsupported = (error: unknown): error is EspalierError =>
  error instanceof Error && 'code' in error && error.code === 'inputs-unsupported';

/** That a kernel is left as it is, where `inputs()` gives nothing; `error` is what it threw. */
export const withoutInputs = (id: string, { note, message }: EspalierError): Note =>
  say('inputs-not-had', { id, why: note?.params?.why ?? message });
