import { InputError, show } from '@espalier/core';
import * as Plot from '@observablehq/plot';
import { yDomain } from './axes.js';
import { legend, seriesStyles } from './series.js';
import { element, frame, newDocument, place, text } from './svg.js';
import { type Background, fitText, GREY, PALETTE, percent, short, SIZE } from './theme.js';

export interface Curve {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface CurvesOptions {
  readonly title?: string;
  readonly xLabel?: string;
  readonly yLabel?: string;
  /** Where all curves start; drawn as a dashed line. */
  readonly baseline?: number;
  readonly formatX?: (x: number) => string;
  readonly formatY?: (y: number) => string;
  readonly width?: number;
  /** Of the plot with its axes; title and legend come on top. */
  readonly height?: number;
  readonly background?: Background;
}

export const CURVES_DEFAULTS = {
  xLabel: 'sparsity',
  yLabel: 'accuracy',
  formatX: percent,
  formatY: short,
  width: 640,
  height: 360,
  background: 'white',
} as const;

const EDGE = 14;
const MARGIN = { left: 54, right: 22, top: 12, bottom: 46 };
/** One colour each; what falls least is grey. */
const COLOURED = PALETTE.length;

/**
 * One line for each curve: accuracy against sparsity of every layer, say. The curves that fall lowest have a colour, a shape
 * and a place in the legend; where there are more than eight, the others are thin and grey.
 *
 * @throws InputError 'figure-empty', 'figure-not-finite'
 */
export function curves(items: readonly Curve[], options: CurvesOptions = {}): string {
  const { title, xLabel, yLabel, baseline, formatX, formatY, width, background, ...rest } = {
    ...CURVES_DEFAULTS,
    ...options,
  };
  check(items);
  const document = newDocument();
  const lowest = (curve: Curve) => Math.min(...curve.points.map(({ y }) => y));
  const ranked = [...items].sort((a, b) => lowest(a) - lowest(b));
  const named = ranked.slice(0, COLOURED);
  const others = ranked.slice(COLOURED);
  const styles = seriesStyles(named.map(({ name }) => name));
  const inner = width - 2 * EDGE;

  let top = EDGE;
  const header: SVGElement[] = [];
  if (title !== undefined) {
    header.push(text(document, EDGE, top + 13, fitText(title, SIZE.title, inner), { size: SIZE.title, bold: true }));
    top += 28;
  }
  const { node, height: tall } = legend(document, styles, { x: EDGE, y: top, width: inner });
  header.push(node, text(document, EDGE, top + tall + 16, yLabel, { muted: true }));
  top += tall + 20;

  const flat = (list: readonly Curve[]) =>
    list.flatMap(({ name, points }) => points.map((point) => ({ ...point, name })));
  const all = [...flat(items), ...(baseline === undefined ? [] : [{ x: 0, y: baseline, name: '' }])];
  const names = styles.map(({ name }) => name);
  const plot = Plot.plot({
    document,
    width,
    height: rest.height,
    marginLeft: MARGIN.left,
    marginRight: MARGIN.right,
    marginTop: MARGIN.top,
    marginBottom: MARGIN.bottom,
    style: { fontSize: `${SIZE.text}px` },
    x: { domain: [0, Math.max(...all.map(({ x }) => x)) || 1] },
    y: { domain: yDomain(all) },
    color: { domain: names, range: styles.map(({ colour }) => colour) },
    symbol: { domain: names, range: styles.map(({ symbol }) => symbol) },
    marks: [
      Plot.gridY({ strokeOpacity: 0.12 }),
      Plot.gridX({ ticks: 6, strokeOpacity: 0.08 }),
      Plot.axisX({ ticks: 6, tickFormat: formatX, tickSize: 4, label: null }),
      Plot.axisY({ ticks: 6, tickFormat: formatY, tickSize: 0, label: null }),
      ...(baseline === undefined
        ? []
        : [Plot.ruleY([baseline], { stroke: 'currentColor', strokeOpacity: 0.45, strokeDasharray: '2 4' })]),
      Plot.line(flat(others), { x: 'x', y: 'y', z: 'name', stroke: GREY, strokeWidth: 1, strokeOpacity: 0.55 }),
      Plot.line(flat(named), { x: 'x', y: 'y', z: 'name', stroke: 'name', strokeWidth: 1.8 }),
      Plot.dot(flat(named), { x: 'x', y: 'y', fill: 'name', symbol: 'name', r: 3.5 }),
    ],
  });
  const height = top + rest.height;
  const footer = [xLabel, ...(others.length > 0 ? [`grey: ${others.length} more that fall less`] : [])];
  const middle = (MARGIN.left + width - MARGIN.right) / 2;
  const lines = footer.map((line, i) =>
    text(document, middle, height - 8 + i * 16, fitText(line, SIZE.text, inner), { anchor: 'middle', muted: true }),
  );
  return frame(
    document,
    { width, height: height + 16 * (lines.length - 1), label: title ?? `${yLabel} against ${xLabel}`, background },
    element(document, 'g', {}, ...header, place(document, plot, 0, top), ...lines),
  );
}

function check(items: readonly Curve[]): void {
  if (items.every(({ points }) => points.length === 0)) {
    const [wanted, found] = ['at least one point', 'none'];
    throw new InputError('figure-empty', `curves need ${wanted}, got ${found}`, { wanted, found });
  }
  for (const { name, points } of items) {
    const bad = points.flatMap(({ x, y }) => [x, y]).find((value) => !Number.isFinite(value));
    if (bad === undefined) continue;
    const [wanted, found] = ['finite numbers', String(bad)];
    throw new InputError('figure-not-finite', `the curve ${show(name)} needs ${wanted}, got ${found}`, {
      where: name,
      wanted,
      found,
    });
  }
}
