/** Ranges and ticks of the Pareto plot's axes. */
interface Spot {
  readonly x: number;
  readonly y: number;
}

/** A linear axis starts at 0 where nothing is negative, so that distances can be read as ratios. */
export function xDomain(points: readonly Spot[], scale: 'linear' | 'log'): [number, number] {
  const all = points.map(({ x }) => x);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  if (scale === 'log') return [low / 1.25, high * 1.25];
  const pad = (high - Math.min(0, low)) * 0.12 || 1;
  return [low >= 0 ? 0 : low - pad, high + pad];
}

/** With room above the highest point for its label. */
export function yDomain(points: readonly Spot[]): [number, number] {
  const all = points.map(({ y }) => y);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const pad = (high - low) * 0.08 || Math.abs(high) * 0.05 || 1;
  return [low - pad, high + 1.5 * pad];
}

/** 1, 2 and 5 of each power of ten; powers alone where that would crowd. */
export function logTicks([low, high]: readonly [number, number]): number[] {
  const decades = Array.from(
    { length: Math.floor(Math.log10(high)) - Math.floor(Math.log10(low)) + 1 },
    (_, i) => 10 ** (Math.floor(Math.log10(low)) + i),
  );
  return decades.flatMap((d) => (decades.length > 3 ? [d] : [d, 2 * d, 5 * d])).filter((x) => x >= low && x <= high);
}
