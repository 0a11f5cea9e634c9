/** The three panels, each an SVG group of the same size. */
import type { ComponentChildren } from 'preact';
import { AxisX, AxisY } from './axes.js';
import { Label, Shapes } from './frame.js';
import type { Histogram } from './histogram.js';
import type { PruningData } from './kernel.js';
import { linear, niceLinear, px } from './scale.js';
import { fitText, KEEP, PRUNE, short, SIZE, THRESHOLD, whole } from './theme.js';
import type { FigureWords } from './words.js';

export const PANEL = { width: 326, height: 306 };
export const HEADER = 44;
export const MARGIN = { left: 52, right: 12, top: 8, bottom: 40 };

export interface PanelProps {
  readonly data: PruningData;
  readonly words: FigureWords;
}

export function Panel({ title, subtitle, children }: { title: string; subtitle: string; children: ComponentChildren }) {
  return (
    <g>
      <Label x={MARGIN.left - 38} y={14} text={title} size={SIZE.panel} bold />
      <Label x={MARGIN.left - 38} y={31} text={fitText(subtitle, SIZE.text, PANEL.width - 14)} muted />
      {children}
    </g>
  );
}

export function BeforePanel({ data: { size, before, threshold }, words }: PanelProps) {
  const lines = threshold === null ? [] : threshold === 0 ? [0] : [-threshold, threshold];
  const cut = threshold === null ? null : short(threshold);
  return (
    <Panel title={words.before} subtitle={words.beforeCount(whole(size), cut)}>
      <Columns histogram={before} fill={PRUNE} lines={lines} range={before} label={words.weight} />
    </Panel>
  );
}

export function AfterPanel({ data: { size, kept, before, after }, words }: PanelProps) {
  const zeros = size === kept ? null : whole(size - kept);
  return (
    <Panel title={words.after} subtitle={words.afterCount(whole(kept), zeros)}>
      <Columns histogram={after} fill={KEEP} lines={[]} range={before} label={words.weight} />
    </Panel>
  );
}

interface ColumnsProps {
  readonly histogram: Histogram;
  readonly fill: string;
  /** Dashed where they lie within the range. */
  readonly lines: readonly number[];
  readonly range: Histogram;
  readonly label: string;
}

function Columns({ histogram: { edges, counts }, fill, lines, range, label }: ColumnsProps) {
  const most = Math.max(1, ...counts);
  const [low, high] = [range.edges[0], range.edges[range.edges.length - 1]];
  const count = Math.min(5, most);
  const [left, right] = [MARGIN.left, PANEL.width - MARGIN.right];
  const [ceiling, floor] = [HEADER + MARGIN.top, PANEL.height - MARGIN.bottom];
  const x = linear([low, high], [left, right]);
  const y = niceLinear([0, most], [floor, ceiling], count);
  const column = (i: number) => {
    const [from, to] = [x(edges[i]), x(edges[i + 1])];
    return `M${px(from)},${px(floor)}V${px(y(counts[i]))}H${px(Math.max(from, to - 0.6))}V${px(floor)}`;
  };
  return (
    <g>
      <AxisY scale={y} count={count} format={compact} at={left} grid={right - left} />
      <Shapes fill={fill} d={Array.from(counts, (n, i) => (n > 0 ? column(i) : '')).join('')} />
      <line x1={left} x2={right} y1={floor} y2={floor} stroke="currentColor" stroke-opacity={0.6} />
      <g stroke={THRESHOLD} stroke-width={1.6} stroke-dasharray="5 4">
        {lines
          .filter((value) => value >= low && value <= high)
          .map((value) => (
            <line key={value} x1={px(x(value))} x2={px(x(value))} y1={ceiling} y2={floor} />
          ))}
      </g>
      <AxisX scale={x} count={5} format={short} at={floor} grid={0} />
      <Label x={(left + right) / 2} y={PANEL.height - 4} text={label} anchor="middle" muted />
    </g>
  );
}

function compact(n: number): string {
  if (!Number.isInteger(n)) return '';
  if (n < 10_000) return whole(n);
  return n < 1e6 ? `${short(n / 1e3)}k` : `${short(n / 1e6)}M`;
}
