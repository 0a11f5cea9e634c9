import { InputError, show } from '@espalier/core';
import * as Plot from '@observablehq/plot';
import { legend, seriesStyles } from './series.js';
import { element, frame, newDocument, place, text } from './svg.js';
import { type Background, fitText, percent, SIZE, textWidth } from './theme.js';

export interface Bar {
  readonly label: string;
  /** From 0 to 1. */
  readonly value: number;
  /** Bars of the same label stand together, one for each series. */
  readonly series?: string;
}

export interface BarsOptions {
  readonly title?: string;
  readonly xLabel?: string;
  readonly format?: (value: number) => string;
  readonly width?: number;
  readonly background?: Background;
}

export const BARS_DEFAULTS = {
  xLabel: 'share of weights kept',
  format: percent,
  width: 640,
  background: 'white',
} as const;

const EDGE = 14;
const THICK = 13;
const BETWEEN = 10;
const AXIS = 44;

/**
 * Shares from 0 to 1 as horizontal bars with their values, in the order given: the kept share of each layer, say.
 *
 * @throws InputError 'figure-empty'; 'figure-share' for a value outside [0, 1]
 */
export function bars(items: readonly Bar[], options: BarsOptions = {}): string {
  const { title, xLabel, format, width, background } = { ...BARS_DEFAULTS, ...options };
  check(items);
  const document = newDocument();
  const labels = [...new Set(items.map(({ label }) => label))];
  const styles = seriesStyles(items.map(({ series = '' }) => series));
  const colourOf = new Map(styles.map(({ name, colour }) => [name, colour]));

  let top = EDGE;
  const header: SVGElement[] = [];
  if (title !== undefined) {
    header.push(
      text(document, EDGE, top + 13, fitText(title, SIZE.title, width - 2 * EDGE), { size: SIZE.title, bold: true }),
    );
    top += 28;
  }
  if (styles.length > 1 || styles[0].name !== '') {
    const squares = styles.map((style) => ({ ...style, symbol: 'square2' as const }));
    const { node, height } = legend(document, squares, { x: EDGE, y: top, width: width - 2 * EDGE });
    header.push(node);
    top += height + 6;
  }

  const widest = Math.max(...labels.map((label) => textWidth(label, SIZE.text)));
  const left = EDGE + Math.min(widest, width * 0.35) + 8;
  const right = EDGE + 44;
  const rows: (Bar & { top: number })[] = [];
  const names: SVGElement[] = [];
  let at = 0;
  for (const label of labels) {
    const group = items.filter((item) => item.label === label);
    const middle = at + (group.length * THICK) / 2;
    names.push(
      text(document, left - 8, top + middle + 4, fitText(label, SIZE.text, left - EDGE - 8, 'middle'), {
        anchor: 'end',
      }),
    );
    group.forEach((item, i) => rows.push({ ...item, top: at + i * THICK }));
    at += group.length * THICK + BETWEEN;
  }
  const height = at + AXIS;
  const plot = Plot.plot({
    document,
    width,
    height,
    marginLeft: left,
    marginRight: right,
    marginTop: 0,
    marginBottom: AXIS,
    style: { fontSize: `${SIZE.text}px` },
    x: { domain: [0, 1] },
    y: { type: 'identity', axis: null },
    marks: [
      Plot.gridX({ ticks: 5, strokeOpacity: 0.12 }),
      Plot.rect(rows, {
        x1: 0,
        x2: 1,
        y1: 'top',
        y2: (d) => d.top + THICK - 1,
        fill: 'currentColor',
        fillOpacity: 0.06,
      }),
      Plot.rect(rows, {
        x1: 0,
        x2: 'value',
        y1: 'top',
        y2: (d) => d.top + THICK - 1,
        fill: Plot.valueof(rows, ({ series = '' }) => colourOf.get(series))!,
      }),
      Plot.text(rows, {
        x: 'value',
        y: (d) => d.top + (THICK - 1) / 2,
        text: ({ value }) => format(value),
        textAnchor: 'start',
        dx: 5,
        fontSize: 10.5,
      }),
      Plot.ruleX([0], { strokeOpacity: 0.6 }),
      Plot.axisX({ ticks: 5, tickFormat: (x: number) => format(x), tickSize: 4, label: null }),
    ],
  });
  const total = top + height + 4;
  const footer = text(document, (left + width - right) / 2, total - 10, xLabel, { anchor: 'middle', muted: true });
  const body = element(document, 'g', {}, ...header, ...names, place(document, plot, 0, top), footer);
  return frame(document, { width, height: total, label: title ?? xLabel, background }, body);
}

function check(items: readonly Bar[]): void {
  if (items.length === 0) {
    throw new InputError('figure-empty', 'a bar chart needs at least one bar, got none', {
      wanted: 'at least one bar',
      found: 'none',
    });
  }
  for (const { label, value } of items) {
    if (value >= 0 && value <= 1) continue;
    const [wanted, found] = ['a share from 0 to 1', String(value)];
    throw new InputError('figure-share', `the bar ${show(label)} needs ${wanted}, got ${found}`, {
      where: label,
      wanted,
      found,
    });
  }
}
