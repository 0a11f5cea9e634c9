import { InputError, UsageError } from '@espalier/core';
import fc from 'fast-check';
import { histogram } from './histogram.js';

const f32 = (...values: number[]) => Float32Array.from(values);

test.each([
  ['the last bin is closed', f32(0, 1, 2, 3, 4), 4, [0, 1, 2, 3, 4], [1, 1, 1, 2]],
  ['−0 counts as 0', f32(-0, 0, 1), 2, [0, 0.5, 1], [2, 1]],
  ['all equal: half a unit to either side', f32(2, 2, 2), 2, [1.5, 2, 2.5], [0, 3]],
  ['one element', f32(5), 1, [4.5, 5.5], [1]],
  ['all zeros', f32(0, -0), 4, [-0.5, -0.25, 0, 0.25, 0.5], [0, 0, 2, 0]],
  [
    'one value so large that half a unit vanishes in it',
    f32(2 ** 60),
    2,
    [2 ** 60 - 2 ** 40, 2 ** 60, 2 ** 60 + 2 ** 40],
    [0, 1],
  ],
  ['negative values', f32(-4, -3, -1, 0), 2, [-4, -2, 0], [2, 2]],
  ['an edge belongs to the bin above', f32(0, 5, 10), 2, [0, 5, 10], [1, 2]],
])('%s', (_, values, bins, edges, counts) => {
  expect(histogram(values, { bins })).toEqual({ edges, counts });
});

test('50 bins by default', () => {
  expect(histogram(f32(0, 1)).counts).toHaveLength(50);
});

test('values left out still set the range', () => {
  const { edges, counts } = histogram(f32(0, 1, 2, 4), { bins: 2, only: (i) => i === 1 || i === 2 });
  expect({ edges, counts }).toEqual({ edges: [0, 2, 4], counts: [1, 1] });
});

test('law: every value is counted once, in the bin whose edges hold it', () => {
  const values = fc.float32Array({ noNaN: true, noDefaultInfinity: true, minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 60 }), (values, bins) => {
      const { edges, counts } = histogram(values, { bins });
      const expected = new Array(bins).fill(0);
      for (const value of values) expected[edges.slice(1, -1).filter((edge) => value >= edge).length]++;
      expect(counts).toEqual(expected);
      expect(Object.is(edges[0], -0)).toBe(false);
    }),
  );
});

test('ten million values need no stack', () => {
  const values = new Float32Array(1e7);
  values[3] = 1;
  const { counts } = histogram(values, { bins: 2 });
  expect(counts).toEqual([1e7 - 1, 1]);
});

test.each([
  [f32(), {}, InputError, 'figure-empty'],
  [f32(1, NaN), {}, InputError, 'figure-not-finite'],
  [f32(-Infinity), {}, InputError, 'figure-not-finite'],
  [f32(1), { bins: 0 }, UsageError, 'figure-bins'],
  [f32(1), { bins: 2.5 }, UsageError, 'figure-bins'],
  [f32(1), { bins: 1e9 }, UsageError, 'figure-bins'],
])('refuses %p %p', (values, options, type, code) => {
  const call = () => histogram(values, { where: 'fc/kernel', ...options });
  expect(call).toThrow(type);
  expect(call).toThrow(expect.objectContaining({ code }));
});

test('the message names the weight and the place', () => {
  expect(() => histogram(f32(1, NaN), { where: 'fc/kernel' })).toThrow(
    "'fc/kernel' needs finite values, got NaN at index 1; check the weights",
  );
});
