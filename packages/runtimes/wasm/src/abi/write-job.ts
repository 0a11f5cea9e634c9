import { FLOATS } from './jobs.js';

/** A value for each field of a job. */
export type Job<Fields extends readonly string[]> = Readonly<Record<Fields[number], number>>;

/** Views of the memory that the kernels see. */
interface Views {
  floats(): Float32Array;
  words(): Uint32Array;
}

/** Writes a job at a byte offset; `fields` is one of the lists of jobs.ts. */
export function writeJob<Fields extends readonly string[]>(
  views: Views,
  offset: number,
  fields: Fields,
  job: Job<Fields>,
): void {
  const [floats, words] = [views.floats(), views.words()];
  fields.forEach((field: Fields[number], i) => {
    ((FLOATS as readonly string[]).includes(field) ? floats : words)[(offset >>> 2) + i] = job[field];
  });
}
