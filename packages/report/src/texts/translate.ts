import { asNote, fillNote, type Note } from '@espalier/core';
import type { Texts } from './texts.js';

/** A note in the language of the texts, where they have its code; what others said stays as they said it. */
export function translate(said: string | Note, texts: Pick<Texts, 'said'>): string {
  const { code, params = {}, text } = asNote(said);
  const template = code !== undefined && texts.said && Object.hasOwn(texts.said, code) ? texts.said[code] : undefined;
  const names = template?.match(/(?<=\{)\w+(?=\})/g) ?? [];
  // A note from a file may say that it is one of ours and have other values.
  if (template === undefined || !names.every((name) => Object.hasOwn(params, name))) return text;
  return fillNote(template, params, (note) => translate(note, texts));
}
