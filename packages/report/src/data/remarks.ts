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
  const rowsOf = new Map<string, Row[]>();
  for (const row of report.rows) {
    for (const note of new Set(row.notes)) rowsOf.set(note, [...(rowsOf.get(note) ?? []), row]);
  }
  return [
    ...report.notes.map((text) => ({ text: translate(text, texts), trials: [] })),
    ...[...rowsOf].map(([text, rows]) => ({
      text: translate(text, texts),
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
