import { makeBits, memoryPlan, type Param } from '@espalier/core';
import { maskMap } from './mask-map.js';

const kernel = (...shape: number[]): Param => ({
  id: 'fc/kernel',
  shape,
  inAxis: shape.length - 2,
  role: 'kernel',
  uses: 1,
  trainable: true,
});

test('kept and pruned, row by row', () => {
  const mask = makeBits(6);
  mask.bytes[0] = 0b101101;
  const map = maskMap(kernel(2, 3), mask, memoryPlan({ masks: { 'fc/kernel': mask } }));
  expect(map).toMatchObject({ of: [2, 3], rows: 2, columns: 3 });
  expect([...map.cells]).toEqual([1, 0, 1, 1, 0, 1]);
});

test('columns and rows that are gone as a whole, where channels were removed', () => {
  const mask = makeBits(6);
  mask.bytes[0] = 0b000101;
  const map = maskMap(kernel(2, 3), mask, memoryPlan({ units: { fc: makeBits(3) } }));
  expect([...map.cells]).toEqual([1, 2, 1, 2, 2, 2]);
});

test('no mask keeps all; a large kernel shows its corner', () => {
  const map = maskMap(kernel(5, 5, 10, 200), undefined, memoryPlan({}));
  expect(map).toMatchObject({ of: [250, 200], rows: 48, columns: 72 });
  expect(map.cells.every((cell) => cell === 1)).toBe(true);
});

test('groups and blocks are marked on the kernels that have them', () => {
  const mask = makeBits(16);
  const masks = { 'fc/kernel': mask };
  expect(maskMap(kernel(4, 4), mask, memoryPlan({ masks, pattern: { keep: 2, group: 4 } })).group).toBe(4);
  expect(maskMap(kernel(4, 4), mask, memoryPlan({ masks, block: { outputs: 4, inputs: 1 } })).block).toBe(4);
  expect(maskMap(kernel(4, 4), mask, memoryPlan({ pattern: { keep: 2, group: 4 } })).group).toBeUndefined();
});
