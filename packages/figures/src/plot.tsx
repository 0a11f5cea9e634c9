/** What plots with two axes share: title, legend, axes, a dashed level and the lines below. */
import type { ComponentChildren } from 'preact';
import { AxisX, AxisY } from './axes.js';
import { EDGE, Figure, Label, Title, TITLE_HEIGHT } from './frame.js';
import { px, type Scale } from './scale.js';
import { Legend, type legendOf } from './series.js';
import { type Background, fitText, short, SIZE } from './theme.js';
import { ENGLISH, type FigureWords } from './words.js';

export interface PlotOptions {
  readonly title?: string;
  readonly xLabel?: string;
  readonly yLabel?: string;
  readonly formatX?: (x: number) => string;
  readonly formatY?: (y: number) => string;
  readonly width?: number;
  /** Of the plot with its axes; title and legend come on top. */
  readonly height?: number;
  readonly background?: Background;
  readonly words?: FigureWords;
}

export const PLOT_DEFAULTS = {
  yLabel: 'accuracy',
  formatY: short,
  width: 640,
  height: 360,
  background: 'white',
  words: ENGLISH,
} as const;

type Settings = PlotOptions & Required<Omit<PlotOptions, 'title'>>;
const MARGIN = { left: 54, top: 12, bottom: 46 };

/** Where the axes lie, below a title and a legend of so many pixels; `margin` is kept free on the right. */
export function plotArea({ title, width, height }: Settings, legend: number, margin: number) {
  const legendTop = EDGE + (title === undefined ? 0 : TITLE_HEIGHT);
  const top = legendTop + legend + 20;
  const [left, right] = [MARGIN.left, width - margin];
  return { legendTop, top, left, right, ceiling: top + MARGIN.top, floor: top + height - MARGIN.bottom };
}

interface PlotProps {
  readonly settings: Settings;
  readonly area: ReturnType<typeof plotArea>;
  readonly x: Scale;
  readonly y: Scale;
  readonly columns?: number;
  /** Drawn dashed from side to side. */
  readonly level?: number | undefined;
  readonly legend: ReturnType<typeof legendOf>;
  /** Below the label of the x axis. */
  readonly remarks: readonly string[];
  /** Read aloud in place of the picture. */
  readonly label?: string | undefined;
  readonly children: ComponentChildren;
}

export function Plot({ settings, area, x, y, columns = 6, level, legend, remarks, label, children }: PlotProps) {
  const { title, xLabel, yLabel, formatX, formatY, width, height, background, words } = settings;
  const { legendTop, top, left, right, ceiling, floor } = area;
  return (
    <Figure
      width={width}
      height={top + height + 16 * remarks.length}
      label={label ?? title ?? words.against(yLabel, xLabel)}
      background={background}
    >
      {title !== undefined && <Title text={title} width={width} />}
      <Legend entries={legend.entries} x={EDGE} y={legendTop} />
      <Label x={EDGE} y={top - 4} text={yLabel} muted />
      <AxisX scale={x} count={columns} format={formatX} at={floor} grid={floor - ceiling} />
      <AxisY scale={y} count={6} format={formatY} at={left} grid={right - left} />
      {level !== undefined && (
        <line
          x1={left}
          x2={right}
          y1={px(y(level))}
          y2={px(y(level))}
          stroke="currentColor"
          stroke-opacity={0.45}
          stroke-dasharray="2 4"
        />
      )}
      {children}
      {[xLabel, ...remarks].map((text, i) => (
        <Label
          key={i}
          x={(left + right) / 2}
          y={top + height - 8 + i * 16}
          text={fitText(text, SIZE.text, width - 2 * EDGE)}
          anchor="middle"
          muted
        />
      ))}
    </Figure>
  );
}
