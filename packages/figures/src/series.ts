/** A colour and a shape for each series, and the legend that says whose they are. */
import * as Plot from '@observablehq/plot';
import { place } from './svg.js';
import { fitText, PALETTE, SIZE, SYMBOLS, textWidth } from './theme.js';

export interface SeriesStyle {
  readonly name: string;
  readonly colour: string;
  readonly symbol: (typeof SYMBOLS)[number];
}

/** In order of first appearance. The shape shifts each time the colours start again, so that no pair comes twice soon. */
export function seriesStyles(names: Iterable<string>): SeriesStyle[] {
  return [...new Set(names)].map((name, i) => ({
    name,
    colour: PALETTE[i % PALETTE.length],
    symbol: SYMBOLS[(i + Math.floor(i / PALETTE.length)) % SYMBOLS.length],
  }));
}

const LINE = 20;

/** Rows of symbol and name, as many as `width` asks for. */
export function legend(
  document: Document,
  styles: readonly SeriesStyle[],
  { x, y, width }: { x: number; y: number; width: number },
): { node: SVGElement; height: number } {
  const entries: { style: SeriesStyle; text: string; x: number; y: number }[] = [];
  let [left, row] = [0, 0];
  for (const style of styles) {
    const text = fitText(style.name, SIZE.text, width - 24);
    const wide = 16 + textWidth(text, SIZE.text) + 16;
    if (left > 0 && left + wide > width) [left, row] = [0, row + 1];
    entries.push({ style, text, x: left, y: row * LINE + LINE / 2 });
    left += wide;
  }
  const height = (row + 1) * LINE;
  const plot = Plot.plot({
    document,
    width,
    height,
    margin: 0,
    axis: null,
    style: { fontSize: `${SIZE.text}px` },
    x: { type: 'identity' },
    y: { type: 'identity' },
    marks: [
      ...entries.map(({ style, x, y }) => Plot.dot([[x + 5, y]], { symbol: style.symbol, fill: style.colour, r: 4.5 })),
      Plot.text(entries, { x: (d) => d.x + 16, y: 'y', text: 'text', textAnchor: 'start', lineWidth: Infinity }),
    ],
  });
  return { node: place(document, plot, x, y), height };
}
