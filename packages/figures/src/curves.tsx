import { InputError, show } from '@espalier/core';
import { yDomain } from './domains.js';
import { EDGE } from './frame.js';
import { Plot, PLOT_DEFAULTS, plotArea, type PlotOptions } from './plot.js';
import { linear, px } from './scale.js';
import { legendOf, Mark, seriesStyles } from './series.js';
import { toSvg } from './svg.js';
import { GREY, PALETTE, percent } from './theme.js';

export interface Curve {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface CurvesOptions extends PlotOptions {
  /** Where all curves start; drawn as a dashed line. */
  readonly baseline?: number;
}

export const CURVES_DEFAULTS = { ...PLOT_DEFAULTS, xLabel: 'sparsity', formatX: percent } as const;

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
  const settings = { ...CURVES_DEFAULTS, ...options };
  const { baseline, width, words } = settings;
  check(items);
  const lowest = (curve: Curve) => Math.min(...curve.points.map(({ y }) => y));
  const ranked = [...items].sort((a, b) => lowest(a) - lowest(b));
  const named = ranked.slice(0, COLOURED);
  const others = ranked.slice(COLOURED);
  const styles = seriesStyles(named.map(({ name }) => name));
  const styleOf = new Map(styles.map((style) => [style.name, style]));
  const legend = legendOf(styles, width - 2 * EDGE);
  const area = plotArea(settings, legend.height, 22);
  const all = [...items.flatMap(({ points }) => points), ...(baseline === undefined ? [] : [{ x: 0, y: baseline }])];
  const x = linear([0, Math.max(...all.map(({ x }) => x)) || 1], [area.left, area.right]);
  const y = linear(yDomain(all), [area.floor, area.ceiling]);
  const line = ({ points }: Curve) => `M${points.map((p) => `${px(x(p.x))},${px(y(p.y))}`).join('L')}`;
  const remarks = others.length > 0 ? [words.greyCurves(others.length)] : [];
  return (
    <Plot {...{ settings, area, x, y, legend, remarks }} level={baseline}>
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
    </Plot>
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
