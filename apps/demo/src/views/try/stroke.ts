/** Ink on a 28 × 28 grid, as the digits have it: soft strokes, centred by their weight before they are read. */
export const SIDE = 28;
const RADIUS = 1.35;
const BOX = 20;

/** Adds a stroke from one place to another; coordinates are in cells. */
export function addStroke(ink: Float32Array, from: readonly [number, number], to: readonly [number, number]): void {
  const steps = Math.max(1, Math.ceil(3 * Math.hypot(to[0] - from[0], to[1] - from[1])));
  for (let i = 0; i <= steps; i++) {
    const x = from[0] + ((to[0] - from[0]) * i) / steps;
    const y = from[1] + ((to[1] - from[1]) * i) / steps;
    dab(ink, x, y);
  }
}

function dab(ink: Float32Array, x: number, y: number): void {
  for (let r = Math.max(0, Math.floor(y - 3)); r <= Math.min(SIDE - 1, y + 3); r++) {
    for (let c = Math.max(0, Math.floor(x - 3)); c <= Math.min(SIDE - 1, x + 3); c++) {
      const distance = Math.hypot(c + 0.5 - x, r + 0.5 - y);
      const value = Math.min(1, Math.max(0, RADIUS + 0.5 - distance));
      ink[r * SIDE + c] = Math.max(ink[r * SIDE + c], value);
    }
  }
}

/** As MNIST was made: the drawing fits a box of 20 × 20, and its centre of mass is the middle of the image. */
export function normalised(ink: Float32Array): Float32Array {
  let [left, right, top, bottom, mass] = [SIDE, -1, SIDE, -1, 0];
  ink.forEach((value, i) => {
    if (value < 0.1) return;
    const [r, c] = [Math.floor(i / SIDE), i % SIDE];
    [left, right, top, bottom] = [Math.min(left, c), Math.max(right, c), Math.min(top, r), Math.max(bottom, r)];
    mass += value;
  });
  if (mass === 0) return new Float32Array(ink.length);
  const scale = Math.max(right - left + 1, bottom - top + 1) / BOX;
  const sampleAt = (cx: number, cy: number) => (x: number, y: number) =>
    bilinear(ink, cx + (x - SIDE / 2) * scale, cy + (y - SIDE / 2) * scale);
  const boxed = resample(sampleAt((left + right + 1) / 2, (top + bottom + 1) / 2));
  let [sum, mx, my] = [0, 0, 0];
  boxed.forEach((value, i) => {
    sum += value;
    mx += value * ((i % SIDE) + 0.5);
    my += value * (Math.floor(i / SIDE) + 0.5);
  });
  const [dx, dy] = [mx / sum - SIDE / 2, my / sum - SIDE / 2];
  return resample((x, y) => bilinear(boxed, x + dx, y + dy));
}

const resample = (at: (x: number, y: number) => number) =>
  Float32Array.from({ length: SIDE * SIDE }, (_, i) => at((i % SIDE) + 0.5, Math.floor(i / SIDE) + 0.5));

/** The ink at a place between cells; outside there is none. */
function bilinear(ink: Float32Array, x: number, y: number): number {
  const [c, r] = [Math.floor(x - 0.5), Math.floor(y - 0.5)];
  const [fx, fy] = [x - 0.5 - c, y - 0.5 - r];
  const cell = (row: number, column: number) =>
    row < 0 || column < 0 || row >= SIDE || column >= SIDE ? 0 : ink[row * SIDE + column];
  const top = cell(r, c) * (1 - fx) + cell(r, c + 1) * fx;
  const bottom = cell(r + 1, c) * (1 - fx) + cell(r + 1, c + 1) * fx;
  return top * (1 - fy) + bottom * fy;
}
