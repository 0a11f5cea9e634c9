import type { Note, NoteParam } from './contracts.js';

type Names<T extends string> = T extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;

/** English templates by code, with `{names}` in the places of values. */
export type NoteTable = Readonly<Record<string, string>>;

/** The values that a template names. */
export type NoteParams<T extends string> = Readonly<Record<Names<T>, NoteParam>>;

/** Makes a note of a table, by its code. */
export type Say<T extends NoteTable> = <C extends keyof T & string>(
  code: C,
  ...params: [Names<T[C]>] extends [never] ? [] : [NoteParams<T[C]>]
) => Note;

/**
 * What says the notes of a table. A package keeps its table in src/notes.ts, where other languages find the codes:
 *
 *     export const NOTES = { 'dense-small': '{id} stays dense: it is smaller than a {block} block' } as const;
 *     export const say = sayings(NOTES);
 *     say('dense-small', { id: 'fc/kernel', block: '4×1' }).text; // 'fc/kernel stays dense: it is smaller than a 4×1 block'
 */
export function sayings<const T extends NoteTable>(table: T): Say<T> {
  return (code, params?: Readonly<Record<string, NoteParam>>) => {
    const template = table[code];
    if (!params) return { code, text: template };
    // JSON has no NaN and no infinities.
    const plain = Object.entries(params).map(([name, value]): [string, NoteParam] => [
      name,
      typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
    ]);
    return { code, params: Object.fromEntries(plain), text: fillNote(template, params) };
  };
}

/** A template with values in the places of their names; `inner` says the notes among them, in English where it is not given. */
export function fillNote(
  template: string,
  params: Readonly<Record<string, NoteParam>>,
  inner: (note: Note) => string = ({ text }) => text,
): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name];
    return typeof value === 'object' ? inner(value) : String(value);
  });
}

/** A text without a code is a note in the words of whoever wrote it. */
export const asNote = (said: string | Note): Note => (typeof said === 'string' ? { text: said } : said);

/** Notes without those that say the same as one before; plug-ins that are not typed may give strings. */
export const uniqueNotes = (notes: readonly (string | Note)[]): Note[] =>
  notes.map(asNote).filter(({ text }, i, all) => all.findIndex((note) => note.text === text) === i);

/** Deeper ones are nobody's, and would break whoever walks them. */
const DEEPEST = 16;

/** The note that a value from a file is, a plain string being one without a code; undefined = it is none. */
export function readNote(value: unknown, depth = 0): Note | undefined {
  if (typeof value === 'string') return { text: value };
  if (depth > DEEPEST || typeof value !== 'object' || value === null) return undefined;
  const { code, params, text } = value as Readonly<Record<string, unknown>>;
  if (typeof text !== 'string' || !['undefined', 'string'].includes(typeof code)) return undefined;
  const note = { ...(code !== undefined && { code: code as string }), text };
  if (params === undefined) return note;
  if (typeof params !== 'object' || params === null || Array.isArray(params)) return undefined;
  const entries: [string, NoteParam][] = [];
  for (const [name, given] of Object.entries(params as object)) {
    const param = typeof given === 'object' ? readNote(given, depth + 1) : (given as unknown);
    if (typeof param !== 'string' && typeof param !== 'number' && typeof param !== 'object') return undefined;
    entries.push([name, param as NoteParam]);
  }
  return { ...note, params: Object.fromEntries(entries) };
}
