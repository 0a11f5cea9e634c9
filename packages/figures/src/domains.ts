/** Ranges of axes. */
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
