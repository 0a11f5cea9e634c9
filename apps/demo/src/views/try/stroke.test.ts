import { addStroke, normalised, SIDE } from './stroke.js';

const centreOf = (image: Float32Array) => {
  let [sum, x, y] = [0, 0, 0];
  image.forEach((value, i) => {
    sum += value;
    x += value * ((i % SIDE) + 0.5);
    y += value * (Math.floor(i / SIDE) + 0.5);
  });
  return [x / sum, y / sum];
};
const boxOf = (image: Float32Array) => {
  const rows = [...image.keys()].filter((i) => image[i] > 0.1).map((i) => Math.floor(i / SIDE));
  return Math.max(...rows) - Math.min(...rows) + 1;
};

test('a stroke is ink between 0 and 1, without holes', () => {
  const ink = new Float32Array(SIDE * SIDE);
  addStroke(ink, [4, 14], [24, 14]);
  expect(Math.max(...ink)).toBe(1);
  expect(Math.min(...ink)).toBe(0);
  for (let c = 5; c < 23; c++) expect(ink[14 * SIDE + c]).toBeGreaterThan(0.5);
});

test.each([
  [
    [3, 3],
    [3, 9],
  ],
  [
    [20, 18],
    [24, 25],
  ],
  [
    [2, 2],
    [26, 26],
  ],
] as const)('from %j to %j: centred, and as tall as the digits are', (from, to) => {
  const ink = new Float32Array(SIDE * SIDE);
  addStroke(ink, from, to);
  const image = normalised(ink);
  const [x, y] = centreOf(image);
  expect(x).toBeCloseTo(SIDE / 2, 0);
  expect(y).toBeCloseTo(SIDE / 2, 0);
  expect(boxOf(image)).toBeGreaterThanOrEqual(18);
  expect(boxOf(image)).toBeLessThanOrEqual(22);
});

test('an empty pad stays empty', () => {
  expect(normalised(new Float32Array(SIDE * SIDE)).every((value) => value === 0)).toBe(true);
});

test('ink at the edge stays on the pad', () => {
  const ink = new Float32Array(SIDE * SIDE);
  addStroke(ink, [-5, -5], [40, 40]);
  expect(ink.every((value) => value >= 0 && value <= 1)).toBe(true);
});
