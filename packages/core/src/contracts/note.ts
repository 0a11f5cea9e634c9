/** What a note has in the place of a name: numbers and names as they are, or a note again, such as a reason. */
export type NoteParam = string | number | Note;

/**
 * Something said to the user: a sentence in English, or a part of one, and what programs and other languages need to say it
 * themselves. Plain data. `sayings` makes notes from a table; one without a code, { text: '…' }, stays as it is in every language.
 */
export interface Note {
  /** Names the sentence; the same wherever it is said. */
  readonly code?: string;
  readonly params?: Readonly<Record<string, NoteParam>>;
  readonly text: string;
}
