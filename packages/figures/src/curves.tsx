import { InputError, show } from '@espalier/core';
import { AxisX, AxisY } from './axes.js';
import { yDomain } from './domains.js';
import { EDGE, Figure, Label, Title, TITLE_HEIGHT } from './frame.js';
import { linear, px } from './scale.js';
import { Legend, legendOf, Mark, seriesStyles } from './series.js';
import { toSvg } from './svg.js';
import { type Background, fitText, GREY, PALETTE, percent, short, SIZE } from './theme.js';
import { ENGLISH, type FigureWords } from './words.js';

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
  readonly words?: FigureWords;
}

export const CURVES_DEFAULTS = {
  xLabel: 'sparsity',
  yLabel: 'accuracy',
  formatX: percent,
  formatY: short,
  width: 640,
  height: 360,
  background: 'white',
  words: ENGLISH,
} as const;

const MARGIN = { left: 54, right: 22, top: 12, bottom: 46 };
/** One colour each; what falls least is grey. */
const COLOURED = PALETTE.length;

/** `Curves` as SVG text. */
export const curves = (items: readonly Curve[], options: CurvesOptions = {}): string =>
  toSvg(<Curves items={items} {...options} />);

/**
 * One line for each curve: accuracy against sparsity of every layer, say. The curves that fall lowest have a colour, a shape
 * and a place in the legend; where there are more than eight, the others are thin and grey.
 *
 * @throws InputError 'figure-empty', 'figure-not-finite'
 */
export function Curves({ items, ...options }: CurvesOptions & { readonly items: readonly Curve[] }) {
  const { title, xLabel, yLabel, baseline, formatX, formatY, width, background, words, ...rest } = {
    ...CURVES_DEFAULTS,
    ...options,
  };
  check(items);
  const lowest = (curve: Curve) => Math.min(...curve.points.map(({ y }) => y));
  const ranked = [...items].sort((a, b) => lowest(a) - lowest(b));
  const named = ranked.slice(0, COLOURED);
  const others = ranked.slice(COLOURED);
  const styles = seriesStyles(named.map(({ name }) => name));
  const styleOf = new Map(styles.map((style) => [style.name, style]));
  const inner = width - 2 * EDGE;
  const legend = legendOf(styles, inner);
  const legendTop = EDGE + (title === undefined ? 0 : TITLE_HEIGHT);
  const top = legendTop + legend.height + 20;

  const all = [...items.flatMap(({ points }) => points), ...(baseline === undefined ? [] : [{ x: 0, y: baseline }])];
  const [left, right] = [MARGIN.left, width - MARGIN.right];
  const [ceiling, floor] = [top + MARGIN.top, top + rest.height - MARGIN.bottom];
  const x = linear([0, Math.max(...all.map(({ x }) => x)) || 1], [left, right]);
  const y = linear(yDomain(all), [floor, ceiling]);
  const line = ({ points }: Curve) => `M${points.map((p) => `${px(x(p.x))},${px(y(p.y))}`).join('L')}`;
  const footer = [xLabel, ...(others.length > 0 ? [words.greyCurves(others.length)] : [])];
  return (
    <Figure
      width={width}
      height={top + rest.height + 16 * (footer.length - 1)}
      label={title ?? words.against(yLabel, xLabel)}
      background={background}
    >
      {title !== undefined && <Title text={title} width={width} />}
      <Legend entries={legend.entries} x={EDGE} y={legendTop} />
      <Label x={EDGE} y={top - 4} text={yLabel} muted />
      <AxisX scale={x} count={6} format={formatX} at={floor} grid={floor - ceiling} />
      <AxisY scale={y} count={6} format={formatY} at={left} grid={right - left} />
      {baseline !== undefined && (
        <line
          x1={left}
          x2={right}
          y1={px(y(baseline))}
          y2={px(y(baseline))}
          stroke="currentColor"
          stroke-opacity={0.45}
          stroke-dasharray="2 4"
        />
      )}
      <g fill="none" stroke={GREY} stroke-opacity={0.55}>
        {others.map((curve, i) => curve.points.length > 0 && <path key={i} d={line(curve)} />)}
      </g>
      {named.map((curve, i) => {
        const { colour, shape } = styleOf.get(curve.name)!;
        return (
          <g key={i} fill={colour}>
            {curve.points.length > 0 && <path d={line(curve)} fill="none" stroke={colour} stroke-width={1.8} />}
            {curve.points.map((p, j) => (
              <Mark key={j} x={x(p.x)} y={y(p.y)} r={3.5} shape={shape} />
            ))}
          </g>
        );
      })}
      {footer.map((text, i) => (
        <Label
          key={i}
          x={(left + right) / 2}
          y={top + rest.height - 8 + i * 16}
          text={fitText(text, SIZE.text, inner)}
          anchor="middle"
          muted
        />
      ))}
    </Figure>
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
