import type { Latency, Report, Row } from '@espalier/pipeline';
import { frontier, type ParetoPoint } from '@espalier/figures';
import { accuracy, bytes, percent, times } from '../numbers.js';
import { english, type Texts } from '../texts/index.js';
import { backendsOf, compactAs, exactCompact, valuesOf } from './measured.js';
import { nameTrials } from './names.js';
import { slug } from './slug.js';

export interface ParetoChart {
  /** Fit for a file name. */
  readonly name: string;
  readonly title: string;
  readonly xLabel: string;
  readonly formatX: (x: number) => string;
  readonly points: readonly ParetoPoint[];
  /** What a reader who cannot see the picture should hear. */
  readonly description: string;
}

type Spot = Pick<ParetoPoint, 'x' | 'lo' | 'hi'>;
type Measured = Report['dense'] | Row;

/** Accuracy against size, against the compact file, and against latency on each backend, where both were measured. */
export function paretoCharts(report: Report, texts: Texts = english): ParetoChart[] {
  const { pareto } = texts;
  const size = { title: pareto.sizeTitle, xLabel: pareto.size, formatX: bytes };
  return [
    ...chart(report, texts, { name: 'accuracy-size', ...size }, ({ bytes: sizes }) => sizes && { x: sizes.brotli }),
    ...compactChart(report, texts),
    ...backendsOf(report).flatMap((backend) => {
      const name = `accuracy-latency-${slug(backend)}`;
      const head = { name, title: pareto.latencyTitle(backend), xLabel: pareto.latency, formatX: times };
      return chart(report, texts, head, ({ latency }) => spotOn(latency, backend));
    }),
  ];
}

function spotOn(latencies: Measured['latency'], backend: string): Spot | undefined {
  // A time from another backend has no place on this axis.
  const timing = latencies.find((l) => l.backend === backend && l.ran === backend);
  if (!timing) return undefined;
  // Rounds shared with the dense model cancel what else the machine was doing; times alone would not.
  if (!('speedup' in timing)) return { x: 1 };
  const { median, p10, p90 } = (timing as Latency).speedup;
  return { x: 1 / median, lo: 1 / p90, hi: 1 / p10 };
}

type Head = Pick<ParetoChart, 'name' | 'title' | 'xLabel' | 'formatX'>;

function chart(
  report: Report,
  texts: Texts,
  head: Head,
  spotOf: (measured: Measured) => Spot | null | undefined,
): ParetoChart[] {
  const nameOf = nameTrials(report, texts);
  const { dense } = report;
  const points: ParetoPoint[] = [];
  const add = (spot: Spot, y: number, name: string, rest: Pick<ParetoPoint, 'label' | 'series' | 'dense'>) =>
    points.push({ ...spot, y, ...rest, hint: texts.pareto.point(name, accuracy(y), head.formatX(spot.x)) });
  const original = spotOf(dense);
  if (original && dense.accuracy !== null) {
    add(original, dense.accuracy, texts.dense, { label: texts.dense, series: texts.dense, dense: true });
  }
  for (const row of report.rows) {
    const spot = spotOf(row);
    if (!spot || !row.accuracy) continue;
    const { full, series } = nameOf(row);
    add(spot, row.accuracy.pruned, full, { label: percent(row.sparsity.requested), series });
  }
  return described(head, points, texts);
}

/** One series for each form of the values: what quantisation adds to pruning. */
function compactChart(report: Report, texts: Texts): ParetoChart[] {
  const { compactTitle: title, compact: xLabel, point } = texts.pareto;
  const nameOf = nameTrials(report, texts);
  const { dense } = report;
  const points: ParetoPoint[] = [];
  const original = exactCompact(dense);
  if (original && original.accuracy !== null) {
    const { bytes: x, accuracy: y } = original;
    const hint = point(texts.dense, accuracy(y), bytes(x));
    points.push({ x, y, label: texts.dense, series: texts.dense, dense: true, hint });
  }
  for (const values of valuesOf(report)) {
    for (const row of report.rows) {
      const form = compactAs(row, values);
      if (!form || form.accuracy === null) continue;
      const { bytes: x, accuracy: y } = form;
      const hint = point(`${nameOf(row).full}${texts.comma}${values}`, accuracy(y), bytes(x));
      points.push({ x, y, label: percent(row.sparsity.requested), series: values, hint });
    }
  }
  return described({ name: 'accuracy-compact', title, xLabel, formatX: bytes }, points, texts);
}

function described(head: Head, points: readonly ParetoPoint[], { pareto, semicolon }: Texts): ParetoChart[] {
  if (points.length < 2) return [];
  const best = frontier(points).map(({ hint = '' }) => hint);
  const description = pareto.description(head.title, String(points.length), best.join(semicolon));
  return [{ ...head, points, description }];
}
