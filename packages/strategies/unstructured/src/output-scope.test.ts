import { bitsToFloats, memoryPlan, type Param, type Scores, bitsFrom } from '@espalier/core';
import { unstructured } from './unstructured.js';

const param = (shape: number[], inAxis: number): Param => ({
  id: 'k',
  shape,
  inAxis,
  role: 'kernel',
  uses: 1,
  trainable: true,
});
const scores = (values: number[]): Scores => ({ params: ['k'], read: async () => Float32Array.from(values) });

test.each([
  ['dense: the lower half of each column', [4, 2], 0, [1, 80, 2, 70, 3, 60, 4, 50], '01011010'],
  ['ties: the lower index stays', [4, 1], 0, [5, 5, 5, 5], '1100'],
  ['depthwise: each filter for itself', [1, 2, 2, 2], -1, [1, 2, 3, 4, 5, 1, 7, 1], '01011010'],
  ['transposed: the input axis is the last', [1, 1, 2, 2], 3, [1, 2, 9, 8], '0110'],
])('%s', async (_, shape, inAxis, values, expected) => {
  const selection = { params: [param(shape, inAxis)], groups: [], scores: scores(values), sparsity: 0.5 };
  const plan = await unstructured({ scope: 'output' }).select(selection);
  expect(Array.from(bitsToFloats(await plan.mask('k'))).join('')).toBe(expected);
});

test('what was pruned before counts and stays', async () => {
  const previous = memoryPlan({ masks: { k: bitsFrom(4, (i) => i !== 3) } });
  const selection = { params: [param([4, 1], 0)], groups: [], scores: scores([1, 2, 3, 4]), sparsity: 0.5, previous };
  const plan = await unstructured({ scope: 'output' }).select(selection);
  expect(Array.from(bitsToFloats(await plan.mask('k'))).join('')).toBe('0110');
});
