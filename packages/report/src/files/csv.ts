import type { Latency, Report, Row, Timing } from '@espalier/pipeline';
import { backendsOf, compactAs, timingOn, valuesOf } from '../data/measured.js';
import { type Cell, csvOf } from './csv-lines.js';

/** The dense model and every trial, one a line; numbers in full, empty = not measured; RFC 4180. */
export function toCsv(report: Report): string {
  const backends = backendsOf(report);
  const columns = [...COLUMNS, ...valuesOf(report).flatMap(compactColumns), ...backends.flatMap(timingColumns)];
  const dense = columns.map(({ dense }) => dense(report));
  const rows = report.rows.map((row) => columns.map(({ pruned }) => pruned(row)));
  return csvOf([columns.map(({ name }) => name), dense, ...rows]);
}

interface Column {
  readonly name: string;
  readonly dense: (report: Report) => Cell;
  readonly pruned: (row: Row) => Cell;
}

const column = (name: string, dense: Column['dense'], pruned: Column['pruned']): Column => ({ name, dense, pruned });
const none = () => null;

const COLUMNS: readonly Column[] = [
  column(
    'id',
    () => 'dense',
    (row) => row.id,
  ),
  column(
    'strategy',
    () => 'dense',
    (row) => row.strategy,
  ),
  column('scorer', none, (row) => row.scorer),
  column('scope', none, (row) => row.scope),
  column(
    'sparsity_requested',
    () => 0,
    (row) => row.sparsity.requested,
  ),
  column(
    'sparsity_achieved',
    () => 0,
    (row) => row.sparsity.achieved,
  ),
  column(
    'fine_tune_epochs',
    () => 0,
    (row) => row.fineTuned?.epochs ?? 0,
  ),
  column(
    'accuracy_percent',
    ({ dense }) => dense.accuracy,
    (row) => row.accuracy?.pruned,
  ),
  column(
    'params_total',
    ({ dense }) => dense.params,
    (row) => row.params.total,
  ),
  column(
    'params_kept',
    ({ dense }) => dense.params,
    (row) => row.params.kept,
  ),
  column(
    'macs_dense',
    ({ dense }) => dense.macs,
    (row) => row.macs?.dense,
  ),
  column(
    'macs_kept',
    ({ dense }) => dense.macs,
    (row) => row.macs?.kept,
  ),
  ...(['raw', 'gzip', 'brotli'] as const).map((kind) =>
    column(
      `bytes_${kind}`,
      ({ dense }) => dense.bytes?.[kind],
      (row) => row.bytes?.[kind],
    ),
  ),
];

function compactColumns(values: string): Column[] {
  const both = (name: string, key: 'bytes' | 'accuracy') =>
    column(
      name,
      ({ dense }) => compactAs(dense, values)?.[key],
      (row) => compactAs(row, values)?.[key],
    );
  return [both(`bytes_compact_${values}`, 'bytes'), both(`accuracy_percent_compact_${values}`, 'accuracy')];
}

function timingColumns(backend: string): Column[] {
  const find = <T extends Timing>(timings: readonly T[]) => timingOn(timings, backend);
  const both = (name: string, read: (timing: Timing) => Cell) =>
    column(
      `${backend}_${name}`,
      ({ dense }) => some(find(dense.latency), read),
      (row) => some(find(row.latency), read),
    );
  const pruned = (name: string, read: (latency: Latency) => Cell) =>
    column(`${backend}_${name}`, none, (row) => some(find(row.latency), read));
  return [
    both('ran_on', ({ ran }) => ran),
    both('batch', ({ batch }) => batch),
    both('runs', ({ runs }) => runs),
    both('median_ms', ({ medianMs }) => medianMs),
    both('p10_ms', ({ p10Ms }) => p10Ms),
    both('p90_ms', ({ p90Ms }) => p90Ms),
    pruned('dense_median_ms', ({ denseMedianMs }) => denseMedianMs),
    pruned('speedup', ({ speedup }) => speedup.median),
    pruned('speedup_p10', ({ speedup }) => speedup.p10),
    pruned('speedup_p90', ({ speedup }) => speedup.p90),
    pruned('speedup_theoretical', ({ theoretical }) => theoretical),
  ];
}

const some = <T>(value: T | undefined, read: (value: T) => Cell): Cell => (value === undefined ? null : read(value));
