/** The three panels, each an SVG group of the same size. */
import * as Plot from '@observablehq/plot';
import type { MaskCorner, PruningData } from './kernel.js';
import type { Histogram } from './histogram.js';
import { element, place, text } from './svg.js';
import { fitText, KEEP, percent, PRUNE, short, SIZE, THRESHOLD, whole } from './theme.js';

export const PANEL = { width: 326, height: 306 };
const HEADER = 44;
const MARGIN = { left: 52, right: 12, top: 8, bottom: 40 };

function panel(document: Document, title: string, subtitle: string, ...body: Node[]): SVGElement {
  return element(
    document,
    'g',
    {},
    text(document, MARGIN.left - 38, 14, title, { size: SIZE.panel, bold: true }),
    text(document, MARGIN.left - 38, 31, fitText(subtitle, SIZE.text, PANEL.width - 14), { muted: true }),
    ...body,
  );
}

export function beforePanel(document: Document, { size, before, threshold }: PruningData): SVGElement {
  const lines = threshold === null ? [] : threshold === 0 ? [0] : [-threshold, threshold];
  const cut =
    threshold === null
      ? 'no single threshold'
      : threshold === 0
        ? 'threshold 0'
        : `threshold ±${short(threshold)} (dashed)`;
  return panel(document, 'Before', `${whole(size)} weights, ${cut}`, bars(document, before, PRUNE, lines, before));
}

export function afterPanel(document: Document, { size, kept, before, after }: PruningData): SVGElement {
  const zeros = size - kept;
  const subtitle = `${whole(kept)} kept; ${zeros === 0 ? 'no weight' : `${whole(zeros)} zeros`} left out`;
  return panel(
    document,
    'After',
    zeros === 0 ? `${whole(kept)} kept, none pruned` : subtitle,
    bars(document, after, KEEP, [], before),
  );
}

function bars(
  document: Document,
  { edges, counts }: Histogram,
  fill: string,
  lines: readonly number[],
  range: Histogram,
): SVGElement {
  const bins = counts
    .map((count, i) => ({ low: edges[i], high: edges[i + 1], count }))
    .filter(({ count }) => count > 0);
  const most = Math.max(1, ...counts);
  const [low, high] = [range.edges[0], range.edges[range.edges.length - 1]];
  const ticks = Math.min(5, most);
  const plot = Plot.plot({
    document,
    width: PANEL.width,
    height: PANEL.height - HEADER,
    marginLeft: MARGIN.left,
    marginRight: MARGIN.right,
    marginTop: MARGIN.top,
    marginBottom: MARGIN.bottom,
    style: { fontSize: `${SIZE.text}px` },
    x: { domain: [low, high] },
    y: { domain: [0, most], nice: true },
    marks: [
      Plot.gridY({ ticks, strokeOpacity: 0.12 }),
      Plot.rectY(bins, { x1: 'low', x2: 'high', y: 'count', fill, inset: 0, insetRight: 0.6 }),
      Plot.ruleY([0], { strokeOpacity: 0.6 }),
      Plot.ruleX(
        lines.filter((x) => x >= low && x <= high),
        { stroke: THRESHOLD, strokeWidth: 1.6, strokeDasharray: '5 4' },
      ),
      Plot.axisX({ ticks: 5, tickFormat: short, tickSize: 4, label: null }),
      Plot.axisY({ ticks, tickFormat: compact, tickSize: 0, label: null }),
    ],
  });
  const middle = (MARGIN.left + PANEL.width - MARGIN.right) / 2;
  return element(
    document,
    'g',
    {},
    place(document, plot, 0, HEADER),
    text(document, middle, PANEL.height - 4, 'weight', { anchor: 'middle', muted: true }),
  );
}

function compact(n: number): string {
  if (!Number.isInteger(n)) return '';
  if (n < 10_000) return whole(n);
  return n < 1e6 ? `${short(n / 1e3)}k` : `${short(n / 1e6)}M`;
}

const MAP = 224;
const LARGEST_CELL = 28;

export function maskPanel(document: Document, { size, kept, corner }: PruningData): SVGElement {
  const [rows, cols] = corner.shown;
  const cell = Math.max(1, Math.min(LARGEST_CELL, Math.floor(MAP / Math.max(rows, cols))));
  const [left, top] = [MARGIN.left - 20, HEADER + MARGIN.top];
  const complete = corner.of[0] === rows && corner.of[1] === cols;
  const extent = complete ? `all of ${rows}×${cols}` : `first ${rows}×${cols} of ${corner.of[0]}×${corner.of[1]}`;
  return panel(
    document,
    'Mask',
    `${extent}, ${percent(1 - kept / size)} pruned in all`,
    element(document, 'path', { d: cells(corner, false, cell, left, top), fill: PRUNE, 'fill-opacity': 0.35 }),
    element(document, 'path', { d: cells(corner, true, cell, left, top), fill: KEEP }),
    ...sideTicks(document, rows, cols, cell, left, top),
    colourBar(document, left + MAP + 10, top),
  );
}

/** One path for all cells of a kind, with a hair of ground between them so that they can be counted. */
function cells(
  { shown: [, cols], keep }: MaskCorner,
  wanted: boolean,
  cell: number,
  left: number,
  top: number,
): string {
  const gap = cell >= 5 ? 1 : 0;
  const side = cell - gap;
  return keep
    .map((kept, i) =>
      kept === wanted
        ? `M${left + (i % cols) * cell},${top + Math.floor(i / cols) * cell}h${side}v${side}h-${side}z`
        : '',
    )
    .join('');
}

function sideTicks(
  document: Document,
  rows: number,
  cols: number,
  cell: number,
  left: number,
  top: number,
): SVGElement[] {
  const centre = (i: number) => i * cell + cell / 2;
  const ends = (count: number, room: number): [at: number, label: string][] => {
    if (count === 1) return [[centre(0), '0']];
    const last = count - 1;
    // Too near to write apart.
    if (last * cell < room) return [[(count * cell) / 2, `0–${last}`]];
    return [0, last].map((i) => [centre(i), String(i)]);
  };
  const below = top + rows * cell + 14;
  return [
    ...ends(rows, 12).map(([y, label]) => text(document, left - 5, top + y + 4, label, { anchor: 'end', muted: true })),
    ...ends(cols, 24).map(([x, label]) => text(document, left + x, below, label, { anchor: 'middle', muted: true })),
    text(document, left + (cols * cell) / 2, below + (cols * cell < 90 ? 15 : 0), 'output', {
      anchor: 'middle',
      muted: true,
    }),
  ];
}

function colourBar(document: Document, x: number, y: number): SVGElement {
  const [width, height] = [12, 40];
  return element(
    document,
    'g',
    {},
    element(document, 'rect', { x, y, width, height, fill: KEEP }),
    element(document, 'rect', { x, y: y + height, width, height, fill: PRUNE, 'fill-opacity': 0.35 }),
    text(document, x + width + 5, y + height / 2 + 4, 'keep'),
    text(document, x + width + 5, y + height * 1.5 + 4, 'prune'),
  );
}
