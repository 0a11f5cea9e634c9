import type { Latency, Report } from '@espalier/pipeline';
import { granularities } from '../data/granularity.js';
import { backendsOf, exactCompact, lossOf, timingOn } from '../data/measured.js';
import type { Texts } from '../texts/index.js';
import { type Cell, csvOf } from './csv-lines.js';

/** The table of granularities, one a line: what the trial that stands for it saves, and what of that becomes speed. */
export function granularityCsv(report: Report, texts: Texts): string {
  const backends = backendsOf(report);
  const head = [
    'strategy',
    'trial',
    'within_a_point',
    'accuracy_percent',
    'accuracy_lost',
    'times_smaller_brotli',
    'times_smaller_compact',
    ...backends.flatMap((name) => TIMES.map((what) => `${name}_${what}`)),
    'hardware',
  ];
  const lines = granularities(report).map(({ strategy, row, of, withinTolerance }): Cell[] => [
    strategy,
    row.id,
    withinTolerance,
    row.accuracy?.pruned,
    row.accuracy && lossOf(row),
    over(report.dense.bytes?.brotli, row.bytes?.brotli),
    over(exactCompact(report.dense)?.bytes, exactCompact(row)?.bytes),
    ...backends.flatMap((backend) => timesOf(timingOn(row.latency, backend))),
    texts.granularity.needs(of),
  ]);
  return csvOf([head, ...lines]);
}

const TIMES = ['speedup', 'speedup_p10', 'speedup_p90', 'speedup_theoretical', 'realised'];

function timesOf(timing: Latency | undefined): Cell[] {
  if (!timing) return TIMES.map(() => null);
  const { speedup, theoretical } = timing;
  return [speedup.median, speedup.p10, speedup.p90, theoretical, theoretical && speedup.median / theoretical];
}

const over = (before: number | undefined, now: number | undefined): Cell =>
  before === undefined || !now ? null : before / now;
