/** The figures of a report: on white for files, in the page's own colours for the page. */
import type { Latency, Panel, Report, Row } from '@espalier/experiment';
import { type Background, drawPruning, drawPruningPanels, figures, type ParetoPoint, type PruningData } from '@espalier/figures';
import { backendsOf, bytes, nameTrials, percent, times } from './words.js';

export interface Figure {
  /** Fit for a file name. */
  readonly name: string;
  readonly svg: string;
}

export interface Look {
  readonly background: Background;
  readonly width: number;
  readonly height: number;
}

const FILE: Look = { background: 'white', width: 720, height: 380 };

/** Every figure of the report as an SVG document of its own. */
export function figuresOf(report: Report): Figure[] {
  return [
    ...paretoFigures(report, FILE),
    ...keptFigures(report, FILE),
    ...panelRows(report).map(({ row, panel }) => ({
      name: `pruning-${slug(row.strategy)}`,
      svg: drawPruning(pruningDataOf(panel), { title: panelTitle(report, row, panel), background: FILE.background }),
    })),
  ];
}

/** Accuracy against size, and against latency on each backend, where both were measured. */
export function paretoFigures(report: Report, look: Look): Figure[] {
  const { dense, rows } = report;
  const nameOf = nameTrials(report);
  type Spot = Pick<ParetoPoint, 'x' | 'lo' | 'hi'>;
  const draw = (name: string, options: object, of: (measured: Report['dense'] | Row) => Spot | null | undefined): Figure[] => {
    const original = of(dense);
    const points: ParetoPoint[] = [];
    if (original && dense.accuracy !== null) {
      points.push({ ...original, y: dense.accuracy, label: 'dense', series: 'dense', dense: true });
    }
    for (const row of rows) {
      const spot = of(row);
      if (!spot || !row.accuracy) continue;
      points.push({ ...spot, y: row.accuracy.pruned, label: percent(row.sparsity.requested), series: nameOf(row).series });
    }
    if (points.length < 2) return [];
    return [{ name, svg: figures.pareto(points, { ...look, yLabel: 'accuracy, %', ...options }) }];
  };
  return [
    ...draw(
      'accuracy-size',
      { title: 'Accuracy against size', xLabel: 'size of the files, brotli', formatX: bytes },
      ({ bytes: sizes }) => sizes && { x: sizes.brotli },
    ),
    ...backendsOf(report).flatMap((backend) =>
      draw(
        `accuracy-latency-${slug(backend)}`,
        {
          title: `Accuracy against latency on ${backend}`,
          xLabel: 'time over dense time in the same rounds, with p10–p90',
          formatX: times,
        },
        ({ latency }) => {
          // A time from another backend has no place on this axis.
          const timing = latency.find((l) => l.backend === backend && l.ran === backend);
          if (!timing) return undefined;
          // Rounds shared with the dense model cancel what else the machine was doing; times alone would not.
          if (!('speedup' in timing)) return { x: 1 };
          const { median, p10, p90 } = (timing as Latency).speedup;
          return { x: 1 / median, lo: 1 / p90, hi: 1 / p10 };
        },
      ),
    ),
  ];
}

/** What every layer keeps, one figure for each sparsity; fine-tuned trials keep what their one-shot twins keep. */
export function keptFigures(report: Report, { background, width }: Look): Figure[] {
  const nameOf = nameTrials(report);
  const plain = report.rows.some(({ fineTuned }) => !fineTuned) ? report.rows.filter(({ fineTuned }) => !fineTuned) : report.rows;
  const sparsities = [...new Set(plain.map(({ sparsity }) => sparsity.requested))].sort((a, b) => a - b);
  return sparsities.flatMap((sparsity) => {
    const items = plain
      .filter((row) => row.sparsity.requested === sparsity)
      .flatMap((row) =>
        row.layers.map(({ id, kept, size }) => ({ label: id, value: size > 0 ? kept / size : 0, series: nameOf(row).series })),
      );
    if (items.length === 0) return [];
    const title = `Kept by each kernel at ${percent(sparsity)} sparsity`;
    return [{ name: `kept-${slug(percent(sparsity))}`, svg: figures.bars(items, { title, width, background }) }];
  });
}

export interface PanelFigure {
  readonly title: string;
  readonly svgs: readonly string[];
}

/** The three panels of one kernel, for one trial of each strategy. */
export function panelFigures(report: Report, background: Background): PanelFigure[] {
  return panelRows(report).map(({ row, panel }) => {
    const { before, after, mask } = drawPruningPanels(pruningDataOf(panel), { background });
    return { title: panelTitle(report, row, panel), svgs: [before, after, mask] };
  });
}

/** The first trial of each strategy; one-shot before fine-tuned and with a threshold before without, for they show most. */
function panelRows({ rows }: Report): { row: Row; panel: Panel }[] {
  const rank = (row: Row, panel: Panel) => (row.fineTuned ? 2 : 0) + (panel.threshold === null ? 1 : 0);
  const best = new Map<string, { row: Row; panel: Panel }>();
  for (const row of rows) {
    const { panel } = row;
    const before = best.get(row.strategy);
    if (panel && !(before && rank(before.row, before.panel) <= rank(row, panel))) best.set(row.strategy, { row, panel });
  }
  return [...best.values()];
}

const panelTitle = (report: Report, row: Row, { param, shape }: Panel) =>
  `${param} [${shape.join(', ')}], ${nameTrials(report)(row).short}`;

export function pruningDataOf({ param, shape, threshold, low, high, before, after, pruned, mask }: Panel): PruningData {
  const size = shape.reduce((a, b) => a * b, 1);
  const bins = before.length;
  const edges = Array.from({ length: bins + 1 }, (_, i) => (i === bins ? high : low + ((high - low) / bins) * i));
  return {
    name: param,
    shape,
    size,
    kept: size - pruned,
    before: { edges, counts: before },
    after: { edges, counts: after },
    threshold,
    corner: {
      of: mask.of,
      shown: [mask.rows.length, mask.rows[0]?.length ?? 0],
      keep: mask.rows.flatMap((row) => [...row].map((bit) => bit === '1')),
    },
  };
}

const slug = (text: string) =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 40) || 'figure';
