import { nice, ticks } from 'd3-array';

/** From values to pixels. */
export interface Scale {
  (value: number): number;
  readonly domain: readonly [number, number];
  ticks(count: number): number[];
}

type Pair = readonly [number, number];

export function linear(domain: Pair, [from, to]: Pair): Scale {
  const [low, high] = domain;
  const span = high - low || 1;
  const scale = (value: number) => from + ((value - low) / span) * (to - from);
  return Object.assign(scale, { domain, ticks: (count: number) => ticks(low, high, count) });
}

/** The same over a domain whose ends are round numbers. */
export const niceLinear = ([low, high]: Pair, range: Pair, count: number): Scale =>
  linear(nice(low, high, count), range);

/** Heights by the square root, from 0 on: small counts stay in sight beside large ones. */
export function squareRoot([low, high]: Pair, range: Pair): Scale {
  const inner = linear([Math.sqrt(low), Math.sqrt(high)], range);
  return Object.assign((value: number) => inner(Math.sqrt(value)), {
    domain: [low, high] as const,
    ticks: (count: number) => rootTicks(high, count),
  });
}

/** Round numbers, each about a quarter of the one above it, so that the marks stand evenly. */
function rootTicks(high: number, count: number): number[] {
  const top = ticks(0, high, 4).at(-1) || high;
  const marks = Array.from({ length: count - 1 }, (_, i) => top / 4 ** i).filter((mark) => Number.isInteger(mark));
  return [0, ...marks.reverse()];
}

export function logarithmic(domain: Pair, range: Pair): Scale {
  const inner = linear([Math.log10(domain[0]), Math.log10(domain[1])], range);
  return Object.assign((value: number) => inner(Math.log10(value)), { domain, ticks: () => logTicks(domain) });
}

/** 1, 2 and 5 of each power of ten; powers alone where that would crowd. */
function logTicks([low, high]: Pair): number[] {
  const first = Math.floor(Math.log10(low));
  const decades = Array.from({ length: Math.floor(Math.log10(high)) - first + 1 }, (_, i) => 10 ** (first + i));
  return decades.flatMap((d) => (decades.length > 3 ? [d] : [d, 2 * d, 5 * d])).filter((x) => x >= low && x <= high);
}

/** A hundredth of a pixel is finer than any screen, and it hides the last bits of floating-point layout. */
export const px = (value: number) => Math.round(value * 100) / 100;
