/** A colour and a shape for each series, and the legend that says whose they are. */
import { Label } from './frame.js';
import { px } from './scale.js';
import { fitText, PALETTE, SIZE, SYMBOLS, textWidth } from './theme.js';

export type Shape = (typeof SYMBOLS)[number];

export interface SeriesStyle {
  readonly name: string;
  readonly colour: string;
  readonly shape: Shape;
}

/** In order of first appearance. The shape shifts each time the colours start again, so that no pair comes twice soon. */
export function seriesStyles(names: Iterable<string>): SeriesStyle[] {
  return [...new Set(names)].map((name, i) => ({
    name,
    colour: PALETTE[i % PALETTE.length],
    shape: SYMBOLS[(i + Math.floor(i / PALETTE.length)) % SYMBOLS.length],
  }));
}

interface MarkProps {
  readonly x: number;
  readonly y: number;
  readonly r: number;
  readonly shape: Shape;
}

/** A filled shape with about the area of a circle of radius r. */
export function Mark({ x, y, r, shape }: MarkProps) {
  if (shape === 'circle') return <circle cx={px(x)} cy={px(y)} r={r} />;
  return <path d={outline(OUTLINES[shape], x, y, r)} />;
}

type Corner = readonly [radius: number, turn: number];

/** Corners by their distance from the middle and their angle, in turns clockwise from the top. */
const OUTLINES: Readonly<Record<Exclude<Shape, 'circle'>, readonly Corner[]>> = {
  square: regular(4, 1.25, 1 / 8),
  triangle: regular(3, 1.45, 0),
  diamond: [
    [1.5, 0],
    [1.1, 1 / 4],
    [1.5, 1 / 2],
    [1.1, 3 / 4],
  ],
  plus: spikes(4, 1.3, 0.56, 0.065),
  star: Array.from({ length: 10 }, (_, i): Corner => [i % 2 === 0 ? 1.6 : 0.68, i / 10]),
  wye: spikes(3, 1.4, 0.45, 0.07),
  hexagon: regular(6, 1.12, 1 / 12),
};

function regular(corners: number, radius: number, turn: number): Corner[] {
  return Array.from({ length: corners }, (_, i): Corner => [radius, turn + i / corners]);
}

/** Arms with square ends. */
function spikes(arms: number, long: number, short: number, half: number): Corner[] {
  return Array.from({ length: arms }, (_, i) => i / arms).flatMap((turn): Corner[] => [
    [long, turn - half],
    [long, turn + half],
    [short, turn + 0.5 / arms],
  ]);
}

function outline(corners: readonly Corner[], x: number, y: number, r: number): string {
  const points = corners.map(([radius, turn]) => {
    const angle = 2 * Math.PI * turn;
    return `${px(x + r * radius * Math.sin(angle))},${px(y - r * radius * Math.cos(angle))}`;
  });
  return `M${points.join('L')}z`;
}

const LINE = 20;

interface LegendEntry {
  readonly style: SeriesStyle;
  readonly text: string;
  readonly x: number;
  readonly row: number;
}

/** Rows of shape and name, as many as `width` asks for. */
export function legendOf(styles: readonly SeriesStyle[], width: number): { entries: LegendEntry[]; height: number } {
  const entries: LegendEntry[] = [];
  let [left, row] = [0, 0];
  for (const style of styles) {
    const text = fitText(style.name, SIZE.text, width - 24);
    const wide = 16 + textWidth(text, SIZE.text) + 16;
    if (left > 0 && left + wide > width) [left, row] = [0, row + 1];
    entries.push({ style, text, x: left, row });
    left += wide;
  }
  return { entries, height: (row + 1) * LINE };
}

export function Legend({ entries, x, y }: { entries: readonly LegendEntry[]; x: number; y: number }) {
  return (
    <g>
      {entries.map(({ style, text, ...at }) => (
        <g key={style.name}>
          <g fill={style.colour}>
            <Mark x={x + at.x + 5} y={y + at.row * LINE + LINE / 2} r={4.5} shape={style.shape} />
          </g>
          <Label x={x + at.x + 16} y={y + at.row * LINE + LINE / 2 + 4} text={text} />
        </g>
      ))}
    </g>
  );
}
