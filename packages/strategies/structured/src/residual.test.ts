import { bitsFrom, countKept, type Group, memoryPlan, type Param, paramCost, type Selection } from '@espalier/core';
import { residual } from './index.js';

const param = (id: string, size: number): Param => ({
  ...{ id, shape: [size], inAxis: -1, role: 'kernel', uses: 1, trainable: true },
});
const branch = (id: string, size: number, rest = {}): Group => ({
  ...{ id, size: 1, sites: [{ param: `${id}/kernel`, axis: 0, unitOf: new Int32Array(size) }] },
  ...rest,
});
// Means 2, 1 and 3; sizes 2, 4 and 4, and ten weights that no branch has.
const values: Record<string, number[]> = { a: [1, 3], b: [1, 1, 1, 1], c: [3, 3, 3, 3] };
function selection(sparsity: number, rest: Partial<Selection> = {}): Selection {
  return {
    params: [...Object.entries(values).map(([id, v]) => param(`${id}/kernel`, v.length)), param('stem/kernel', 10)],
    groups: [],
    branches: Object.entries(values).map(([id, v]) => branch(id, v.length)),
    scores: {
      params: ['a/kernel', 'b/kernel', 'c/kernel'],
      read: async (id) => Float32Array.from(values[id[0]]),
      readGroup: () => Promise.reject(new Error('of channels only')),
    },
    sparsity,
    ...rest,
  };
}
const kept = async (s: Selection, options = {}) => {
  const { units } = await residual(options).select(s);
  return Object.keys(units)
    .filter((id) => countKept(units[id]) === 1)
    .join('');
};

test.each([
  [0, 'abc'],
  [1 / 3, 'ac'],
  [2 / 3, 'c'],
  [1, ''],
])('the lowest go: sparsity %d leaves %s', async (sparsity, left) =>
  expect(await kept(selection(sparsity))).toBe(left),
);

test.each([
  [0.2, 'ac'], // 16 of 20 without b
  [0.21, 'c'], // 14
  [0.5, ''], // 10
])('a budget of parameters: %d leaves %s', async (sparsity, left) =>
  expect(await kept(selection(sparsity), { cost: paramCost })).toBe(left),
);

test('earlier removals stay, protected branches too', async () => {
  const previous = memoryPlan({ units: { c: bitsFrom(1, () => false) } });
  expect(await kept(selection(1 / 3, { previous }))).toBe('ab');
  const branches = selection(0).branches!.map((b) => (b.id === 'b' ? { ...b, skip: { text: 'ignored' } } : b));
  expect(await kept(selection(0.5, { branches }))).toBe('c');
});

test('what cannot be done is refused before scoring', () => {
  expect(() => residual({ cost: paramCost }).check!(selection(0.6))).toThrow(
    expect.objectContaining({ code: 'budget-infeasible' }),
  );
  expect(() => residual().check!(selection(0.5, { branches: [] }))).toThrow(
    expect.objectContaining({ code: 'nothing-to-prune', message: expect.stringContaining('no residual branch') }),
  );
});
