import type { Latency, Report, Row } from '@espalier/pipeline';
import { backendsOf, lossOf, sizeOf, timingOn, TOLERANCE } from './measured.js';

export interface Highlights {
  /** Whether any trial is within TOLERANCE points of dense. */
  readonly withinTolerance: boolean;
  /** The smallest of those trials; where there are none, the most accurate trial of all. */
  readonly smallest: Row | undefined;
  /** The quickest of those trials on each backend; absent where none is quicker than the dense model. */
  readonly quickest: readonly { readonly backend: string; readonly row?: Row; readonly latency?: Latency }[];
}

/** What someone with half a minute should hear. */
export function highlightsOf(report: Pick<Report, 'dense' | 'rows'>): Highlights {
  const good = report.rows.filter((row) => lossOf(row) <= TOLERANCE);
  const by = (rows: readonly Row[], cost: (row: Row) => number): Row | undefined =>
    [...rows].sort((a, b) => cost(a) - cost(b))[0];
  return {
    withinTolerance: good.length > 0,
    smallest: by(good, sizeOf) ?? by(report.rows, lossOf),
    quickest: good.length === 0 ? [] : backendsOf(report).map((backend) => quickestOn(good, backend)),
  };
}

function quickestOn(rows: readonly Row[], backend: string): Highlights['quickest'][number] {
  const timed = rows.flatMap((row) => {
    const latency = timingOn(row.latency, backend);
    // Quicker beyond doubt: nine rounds of ten say so.
    return latency && latency.ran === backend && latency.speedup.p10 > 1 ? [{ backend, row, latency }] : [];
  });
  return timed.sort((a, b) => b.latency.speedup.median - a.latency.speedup.median)[0] ?? { backend };
}
