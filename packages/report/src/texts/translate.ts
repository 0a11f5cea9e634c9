import { fill, readSentence } from '@espalier/core';
import type { Texts } from './texts.js';

/** A note or a reason in the language of the texts, where it is one of Espalier's own; what others said stays as they said it. */
export function translate(text: string, texts: Pick<Texts, 'sentences' | 'axes'>): string {
  const { sentences, axes } = texts;
  const read = sentences && readSentence(text);
  if (!read) return text;
  const { why, axis, ...params } = read.params;
  return fill(sentences[read.code], {
    ...params,
    ...(why !== undefined && { why: translate(why, texts) }),
    ...(axis !== undefined && { axis: axes?.[axis] ?? axis }),
  });
}
