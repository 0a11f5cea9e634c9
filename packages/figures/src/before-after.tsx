import { AxisX, AxisY } from './axes.js';
import { EDGE, Figure, Label, Shapes, Title, TITLE_HEIGHT } from './frame.js';
import type { PruningData } from './kernel.js';
import { linear, px, type Scale, squareRoot } from './scale.js';
import { Legend, legendOf } from './series.js';
import { toSvg } from './svg.js';
import { type Background, KEEP, PRUNE, short, SIZE, THRESHOLD, whole } from './theme.js';
import { ENGLISH, type FigureWords } from './words.js';

export type BeforeAfterData = Pick<PruningData, 'name' | 'shape' | 'size' | 'kept' | 'before' | 'after' | 'threshold'>;

export interface BeforeAfterOptions {
  /** Default: none. */
  readonly title?: string;
  readonly width?: number;
  readonly height?: number;
  readonly background?: Background;
  readonly words?: FigureWords;
  /** The legend and the threshold's value; false where the page says them itself. */
  readonly legend?: boolean;
}

export const BEFORE_AFTER_DEFAULTS = {
  width: 640,
  height: 320,
  background: 'white',
  words: ENGLISH,
  legend: true,
} as const;

const LEFT = 50;
const AXIS = 40;

/** `BeforeAfter` as SVG text. */
export const beforeAfter = (data: BeforeAfterData, options: BeforeAfterOptions = {}): string =>
  toSvg(<BeforeAfter data={data} {...options} />);

/**
 * One kernel's weights before and what is kept of them, bin over bin, with ±threshold dashed. Heights are square roots of
 * the counts, so that the tails are seen beside the peak; the axis says so.
 */
export function BeforeAfter({ data, ...options }: BeforeAfterOptions & { readonly data: BeforeAfterData }) {
  const { title, width, height, background, words, legend } = { ...BEFORE_AFTER_DEFAULTS, ...options };
  const { before, after, threshold, size, kept } = data;
  const [low, high] = [before.edges[0], before.edges[before.edges.length - 1]];
  const most = Math.max(1, ...before.counts, ...after.counts);
  const styles = [
    { name: `${words.before} (${whole(size)})`, colour: PRUNE, shape: 'square' as const },
    { name: `${words.after} (${whole(kept)})`, colour: KEEP, shape: 'square' as const },
  ];
  const named = legendOf(styles, width - 2 * EDGE);
  const legendTop = EDGE + (title === undefined ? 0 : TITLE_HEIGHT);
  const ceiling = legendTop + (legend ? named.height + 6 : 0) + 18;
  const floor = height - AXIS;
  const [left, right] = [LEFT, width - EDGE];
  const x = linear([low, high], [left, right]);
  const y = squareRoot([0, most], [floor, ceiling]);
  const lines = threshold === null ? [] : threshold === 0 ? [0] : [-threshold, threshold];
  const ticks = width < 500 ? 4 : 7;
  const label = words.beforeAfterLabel(`${data.name} [${data.shape.join(', ')}]`, whole(kept), whole(size));
  return (
    <Figure width={width} height={height} label={label} background={background}>
      {title !== undefined && <Title text={title} width={width} />}
      {legend && <Legend entries={named.entries} x={EDGE} y={legendTop} />}
      <AxisY scale={y} count={4} format={thousands} at={left} grid={right - left} />
      <Label x={EDGE} y={ceiling - 9} text={words.weightsRoot} size={SIZE.small} muted />
      <Shapes fill={PRUNE} d={columns(before.edges, before.counts, x, y)} />
      <Shapes fill={KEEP} d={columns(after.edges, after.counts, x, y)} />
      <line x1={left} x2={right} y1={floor} y2={floor} stroke="currentColor" stroke-opacity={0.6} />
      <g stroke={THRESHOLD} stroke-width={1.8} stroke-dasharray="5 4">
        {lines
          .filter((value) => value >= low && value <= high)
          .map((value) => (
            <line key={value} data-threshold={px(value)} x1={px(x(value))} x2={px(x(value))} y1={ceiling} y2={floor} />
          ))}
      </g>
      {legend && threshold !== null && (
        <Label x={right} y={ceiling - 9} text={words.threshold(short(threshold))} anchor="end" size={SIZE.small} />
      )}
      <AxisX scale={x} count={ticks} format={short} at={floor} grid={0} />
      <Label x={(left + right) / 2} y={height - 6} text={words.weight} anchor="middle" muted />
    </Figure>
  );
}

/** All columns in one path. */
function columns(edges: readonly number[], counts: readonly number[], x: Scale, y: Scale): string {
  const floor = px(y(0));
  return Array.from(counts, (n, i) => {
    if (n <= 0) return '';
    const [from, to] = [x(edges[i]), x(edges[i + 1])];
    return `M${px(from)},${floor}V${px(y(n))}H${px(Math.max(from, to - 0.8))}V${floor}`;
  }).join('');
}

function thousands(n: number): string {
  if (!Number.isInteger(n)) return '';
  return n < 10_000 ? whole(n) : n < 1e6 ? `${short(n / 1e3)}k` : `${short(n / 1e6)}M`;
}
