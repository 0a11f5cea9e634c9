/** Public Sans comes with the PNG renderer; elsewhere the machine's own sans serif stands in. */
export const FONT_FAMILY =
  "'Public Sans', system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

/** Hues after Okabe and Ito, at a lightness with at least 3:1 contrast on white and on near-black alike. */
export const PALETTE = ['#3a7fc2', '#d06a1f', '#14957a', '#b3589f', '#8a7a1c', '#7b6fd0', '#c24b4b', '#5d8a2f'];
export const KEEP = PALETTE[0];
export const PRUNE = '#9aa3ad';
export const THRESHOLD = PALETTE[1];
export const GREY = '#7d8590';

/** Shape repeats what colour says. */
export const SYMBOLS = ['circle', 'square', 'triangle', 'diamond', 'plus', 'star', 'wye', 'hexagon'] as const;

export const SIZE = { title: 15, panel: 13, text: 11.5, small: 10.5 };

/** 'white' paints a ground under dark ink; 'none' is transparent with ink in the page's own text colour. */
export type Background = 'white' | 'none';
export const INK = '#1f2328';

const AVERAGE_WIDTH = 0.56;
/** Han characters, kana and full-width forms are as wide as they are tall. */
const WIDE = /[\u2e80-\u9fff\uf900-\ufaff\uff00-\uff60\u{20000}-\u{3ffff}]/u;

const widthOf = (character: string, size: number) => size * (WIDE.test(character) ? 1 : AVERAGE_WIDTH);

/** A little more than the width in pixels that text takes in the shipped font. */
export const textWidth = (text: string, size: number) =>
  Array.from(text).reduce((sum, character) => sum + widthOf(character, size), 0);

/** The text, with an ellipsis at its end or in its middle where it is wider than `width` pixels. */
export function fitText(text: string, size: number, width: number, cut: 'end' | 'middle' = 'end'): string {
  const characters = Array.from(text);
  if (textWidth(text, size) <= Math.max(width, size)) return text;
  const room = Math.max(0, width - widthOf('…', size));
  const tail = cut === 'end' ? 0 : fitting([...characters].reverse(), size, room / 2);
  const head = fitting(characters, size, room - textWidth(characters.slice(characters.length - tail).join(''), size));
  return [...characters.slice(0, head), '…', ...characters.slice(characters.length - tail)].join('');
}

/** How many of the first characters are no wider than `width` pixels together. */
function fitting(characters: readonly string[], size: number, width: number): number {
  let left = width;
  const beyond = characters.findIndex((character) => (left -= widthOf(character, size)) < -1e-9);
  return beyond === -1 ? characters.length : beyond;
}

const EN = new Intl.NumberFormat('en-US');
export const whole = (n: number) => EN.format(n);

/** Three significant digits with a true minus sign. */
export function short(x: number): string {
  if (x === 0) return '0';
  const rounded = Number(x.toPrecision(3));
  const size = Math.abs(rounded);
  const text = size >= 1e-3 && size < 1e9 ? (size < 1000 ? String(rounded) : whole(rounded)) : rounded.toExponential();
  return text.replaceAll('-', '−');
}

export const percent = (fraction: number) => `${Number((100 * fraction).toFixed(1))}%`;
