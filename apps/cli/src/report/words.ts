/** How a report's numbers and names are written, the same in every form of it. */
import type { Report, Row } from '@espalier/experiment';

const EN = new Intl.NumberFormat('en-US');

export const count = (n: number) => EN.format(Math.round(n));
export const share = (part: number, whole: number) => percent(whole > 0 ? part / whole : 0);
export const percent = (fraction: number) => `${Number((100 * fraction).toFixed(1))}%`;
export const accuracy = (value: number) => value.toFixed(2);
export const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`;
export const times = (ratio: number) => `${threeDigits(ratio)}×`;
export const milliseconds = (ms: number) => `${threeDigits(ms)} ms`;

export function bytes(n: number): string {
  if (n < 1000) return `${n} B`;
  return n < 1e6 ? `${(n / 1e3).toFixed(1)} kB` : `${(n / 1e6).toFixed(2)} MB`;
}

export function threeDigits(x: number): string {
  if (x === 0) return '0';
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(x))));
  return decimals === 0 ? count(x) : x.toFixed(Math.min(decimals, 6));
}

/** Names come from strangers' files; a terminal must not obey them. */
export const safe = (text: string) => text.replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, '\ufffd');

export const MISSING = '–';
export const orMissing = <T>(value: T | null | undefined, write: (value: T) => string) =>
  value === null || value === undefined ? MISSING : write(value);

/** What a trial is called in this report: what all trials share is not repeated. */
export interface TrialName {
  /** 'unstructured 90%' */
  readonly short: string;
  /** 'gradient, local, 2 epochs of fine-tuning'; may be empty. */
  readonly detail: string;
  /** The name of the line that trials at other sparsities make with it: 'unstructured, gradient'. */
  readonly series: string;
}

export function nameTrials(report: Pick<Report, 'rows'>): (row: Row) => TrialName {
  const { scorers, scopes, epochs } = choices(report);
  return ({ strategy, scorer, scope, sparsity, fineTuned }) => {
    const details = [
      ...(scorers.length > 1 ? [scorer] : []),
      ...(scopes.length > 1 && scope !== undefined ? [scope] : []),
    ];
    const tuned = fineTuned ? [epochs.length > 1 ? `fine-tuned ${epochsOf(fineTuned.epochs)}` : 'fine-tuned'] : [];
    return {
      short: `${strategy} ${percent(sparsity.requested)}`,
      detail: [...details, ...tuned].join(', '),
      series: [strategy, ...details, ...tuned].join(', '),
    };
  };
}

/** What all trials share and their names leave out. */
export function sharedChoices(report: Pick<Report, 'rows'>): string[] {
  const { scorers, scopes, epochs } = choices(report);
  return [
    ...(scorers.length === 1 ? [`scorer ${scorers[0]}`] : []),
    ...(scopes.length === 1 ? [`scope ${scopes[0]}`] : []),
    ...(epochs.length === 1 ? [`fine-tuning ${epochsOf(epochs[0])}`] : []),
  ];
}

const choices = ({ rows }: Pick<Report, 'rows'>) => ({
  scorers: [...new Set(rows.map(({ scorer }) => scorer))],
  scopes: [...new Set(rows.flatMap(({ scope }) => scope ?? []))],
  epochs: [...new Set(rows.flatMap(({ fineTuned }) => fineTuned?.epochs ?? []))],
});

const epochsOf = (n: number) => `${n} ${n === 1 ? 'epoch' : 'epochs'}`;

/** Every backend that anything was timed on, by the name it was asked for. */
export function backendsOf({ dense, rows }: Report): string[] {
  return [...new Set([dense, ...rows].flatMap(({ latency }) => latency.map(({ backend }) => backend)))];
}

/** Why a number is not from the backend at the head of its column; '' = it is. */
export function otherBackend({ backend, ran }: { backend: string; ran: string }): string {
  return backend === ran ? '' : `ran on ${ran}`;
}

export interface Remark {
  readonly text: string;
  /** The trials it was said of; empty = of the whole comparison, or of every trial. */
  readonly trials: readonly string[];
}

/** The report's notes, each once, with the trials that it holds for; a strategy's name stands for all of its trials. */
export function remarks(report: Report): Remark[] {
  const rowsOf = new Map<string, Row[]>();
  for (const row of report.rows) {
    for (const note of new Set(row.notes)) rowsOf.set(note, [...(rowsOf.get(note) ?? []), row]);
  }
  return [
    ...report.notes.map((text) => ({ text, trials: [] })),
    ...[...rowsOf].map(([text, rows]) => ({ text, trials: rows.length === report.rows.length ? [] : names(report, rows) })),
  ];
}

function names(report: Report, rows: readonly Row[]): string[] {
  const nameOf = nameTrials(report);
  const count = (of: readonly Row[], strategy: string) => of.filter((row) => row.strategy === strategy).length;
  return [...new Set(rows.map(({ strategy }) => strategy))].flatMap((strategy) => {
    if (count(rows, strategy) === count(report.rows, strategy)) return [strategy];
    return rows
      .filter((row) => row.strategy === strategy)
      .map((row) => [nameOf(row).short, nameOf(row).detail].filter((part) => part !== '').join(', '));
  });
}
