import { InputError, show } from '@espalier/core';
import type { ComponentChildren } from 'preact';
import { xDomain, yDomain } from './domains.js';
import { EDGE, Label } from './frame.js';
import { type Direction, frontier, FRONTIER_DEFAULTS } from './frontier.js';
import { Plot, PLOT_DEFAULTS, plotArea, type PlotOptions } from './plot.js';
import { type Box, placeLabels } from './place-labels.js';
import { linear, logarithmic, px } from './scale.js';
import { legendOf, Mark, seriesStyles } from './series.js';
import { toSvg } from './svg.js';
import { writable } from './text.js';
import { GREY, short, SIZE } from './theme.js';

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
  /** Shown where the pointer rests on the point. */
  readonly hint?: string;
}

export interface ParetoOptions extends PlotOptions {
  readonly xScale?: 'linear' | 'log';
  readonly better?: Direction;
  /** Read aloud in place of the picture; default: the title, or what is drawn against what. */
  readonly description?: string;
}

export const PARETO_DEFAULTS = {
  ...PLOT_DEFAULTS,
  xLabel: 'size',
  formatX: short,
  xScale: 'linear',
  better: FRONTIER_DEFAULTS,
} as const;

const RADIUS = 4.5;

/** `Pareto` as SVG text. */
export const pareto = (points: readonly ParetoPoint[], options: ParetoOptions = {}): string =>
  toSvg(<Pareto points={points} {...options} />);

/**
 * What is paid against what is got: points in series, the frontier of those that no other point beats as steps, the dense
 * model ringed with its y as a dashed line. The dense model takes part in the frontier. Labels that would cover something
 * are left out, and the figure says how many.
 *
 * @throws InputError 'figure-empty', 'figure-not-finite', 'figure-log' (a log axis and an x of 0 or less)
 */
export function Pareto({ points, ...options }: ParetoOptions & { readonly points: readonly ParetoPoint[] }) {
  const settings = { ...PARETO_DEFAULTS, ...options };
  const { xScale, better, width, words, description } = settings;
  check(points, xScale);
  const pruned = points.filter(({ dense }) => !dense);
  const dense = points.filter((point) => point.dense);
  const styles = seriesStyles(pruned.map(({ series }) => series));
  const legend = legendOf(styles, width - 2 * EDGE);
  const area = plotArea(settings, styles.length > 0 ? legend.height : 0, 18);
  const best = frontier(points, better);
  const domain = xDomain(points, xScale);
  const x = (xScale === 'log' ? logarithmic : linear)(domain, [area.left, area.right]);
  const y = linear(yDomain(points), [area.floor, area.ceiling]);
  const at = (spot: { readonly x: number; readonly y: number }): Pixel => ({ x: x(spot.x), y: y(spot.y) });

  const spreads = points
    .filter(hasSpread)
    .map(({ y, lo, hi }): [Pixel, Pixel] => [
      at({ x: Math.max(domain[0], lo), y }),
      at({ x: Math.min(domain[1], hi), y }),
    ]);
  const edge = better.x === 'lower' ? domain[1] : domain[0];
  const steps = [...best, { ...best[best.length - 1], x: edge }].map(at);
  const { placed, leftOut } = placeNames(points, best, at, {
    area: { left: area.left, right: width - 4, top: area.top, bottom: area.floor },
    size: SIZE.text,
    radius: RADIUS + 1.5,
    taken: [
      ...points.map((point) => around(at(point), RADIUS + 1.5)),
      ...stepBoxes(steps),
      ...spreads.map(([from, to]) => lineBox(from, to)),
    ],
  });
  const remarks = leftOut > 0 ? [words.labelsLeftOut(leftOut)] : [];
  return (
    <Plot
      {...{ settings, area, x, y, legend, remarks }}
      columns={width < 500 ? 5 : 6}
      level={dense[0]?.y}
      label={description}
    >
      <path d={staircase(steps)} fill="none" stroke={GREY} stroke-width={1.6} stroke-opacity={0.8} />
      <g stroke={GREY} stroke-opacity={0.5}>
        {spreads.map(([from, to], i) => (
          <line key={i} x1={px(from.x)} x2={px(to.x)} y1={px(from.y)} y2={px(to.y)} />
        ))}
      </g>
      {styles.map((style) => (
        <Series key={style.name} style={style} points={pruned.filter(({ series }) => series === style.name)} at={at} />
      ))}
      {dense.map((point, i) => (
        <Ringed key={i} {...at(point)} hint={point.hint} />
      ))}
      {placed.map(({ x, y, label, dense }, i) => (
        <Label key={i} x={x} y={y + SIZE.text * 0.35} text={label} anchor="middle" bold={dense} />
      ))}
    </Plot>
  );
}

/** Dense and frontier first: they are what the eye looks for. */
function placeNames(
  points: readonly ParetoPoint[],
  best: readonly ParetoPoint[],
  at: (point: ParetoPoint) => Pixel,
  room: Parameters<typeof placeLabels>[1],
) {
  const rank = (point: ParetoPoint) => (point.dense ? 2 : best.includes(point) ? 1 : 0);
  const named = points.filter(({ label }) => label !== '').sort((a, b) => rank(b) - rank(a));
  const spots = placeLabels(
    named.map((point) => ({ ...at(point), label: point.label })),
    room,
  );
  const placed = spots.map(({ index, x, y }) => ({ ...named[index], x, y }));
  return { placed, leftOut: named.length - placed.length };
}

interface SeriesProps {
  readonly style: ReturnType<typeof seriesStyles>[number];
  readonly points: readonly ParetoPoint[];
  readonly at: (point: ParetoPoint) => Pixel;
}

const Series = ({ style: { colour, shape }, points, at }: SeriesProps) => (
  <g fill={colour}>
    {points.map((point, i) => (
      <Hinted key={i} hint={point.hint}>
        <Mark {...at(point)} r={RADIUS} shape={shape} />
      </Hinted>
    ))}
  </g>
);

const Ringed = ({ x, y, hint }: Pixel & { readonly hint: string | undefined }) => (
  <Hinted hint={hint}>
    <circle cx={px(x)} cy={px(y)} r={3} />
    <circle cx={px(x)} cy={px(y)} r={6.5} fill="none" stroke="currentColor" stroke-width={1.5} pointer-events="all" />
  </Hinted>
);

function Hinted({ hint, children }: { hint?: string | undefined; children: ComponentChildren }) {
  if (hint === undefined) return <>{children}</>;
  return (
    <g>
      <title>{writable(hint)}</title>
      {children}
    </g>
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

/** Along from each point, then up or down to the next. */
const staircase = (line: readonly Pixel[]) =>
  line.map(({ x, y }, i) => (i === 0 ? `M${px(x)},${px(y)}` : `H${px(x)}V${px(y)}`)).join('');

const stepBoxes = (line: readonly Pixel[]): Box[] =>
  line.slice(1).flatMap((to, i) => {
    const corner = { x: to.x, y: line[i].y };
    return [lineBox(line[i], corner), lineBox(corner, to)];
  });

type Spread = ParetoPoint & { readonly lo: number; readonly hi: number };
const hasSpread = (point: ParetoPoint): point is Spread => point.lo !== undefined && point.hi !== undefined;

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
