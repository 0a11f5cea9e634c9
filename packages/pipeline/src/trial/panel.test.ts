import { bitsFrom, type Param } from '@espalier/core';
import { makePanel, panelParam } from './panel.js';

const param = (shape: number[], rest: Partial<Param> = {}): Param => ({
  id: 'fc/kernel',
  shape,
  inAxis: 0,
  role: 'kernel',
  uses: 1,
  trainable: true,
  ...rest,
});

const panel = (
  before: number[],
  keep: (i: number) => boolean,
  shape = [1, before.length],
  threshold: number | null = null,
) => {
  const mask = bitsFrom(before.length, keep);
  const values = Float32Array.from(before);
  const after = values.map((value, i) => (keep(i) ? value : 0));
  const layers = [{ id: 'fc/kernel', shape, size: before.length, kept: 0, sparsity: 0, threshold }];
  return makePanel({ param: param(shape), before: values, after, mask, layers })!;
};

const binsOf = (counts: number[]) => Object.fromEntries(counts.flatMap((n, i) => (n > 0 ? [[i, n]] : [])));

test('both histograms have one range, and pruned weights are in the first only', () => {
  // Width (5 − 0) / 50 = 0.1; 5 closes the last bin.
  const result = panel([0, 0.25, 1, 5], (i) => i > 0);
  expect([result.low, result.high, result.pruned]).toEqual([0, 5, 1]);
  expect(result.before).toHaveLength(50);
  expect(binsOf(result.before)).toEqual({ 0: 1, 2: 1, 10: 1, 49: 1 });
  expect(binsOf(result.after)).toEqual({ 2: 1, 10: 1, 49: 1 });
});

test('the range covers what training made of the weights', () => {
  const result = makePanel({
    param: param([1, 2]),
    before: Float32Array.of(-1, 1),
    after: Float32Array.of(-3, 0),
    mask: bitsFrom(2, (i) => i === 0),
    layers: [],
  })!;
  expect([result.low, result.high]).toEqual([-3, 1]);
  expect(binsOf(result.after)).toEqual({ 0: 1 });
});

test('equal weights get a range of one unit', () => {
  const result = panel([2, 2], () => true);
  expect([result.low, result.high, result.before[25]]).toEqual([1.5, 2.5, 2]);
});

test.each([
  ['the plan says it', [0.5, -1, 2], (i: number) => i > 0, 0.75, 0.75],
  ['the plan has none, or one on another scale', [0.5, -1, 2], (i: number) => i > 0, null, 0.5],
  ['the plan has one on another scale', [0.5, -1, 2], (i: number) => i > 0, 4, 0.5],
  ['a tie is kept', [1, -1, 2], (i: number) => i !== 1, 1, 1],
  ['small weights are kept', [0.5, -1, 2], (i: number) => i !== 1, 0.5, null],
  ['nothing is pruned', [0.5, -1, 2], () => true, null, null],
] as const)('threshold on |w| where %s', (_, before, keep, planned, expected) => {
  expect(panel([...before], keep, [1, 3], planned).threshold).toBe(expected);
});

test('the mask is the corner of the kernel as a matrix', () => {
  expect(panel([1, 2, 3, 4, 5, 6, 7, 8], (i) => i % 3 > 0, [2, 2, 2]).mask).toEqual({
    of: [4, 2],
    rows: ['01', '10', '11', '01'],
  });
  const large = panel(new Array(40 * 50).fill(1), (i) => i !== 51, [40, 50]).mask;
  expect(large.of).toEqual([40, 50]);
  expect(large.rows).toHaveLength(32);
  expect(large.rows[1]).toBe(`10${'1'.repeat(30)}`);
});

test('shows the first kernel that may be pruned', () => {
  const bias = param([3], { role: 'bias', id: 'bias' });
  const stem = param([3, 3, 1, 8], { id: 'stem', skip: { text: 'ignored' } });
  expect(panelParam([bias, stem, param([2, 2])])!.id).toBe('fc/kernel');
  expect(panelParam([bias, stem])!.id).toBe('stem');
  expect(panelParam([bias])).toBeUndefined();
});

test('a kernel without weights has no panel', () => {
  expect(
    makePanel({
      param: param([0, 3]),
      before: new Float32Array(0),
      after: new Float32Array(0),
      mask: undefined,
      layers: [],
    }),
  ).toBeUndefined();
});
