import { InputError, show } from '@espalier/core';
import { AxisX } from './axes.js';
import { EDGE, Figure, Label, Title, TITLE_HEIGHT } from './frame.js';
import { linear, px, type Scale } from './scale.js';
import { Legend, legendOf, seriesStyles } from './series.js';
import { toSvg } from './svg.js';
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
  /** Under a label, smaller: what share of the whole model the layer is, say. */
  readonly notes?: Readonly<Record<string, string>>;
  /** Read aloud in place of the picture; default: the title, or the label of the axis. */
  readonly description?: string;
}

export const BARS_DEFAULTS = {
  xLabel: 'share of weights kept',
  format: percent,
  width: 640,
  background: 'white',
} as const;

const THICK = 13;
const BETWEEN = 10;
const AXIS = 44;

/** `Bars` as SVG text. */
export const bars = (items: readonly Bar[], options: BarsOptions = {}): string =>
  toSvg(<Bars items={items} {...options} />);

/**
 * Shares from 0 to 1 as horizontal bars with their values, in the order given: the kept share of each layer, say.
 *
 * @throws InputError 'figure-empty'; 'figure-share' for a value outside [0, 1]
 */
export function Bars({ items, ...options }: BarsOptions & { readonly items: readonly Bar[] }) {
  const { title, xLabel, format, width, background, notes, description } = { ...BARS_DEFAULTS, ...options };
  check(items);
  const labels = [...new Set(items.map(({ label }) => label))];
  const styles = seriesStyles(items.map(({ series = '' }) => series));
  const colourOf = new Map(styles.map(({ name, colour }) => [name, colour]));
  const named = styles.length > 1 || styles[0].name !== '';
  const squares = styles.map((style) => ({ ...style, shape: 'square' as const }));
  const legend = legendOf(squares, width - 2 * EDGE);
  const legendTop = EDGE + (title === undefined ? 0 : TITLE_HEIGHT);
  const top = legendTop + (named ? legend.height + 6 : 0);

  const noteOf = (label: string) => notes?.[label];
  const texts = labels.flatMap((label) => [label, noteOf(label) ?? '']);
  const widest = Math.max(...texts.map((text) => textWidth(text, SIZE.text)));
  const room = Math.min(widest, width * 0.35);
  const left = EDGE + room + 8;
  const right = width - EDGE - 44;
  const scale = linear([0, 1], [left, right]);
  const fitted = (text: string) => fitText(text, SIZE.text, room, 'middle');
  let at = top;
  const groups = labels.map((label) => {
    const own = items.filter((item) => item.label === label);
    const note = noteOf(label);
    const height = Math.max(own.length * THICK, note === undefined ? 0 : 2 * THICK);
    const start = at + (height - own.length * THICK) / 2;
    const group = { label, note, own, start, middle: at + height / 2 };
    at += height + BETWEEN;
    return group;
  });
  const height = at + AXIS + 4;
  return (
    <Figure width={width} height={height} label={description ?? title ?? xLabel} background={background}>
      {title !== undefined && <Title text={title} width={width} />}
      {named && <Legend entries={legend.entries} x={EDGE} y={legendTop} />}
      <AxisX scale={scale} count={width < 500 ? 4 : 5} format={format} at={at} grid={at - top} />
      {groups.map(({ label, note, own, start, middle }) => (
        <g key={label}>
          <Label x={left - 8} y={middle + (note === undefined ? 4 : -2)} text={fitted(label)} anchor="end" />
          {note !== undefined && (
            <Label x={left - 8} y={middle + 12} text={fitted(note)} size={SIZE.small} anchor="end" muted />
          )}
          {own.map(({ value, series = '' }, i) => (
            <Row key={i} {...{ value, scale, format }} y={start + i * THICK} colour={colourOf.get(series)} />
          ))}
        </g>
      ))}
      <line x1={px(left)} x2={px(left)} y1={top} y2={px(at)} stroke="currentColor" stroke-opacity={0.6} />
      <Label x={(left + right) / 2} y={height - 10} text={xLabel} anchor="middle" muted />
    </Figure>
  );
}

interface RowProps {
  readonly value: number;
  readonly scale: Scale;
  readonly format: (value: number) => string;
  readonly y: number;
  readonly colour: string | undefined;
}

function Row({ value, scale, format, y, colour }: RowProps) {
  const [left, right] = [scale(0), scale(1)];
  const place = { x: px(left), y: px(y) };
  return (
    <g>
      <rect {...place} width={px(right - left)} height={THICK - 1} fill="currentColor" fill-opacity={0.06} />
      <rect {...place} width={px(scale(value) - left)} height={THICK - 1} fill={colour} />
      <Label x={scale(value) + 5} y={y + 10} text={format(value)} size={SIZE.small} />
    </g>
  );
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
