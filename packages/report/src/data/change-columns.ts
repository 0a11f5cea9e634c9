/** The columns of a table of changes, for the page and for the terminal. */
import { accuracy, bytes, percent, signed, times } from '../numbers.js';
import type { Texts } from '../texts/index.js';
import type { Change, Changes, TrialChange } from './changes.js';

export interface ChangeColumn {
  readonly head: string;
  of(trial: TrialChange): Change | undefined;
  value(value: number): string;
  difference(old: number, now: number): string;
}

export function changeColumns({ trials, backends }: Changes, texts: Texts): ChangeColumn[] {
  const points = { value: accuracy, difference: (old: number, now: number) => signed(now - old) };
  const sizes = { value: bytes, difference: relative };
  const columns: ChangeColumn[] = [
    { head: texts.trials.accuracy, of: (trial) => trial.accuracy, ...points },
    { head: texts.comparison.size, of: (trial) => trial.size, ...sizes },
    { head: texts.granularity.compactFile, of: (trial) => trial.compact, ...sizes },
    ...backends.map((backend) => ({
      head: texts.comparison.latency(backend),
      of: ({ latency }: TrialChange) => latency.find((change) => change.backend === backend),
      value: times,
      difference: relative,
    })),
  ];
  return columns.filter(({ of }) => trials.some((trial) => of(trial) !== undefined));
}

function relative(old: number, now: number): string {
  const change = old > 0 ? now / old - 1 : 0;
  return `${change < 0 ? '−' : change > 0 ? '+' : '±'}${percent(Number(Math.abs(change).toFixed(3)))}`;
}
