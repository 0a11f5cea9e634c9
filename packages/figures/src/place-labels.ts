/** Where labels go so that they cover neither points nor one another. */
import { textWidth } from './theme.js';

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface PlacedLabel {
  /** The index of its point. */
  readonly index: number;
  /** The middle of the text, in pixels. */
  readonly x: number;
  readonly y: number;
}

// Eight directions, the easiest to read first.
const DIRECTIONS = [
  [1, 0],
  [0, -1],
  [-1, 0],
  [0, 1],
  [1, -1],
  [-1, -1],
  [1, 1],
  [-1, 1],
] as const;
const DISTANCES = [4, 9, 16];

const overlap = (a: Box, b: Box) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
const around = (x: number, y: number, halfWidth: number, halfHeight: number): Box => ({
  left: x - halfWidth,
  top: y - halfHeight,
  right: x + halfWidth,
  bottom: y + halfHeight,
});

/**
 * Greedy, in the order given: each label takes the first place around its point, `radius` and more away, that lies inside
 * `area` and touches neither what is `taken` nor an earlier label. One that finds none is left out of the result, because
 * a label over another one names neither.
 */
export function placeLabels(
  points: readonly { readonly x: number; readonly y: number; readonly label: string }[],
  { area, size, radius, taken }: { area: Box; size: number; radius: number; taken: readonly Box[] },
): PlacedLabel[] {
  const obstacles = [...taken];
  const placed: PlacedLabel[] = [];
  points.forEach(({ x, y, label }, index) => {
    const [halfWidth, halfHeight] = [textWidth(label, size) / 2, size * 0.55];
    for (const distance of DISTANCES) {
      for (const [dx, dy] of DIRECTIONS) {
        const reach = radius + distance;
        const at = {
          x: x + dx * (halfWidth + (dy === 0 ? reach : reach / 2)),
          y: y + dy * (halfHeight + (dx === 0 ? reach : reach / 2)),
        };
        const box = around(at.x, at.y, halfWidth + 3, halfHeight);
        const inside =
          box.left >= area.left && box.right <= area.right && box.top >= area.top && box.bottom <= area.bottom;
        if (!inside || obstacles.some((other) => overlap(box, other))) continue;
        obstacles.push(box);
        placed.push({ index, ...at });
        return;
      }
    }
  });
  return placed;
}
