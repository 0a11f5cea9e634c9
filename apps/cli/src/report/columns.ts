/** The columns of the terminal's and Markdown's table: dense first, then every trial. */
import type { Report, Row } from '@espalier/pipeline';
import {
  accuracy,
  backendsOf,
  bytes,
  count,
  exactCompact,
  milliseconds,
  nameTrials,
  orMissing,
  percent,
  share,
  type Texts,
  times,
} from '@espalier/report';

export interface Column {
  readonly head: string;
  readonly right: boolean;
  /** Where there is no room, columns with the highest number go first; 0 = always there. */
  readonly spare: number;
  readonly dense: string;
  readonly pruned: (row: Row) => string;
}

/** The ranks of the columns with shares and with times. */
export const SHARES = [2, 3];
export const TIMES = 1;

export function columnsOf(report: Report, texts: Texts): Column[] {
  const { dense, rows } = report;
  const nameOf = nameTrials(report, texts);
  const { terminal, trials, sizes } = texts;
  const detailed = rows.some((row) => nameOf(row).detail !== '');
  const number = (head: string, spare: number, dense: string, pruned: Column['pruned']): Column => ({
    head,
    right: true,
    spare,
    dense,
    pruned,
  });
  return [
    { head: trials.trial, right: false, spare: 0, dense: texts.dense, pruned: (row) => nameOf(row).short },
    ...(detailed ? [{ head: '', right: false, spare: 0, dense: '', pruned: (row: Row) => nameOf(row).detail }] : []),
    number(trials.sparsity, 4, percent(0), ({ sparsity }) => percent(sparsity.achieved)),
    number(terminal.accuracy, 0, orMissing(dense.accuracy, accuracy), (row) =>
      orMissing(row.accuracy, ({ pruned }) => accuracy(pruned)),
    ),
    number(terminal.params, 2, count(dense.params), ({ params }) => share(params.kept, params.total)),
    number(trials.macs, 3, orMissing(dense.macs, count), ({ macs }) =>
      orMissing(macs, ({ dense, kept }) => share(kept, dense)),
    ),
    number(
      sizes.raw,
      6,
      orMissing(dense.bytes, ({ raw }) => bytes(raw)),
      (row) => orMissing(row.bytes, ({ raw }) => bytes(raw)),
    ),
    number(
      sizes.gzip,
      5,
      orMissing(dense.bytes, ({ gzip }) => bytes(gzip)),
      (row) => orMissing(row.bytes, ({ gzip }) => bytes(gzip)),
    ),
    number(
      sizes.brotli,
      0,
      orMissing(dense.bytes, ({ brotli }) => bytes(brotli)),
      (row) => orMissing(row.bytes, ({ brotli }) => bytes(brotli)),
    ),
    ...(exactCompact(dense) ? [number(terminal.compact, 0, ...compactTexts(report))] : []),
    ...backendsOf(report).map((backend) => {
      const find = <T extends { backend: string }>(timings: readonly T[]) => timings.find((t) => t.backend === backend);
      return number(
        backend,
        TIMES,
        orMissing(find(dense.latency), (t) => elsewhere(t, texts) || milliseconds(t.medianMs)),
        (row) =>
          orMissing(
            find(row.latency),
            (t) => elsewhere(t, texts) || `${milliseconds(t.medianMs)} ${times(t.speedup.median).padStart(6)}`,
          ),
      );
    }),
  ];
}

const compactTexts = ({ dense }: Report): [string, Column['pruned']] => {
  const write = (measured: Parameters<typeof exactCompact>[0]) =>
    orMissing(exactCompact(measured), (form) => bytes(form.bytes));
  return [write(dense), write];
};

/** Why a number is not from the backend at the head of its column; '' = it is. */
const elsewhere = ({ backend, ran }: { backend: string; ran: string }, texts: Texts) =>
  backend === ran ? '' : texts.trials.ranOn(ran);
