/** The columns of the terminal's and Markdown's table: dense first, then every trial. */
import type { Report, Row } from '@espalier/experiment';
import {
  accuracy,
  backendsOf,
  bytes,
  count,
  english,
  exactCompact,
  milliseconds,
  nameTrials,
  orMissing,
  percent,
  share,
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

/** The rank of the columns with times. */
export const TIMES = 1;

export function columnsOf(report: Report): Column[] {
  const { dense, rows } = report;
  const nameOf = nameTrials(report);
  const detailed = rows.some((row) => nameOf(row).detail !== '');
  const number = (head: string, spare: number, dense: string, pruned: Column['pruned']): Column => ({
    head,
    right: true,
    spare,
    dense,
    pruned,
  });
  return [
    { head: 'trial', right: false, spare: 0, dense: 'dense', pruned: (row) => nameOf(row).short },
    ...(detailed ? [{ head: '', right: false, spare: 0, dense: '', pruned: (row: Row) => nameOf(row).detail }] : []),
    number('sparsity', 4, percent(0), ({ sparsity }) => percent(sparsity.achieved)),
    number('accuracy', 0, orMissing(dense.accuracy, accuracy), (row) =>
      orMissing(row.accuracy, ({ pruned }) => accuracy(pruned)),
    ),
    number('params', 2, count(dense.params), ({ params }) => share(params.kept, params.total)),
    number('MACs', 3, orMissing(dense.macs, count), ({ macs }) =>
      orMissing(macs, ({ dense, kept }) => share(kept, dense)),
    ),
    number(
      'raw',
      6,
      orMissing(dense.bytes, ({ raw }) => bytes(raw)),
      (row) => orMissing(row.bytes, ({ raw }) => bytes(raw)),
    ),
    number(
      'gzip',
      5,
      orMissing(dense.bytes, ({ gzip }) => bytes(gzip)),
      (row) => orMissing(row.bytes, ({ gzip }) => bytes(gzip)),
    ),
    number(
      'brotli',
      0,
      orMissing(dense.bytes, ({ brotli }) => bytes(brotli)),
      (row) => orMissing(row.bytes, ({ brotli }) => bytes(brotli)),
    ),
    ...(exactCompact(dense) ? [number('compact', 0, ...compactTexts(report))] : []),
    ...backendsOf(report).map((backend) => {
      const find = <T extends { backend: string }>(timings: readonly T[]) => timings.find((t) => t.backend === backend);
      return number(
        backend,
        TIMES,
        orMissing(find(dense.latency), (t) => elsewhere(t) || milliseconds(t.medianMs)),
        (row) =>
          orMissing(
            find(row.latency),
            (t) => elsewhere(t) || `${milliseconds(t.medianMs)} ${times(t.speedup.median).padStart(6)}`,
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
const elsewhere = ({ backend, ran }: { backend: string; ran: string }) =>
  backend === ran ? '' : english.trials.ranOn(ran);
