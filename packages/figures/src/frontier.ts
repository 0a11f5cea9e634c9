export interface Direction {
  readonly x: 'lower' | 'higher';
  readonly y: 'lower' | 'higher';
}

export const FRONTIER_DEFAULTS: Direction = { x: 'lower', y: 'higher' };

/**
 * The points that no other point beats: none is at least as good on both axes and better on one. In order of x, best x
 * first; of equal points the first. Without arguments a lower x and a higher y are better.
 */
export function frontier<P extends { readonly x: number; readonly y: number }>(
  points: readonly P[],
  better: Direction = FRONTIER_DEFAULTS,
): P[] {
  const [signX, signY] = [better.x === 'lower' ? 1 : -1, better.y === 'higher' ? 1 : -1];
  const ordered = [...points].sort((a, b) => signX * (a.x - b.x) || signY * (b.y - a.y));
  const best: P[] = [];
  for (const point of ordered) {
    if (best.length === 0 || signY * (point.y - best[best.length - 1].y) > 0) best.push(point);
  }
  return best;
}
