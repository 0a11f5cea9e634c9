/** What every figure is put together from. */
import type { ComponentChildren } from 'preact';
import { px } from './scale.js';
import { writable } from './text.js';
import { type Background, fitText, FONT_FAMILY, INK, SIZE } from './theme.js';

/** The distance from the edge of a figure. */
export const EDGE = 14;

export interface FigureProps {
  readonly width: number;
  readonly height: number;
  /** Read aloud in place of the picture. */
  readonly label: string;
  readonly background: Background;
  readonly children?: ComponentChildren;
}

/** The whole figure as one self-contained SVG document. */
export function Figure({ width, height, label, background, children }: FigureProps) {
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      viewBox={`0 0 ${px(width)} ${px(height)}`}
      width={px(width)}
      height={px(height)}
      role="img"
      aria-label={writable(label) || undefined}
      font-family={FONT_FAMILY}
      font-size={SIZE.text}
      fill="currentColor"
      {...(background === 'white' && { color: INK })}
    >
      {background === 'white' && <rect width={px(width)} height={px(height)} fill="#ffffff" />}
      {children}
    </svg>
  );
}

export interface LabelProps {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly size?: number;
  readonly bold?: boolean;
  readonly muted?: boolean;
  readonly anchor?: 'start' | 'middle' | 'end';
}

export function Label({ x, y, text, size, bold, muted, anchor = 'start' }: LabelProps) {
  return (
    <text
      x={px(x)}
      y={px(y)}
      font-size={size}
      font-weight={bold ? 600 : undefined}
      fill-opacity={muted ? 0.78 : undefined}
      text-anchor={anchor === 'start' ? undefined : anchor}
    >
      {writable(text)}
    </text>
  );
}

/** The figure's title, as much of it as there is room for. */
export const Title = ({ text, width }: { text: string; width: number }) => (
  <Label x={EDGE} y={EDGE + 13} text={fitText(text, SIZE.title, width - 2 * EDGE)} size={SIZE.title} bold />
);
export const TITLE_HEIGHT = 28;

/** Any number of outlines in one path; nothing where there are none, as an empty attribute is no XML. */
export const Shapes = ({ d, ...look }: { d: string; fill: string; 'fill-opacity'?: number }) =>
  d === '' ? null : <path d={d} {...look} />;
