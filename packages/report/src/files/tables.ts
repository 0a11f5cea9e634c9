import type { Report } from '@espalier/pipeline';
import { type Language, textsOf } from '../texts/index.js';
import { toCsv } from './csv.js';
import { granularityCsv } from './granularity-csv.js';

export interface TableFile {
  /** What the components call it. */
  readonly name: 'trials' | 'granularities';
  readonly csv: string;
}

/** The report's tables as CSV, numbers in full. Sizes of files are columns of the trials. */
export const tablesOf = (report: Report, { language = 'en' }: { language?: Language } = {}): TableFile[] => [
  { name: 'trials', csv: toCsv(report) },
  { name: 'granularities', csv: granularityCsv(report, textsOf(language)) },
];
