import { type Note, uniqueNotes } from '@espalier/core';
import type { Report, Row } from '@espalier/pipeline';
import { english, type Texts, translate } from '../texts/index.js';
import { nameTrials, strategyName } from './names.js';

export interface Remark {
  readonly text: string;
  /** The trials it was said of; empty = of the whole comparison, or of every trial. */
  readonly trials: readonly string[];
}

/** The report's notes, each once, with the trials that it holds for; a strategy's name stands for all of its trials. */
export function remarks(report: Report, texts: Texts = english): Remark[] {
  const said = uniqueNotes(report.rows.flatMap(({ notes }) => notes));
  const rowsOf = said.map((note): [Note, Row[]] => [
    note,
    report.rows.filter(({ notes }) => notes.some(({ text }) => text === note.text)),
  ]);
  return [
    ...report.notes.map((note) => ({ text: translate(note, texts), trials: [] })),
    ...rowsOf.map(([note, rows]) => ({
      text: translate(note, texts),
      trials: rows.length === report.rows.length ? [] : namesOf(report, rows, texts),
    })),
  ];
}

function namesOf(report: Report, rows: readonly Row[], texts: Texts): string[] {
  const nameOf = nameTrials(report, texts);
  const count = (of: readonly Row[], strategy: string) => of.filter((row) => row.strategy === strategy).length;
  return [...new Set(rows.map(({ strategy }) => strategy))].flatMap((strategy) => {
    if (count(rows, strategy) === count(report.rows, strategy)) return [strategyName(strategy, texts)];
    return rows.filter((row) => row.strategy === strategy).map((row) => nameOf(row).full);
  });
}
