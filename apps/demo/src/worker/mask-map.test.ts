import {
  type Bits,
  blockGranularity,
  type Granularity,
  makeBits,
  memoryPlan,
  nmGranularity,
  type Param,
} from '@espalier/core';
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
  const mask = makeBits(48);
  const masks: Record<string, Bits> = { 'fc/kernel': mask };
  const linesOf = (granularity: Granularity, shape = [8, 6], of = masks) =>
    maskMap(kernel(...shape), mask, memoryPlan({ masks: of, granularity })).lines;
  expect(linesOf(nmGranularity(2, 4))).toEqual({ rows: [4], columns: [], of: '2:4' });
  expect(linesOf(nmGranularity(2, 4), [2, 6, 4])).toEqual({ rows: [4, 6, 10], columns: [], of: '2:4' });
  expect(linesOf(blockGranularity(2, 4))).toEqual({ rows: [4], columns: [2, 4], of: '2×4 blocks' });
  expect(linesOf(nmGranularity(2, 4), [8, 6], {})).toBeUndefined();
  expect(linesOf({ kind: 'rows', name: 'rows', cell: { outputs: 'all' } })).toBeUndefined();
});
