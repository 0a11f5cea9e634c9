import { InputError, show } from '@espalier/core';
import * as Plot from '@observablehq/plot';
import { logTicks, xDomain, yDomain } from './axes.js';
import { type Direction, frontier, FRONTIER_DEFAULTS } from './frontier.js';
import { type Box, placeLabels } from './place-labels.js';
import { legend, seriesStyles } from './series.js';
import { element, frame, newDocument, place, text } from './svg.js';
import { type Background, fitText, GREY, short, SIZE } from './theme.js';

export interface ParetoPoint {
  /** Written beside the point where there is room; '' = never. */
  readonly label: string;
  readonly x: number;
  readonly y: number;
  readonly series: string;
  /** The model that the others were pruned from. */
  readonly dense?: boolean;
  /** The spread of x, such as p10 and p90 of a latency; cut where it leaves the range of the points. */
  readonly lo?: number;
  readonly hi?: number;
}

export interface ParetoOptions {
  readonly title?: string;
  readonly xLabel?: string;
  readonly yLabel?: string;
  readonly xScale?: 'linear' | 'log';
  readonly better?: Direction;
  readonly formatX?: (x: number) => string;
  readonly formatY?: (y: number) => string;
  readonly width?: number;
  /** Of the plot with its axes; title and legend come on top. */
  readonly height?: number;
  readonly background?: Background;
}

export const PARETO_DEFAULTS = {
  xLabel: 'size',
  yLabel: 'accuracy',
  xScale: 'linear',
  better: FRONTIER_DEFAULTS,
  formatX: short,
  formatY: short,
  width: 640,
  height: 360,
  background: 'white',
} as const;

const EDGE = 14;
const MARGIN = { left: 54, right: 18, top: 12, bottom: 46 };
const RADIUS = 4.5;

/**
 * What is paid against what is got: points in series, the frontier of those that no other point beats as steps, the dense
 * model ringed with its y as a dashed line. The dense model takes part in the frontier. Labels that would cover something
 * are left out, and the figure says how many.
 *
 * @throws InputError 'figure-empty', 'figure-not-finite', 'figure-log' (a log axis and an x of 0 or less)
 */
export function pareto(points: readonly ParetoPoint[], options: ParetoOptions = {}): string {
  const { title, xLabel, yLabel, xScale, better, formatX, formatY, width, background, ...rest } = {
    ...PARETO_DEFAULTS,
    ...options,
  };
  check(points, xScale);
  const document = newDocument();
  const pruned = points.filter(({ dense }) => !dense);
  const dense = points.filter((point) => point.dense);
  const styles = seriesStyles(pruned.map(({ series }) => series));
  const inner = width - 2 * EDGE;

  let top = EDGE;
  const header: SVGElement[] = [];
  if (title !== undefined) {
    header.push(text(document, EDGE, top + 13, fitText(title, SIZE.title, inner), { size: SIZE.title, bold: true }));
    top += 28;
  }
  if (styles.length > 0) {
    const { node, height: tall } = legend(document, styles, { x: EDGE, y: top, width: inner });
    header.push(node);
    top += tall;
  }
  header.push(text(document, EDGE, top + 16, yLabel, { muted: true }));
  top += 20;
  const height = top + rest.height;

  const best = frontier(points, better);
  const x = xDomain(points, xScale);
  const y = yDomain(points);
  const edge = better.x === 'lower' ? x[1] : x[0];
  const spreads = points
    .filter(hasSpread)
    .map(({ y, lo, hi }) => ({ y, lo: Math.max(x[0], lo!), hi: Math.min(x[1], hi!) }));
  const steps = [...best, { ...best[best.length - 1], x: edge }];
  const xTicks = { ticks: xScale === 'log' ? logTicks(x) : 6 };
  let unlabelled = 0;
  const plot = Plot.plot({
    document,
    width,
    height: rest.height,
    marginLeft: MARGIN.left,
    marginRight: MARGIN.right,
    marginTop: MARGIN.top,
    marginBottom: MARGIN.bottom,
    style: { fontSize: `${SIZE.text}px` },
    x: { type: xScale, domain: x },
    y: { domain: y },
    color: { domain: styles.map(({ name }) => name), range: styles.map(({ colour }) => colour) },
    symbol: { domain: styles.map(({ name }) => name), range: styles.map(({ symbol }) => symbol) },
    marks: [
      Plot.gridY({ strokeOpacity: 0.12 }),
      Plot.gridX({ ...xTicks, strokeOpacity: 0.08 }),
      Plot.axisX({ ...xTicks, tickFormat: formatX, tickSize: 4, label: null }),
      Plot.axisY({ ticks: 6, tickFormat: formatY, tickSize: 0, label: null }),
      Plot.ruleY(dense.slice(0, 1), { y: 'y', stroke: 'currentColor', strokeOpacity: 0.45, strokeDasharray: '2 4' }),
      Plot.line(steps, { x: 'x', y: 'y', stroke: GREY, strokeWidth: 1.6, strokeOpacity: 0.8, curve: 'step-after' }),
      Plot.ruleY(spreads, { x1: 'lo', x2: 'hi', y: 'y', stroke: GREY, strokeOpacity: 0.5 }),
      Plot.dot(pruned, { x: 'x', y: 'y', fill: 'series', symbol: 'series', r: RADIUS }),
      Plot.dot(dense, { x: 'x', y: 'y', fill: 'currentColor', r: 3 }),
      Plot.dot(dense, { x: 'x', y: 'y', stroke: 'currentColor', strokeWidth: 1.5, r: 6.5 }),
      (_index, { x: toX, y: toY }) => {
        const at = ({ x, y }: { x: number; y: number }): Pixel => ({ x: toX!(x) as number, y: toY!(y) as number });
        // Dense and frontier first: they are what the eye looks for.
        const rank = (point: ParetoPoint) => (point.dense ? 2 : best.includes(point) ? 1 : 0);
        const order = points.filter(({ label }) => label !== '').sort((a, b) => rank(b) - rank(a));
        const placed = placeLabels(
          order.map((point) => ({ ...at(point), label: point.label })),
          {
            area: { left: MARGIN.left, right: width - 4, top: 0, bottom: rest.height - MARGIN.bottom },
            size: SIZE.text,
            radius: RADIUS + 1.5,
            taken: [
              ...points.map((point) => around(at(point), RADIUS + 1.5)),
              ...stepBoxes(steps.map(at)),
              ...spreads.map(({ lo, hi, y }) => lineBox(at({ x: lo, y }), at({ x: hi, y }))),
            ],
          },
        );
        unlabelled = order.length - placed.length;
        const written = placed.map(({ index, x, y }) => {
          const { label, dense } = order[index];
          return text(document, x, y + SIZE.text * 0.35, label, { anchor: 'middle', bold: dense });
        });
        return element(document, 'g', {}, ...written);
      },
    ],
  });
  const middle = (MARGIN.left + width - MARGIN.right) / 2;
  const footer = [fitText(xLabel, SIZE.text, width - 2 * EDGE)];
  if (unlabelled > 0) footer.push(`${unlabelled} ${unlabelled === 1 ? 'label' : 'labels'} left out for room`);
  const lines = footer.map((line, i) =>
    text(document, middle, height - 8 + i * 16, line, { anchor: 'middle', muted: true }),
  );
  const label = title ?? `${yLabel} against ${xLabel}`;
  return frame(
    document,
    { width, height: height + 16 * (lines.length - 1), label, background },
    ...header,
    place(document, plot, 0, top),
    ...lines,
  );
}

interface Pixel {
  readonly x: number;
  readonly y: number;
}

const around = ({ x, y }: Pixel, r: number): Box => ({ left: x - r, right: x + r, top: y - r, bottom: y + r });

const lineBox = (a: Pixel, b: Pixel): Box => ({
  left: Math.min(a.x, b.x) - 1,
  right: Math.max(a.x, b.x) + 1,
  top: Math.min(a.y, b.y) - 1,
  bottom: Math.max(a.y, b.y) + 1,
});

/** Where the frontier runs: along from each point, then up or down to the next. */
const stepBoxes = (line: readonly Pixel[]): Box[] =>
  line.slice(1).flatMap((to, i) => {
    const corner = { x: to.x, y: line[i].y };
    return [lineBox(line[i], corner), lineBox(corner, to)];
  });

const hasSpread = ({ lo, hi }: ParetoPoint) => lo !== undefined && hi !== undefined;

function check(points: readonly ParetoPoint[], scale: 'linear' | 'log'): void {
  const fail = (code: string, where: string, wanted: string, found: string): never => {
    throw new InputError(code, `${where} needs ${wanted}, got ${found}`, { where, wanted, found });
  };
  if (points.length === 0) fail('figure-empty', 'a Pareto plot', 'at least one point', 'none');
  for (const { label, series, x, y, lo, hi } of points) {
    const where = `point ${show(label)} of ${show(series)}`;
    const bad = [x, y, lo ?? 0, hi ?? 0].find((value) => !Number.isFinite(value));
    if (bad !== undefined) fail('figure-not-finite', where, 'finite numbers', String(bad));
    if (scale === 'log' && Math.min(x, lo ?? x) <= 0)
      fail('figure-log', where, 'x above 0 on a log axis', String(Math.min(x, lo ?? x)));
  }
}
