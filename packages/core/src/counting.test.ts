import { andBits, bitsFrom, bitsToFloats, countKept, keptIndices, makeBits } from './bits.js';
import { pruneCount, roundHalfEven } from './counting.js';
import { isEspalierError, InputError, show } from './errors.js';
import { seededRandom, shuffle } from './random.js';

test.each([
  [0, 0],
  [0.5, 0],
  [1.5, 2],
  [2.5, 2],
  [3.5, 4],
  [0.4999, 0],
  [2.51, 3],
  [1e9 + 0.5, 1e9],
  [-0.5, 0],
  [-1.5, -2],
])('roundHalfEven(%d) = %d', (x, rounded) => expect(roundHalfEven(x)).toBe(rounded));

test.each([
  [10, 0.25, 2],
  [10, 0.35, 4],
  [2, 0.25, 0],
  [6, 0.25, 2],
  [7, 0, 0],
  [1, 0.6, 1],
  [1, 0.5, 0],
  [32360, 0.98, 31713],
  [5, 1, 4],
  [1, 1, 0],
  [0, 1, 0],
])('of %d entries sparsity %d prunes %d', (size, sparsity, count) => expect(pruneCount(size, sparsity)).toBe(count));

test.each([-0.01, 1.01, NaN, Infinity, '0.5', null])('sparsity %p is refused', (sparsity) => {
  expect(() => pruneCount(4, sparsity as number)).toThrow(
    expect.objectContaining({ code: 'sparsity-range', message: expect.stringContaining('0 to 1') }),
  );
});

test('bits: padding stays 0, counts and indices agree', () => {
  expect(Array.from(makeBits(11).bytes)).toEqual([0xff, 0x07]);
  const odd = bitsFrom(11, (i) => i % 2 === 1);
  expect(countKept(odd)).toBe(5);
  expect(Array.from(keptIndices(odd))).toEqual([1, 3, 5, 7, 9]);
  expect(Array.from(bitsToFloats(bitsFrom(3, (i) => i === 2)))).toEqual([0, 0, 1]);
  expect(
    countKept(
      andBits(
        odd,
        bitsFrom(11, (i) => i < 4),
      ),
    ),
  ).toBe(2);
  expect(() => andBits(odd, makeBits(3))).toThrow('lengths 11 and 3');
});

test('a seed fixes the stream, near seeds give others, and it looks uniform', () => {
  const draw = (seed: number, n: number) => Array.from({ length: n }, seededRandom(seed));
  expect(draw(1, 5)).toEqual(draw(1, 5));
  expect(draw(1, 5)).not.toEqual(draw(2, 5));
  const many = draw(42, 20_000);
  expect(many.every((x) => x >= 0 && x < 1)).toBe(true);
  expect(many.reduce((a, b) => a + b) / many.length).toBeCloseTo(0.5, 2);
  expect(shuffle([1, 2, 3, 4, 5], seededRandom(1))).toEqual(shuffle([1, 2, 3, 4, 5], seededRandom(1)));
  expect(shuffle([1, 2, 3, 4, 5], seededRandom(1)).sort()).toEqual([1, 2, 3, 4, 5]);
});

test('errors are recognised, and strangers’ strings cannot command a terminal', () => {
  expect(isEspalierError(new InputError('x', 'y', { where: 'z' }))).toBe(true);
  expect(isEspalierError(new Error('x'))).toBe(false);
  expect(show('a\u001b[31m\u202eb\u009b')).toBe("'a\\u001b[31m\\u202eb\\u009b'");
  expect(show('x'.repeat(500)).length).toBeLessThan(90);
});
