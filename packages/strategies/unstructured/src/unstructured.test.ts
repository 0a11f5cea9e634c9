import {
  bitsToFloats,
  countKept,
  memoryPlan,
  type Param,
  pruneCount,
  type Scores,
  type Selection,
  bitsFrom,
  erkShare,
  lampShare,
  uniformShare,
} from '@espalier/core';
import fc from 'fast-check';
import { unstructured } from './unstructured.js';

const param = (id: string, size: number, rest: Partial<Param> = {}): Param => ({
  id,
  shape: [size],
  inAxis: -1,
  role: 'kernel',
  uses: 1,
  trainable: true,
  ...rest,
});
const scoresOf = (values: Record<string, number[]>): Scores => ({
  params: Object.keys(values),
  read: async (id) => Float32Array.from(values[id]),
});
const selection = (values: Record<string, number[]>, sparsity: number, rest: Partial<Selection> = {}): Selection => ({
  params: Object.entries(values).map(([id, v]) => param(id, v.length)),
  groups: [],
  scores: scoresOf(values),
  sparsity,
  ...rest,
});
const masks = async (scope: 'global' | 'local', s: Selection) => {
  const plan = await unstructured({ scope }).select(s);
  return {
    plan,
    text: await Promise.all(plan.params.map(async (id) => Array.from(bitsToFloats(await plan.mask(id))).join(''))),
  };
};
const values = { a: [0.1, 0.9, 0.2, 0.8], b: [0.05, 0.3, 0.15, 0.25] };

test.each([
  ['global', 0.5, ['0101', '0101'], { a: 0.2, b: 0.2 }],
  ['global', 0.25, ['0111', '0111'], { a: 0.1, b: 0.1 }],
  ['local', 0.75, ['0100', '0100'], { a: 0.8, b: 0.25 }],
  ['global', 0.75, ['0101', '0000'], { a: 0.3, b: 0.3 }],
  ['global', 1, ['0100', '0000'], { a: 0.8, b: 0.8 }],
  ['local', 1, ['0100', '0100'], { a: 0.8, b: 0.25 }],
  ['local', 0, ['1111', '1111'], { a: null, b: null }],
] as const)('%s at %d', async (scope, sparsity, expected, thresholds) => {
  const { plan, text } = await masks(scope, selection(values, sparsity));
  expect(text).toEqual(expected);
  for (const [id, t] of Object.entries(thresholds))
    expect(plan.thresholds![id]).toEqual(t === null ? null : Math.fround(t));
});

test('biases, protected parameters and those without scores are left out', async () => {
  const params = [
    param('a', 4),
    param('b', 4, { skip: { text: 'ignored' } }),
    param('c', 4, { role: 'bias' }),
    param('d', 4),
  ];
  const { plan } = await masks('global', selection({ ...values, c: [1, 2, 3, 4] }, 0.5, { params }));
  expect(plan.params).toEqual(['a']);
  await expect(plan.mask('b')).rejects.toMatchObject({ code: 'plan-param' });
});

test('nothing left to prune is said with the reasons', async () => {
  const params = [param('a', 4, { skip: { text: "ignored by 'a'" } })];
  await expect(unstructured().select(selection(values, 0.5, { params }))).rejects.toMatchObject({
    code: 'nothing-to-prune',
    message: expect.stringContaining("a: ignored by 'a'"),
  });
});

test('a NaN score names its parameter', async () => {
  await expect(unstructured().select(selection({ a: [1], b: [NaN] }, 0.5))).rejects.toMatchObject({
    code: 'score-not-finite',
    where: 'b',
  });
});

test('earlier decisions stay, units included', async () => {
  const previous = memoryPlan({ masks: { a: bitsFrom(4, (i) => i !== 1) }, units: { g: bitsFrom(2, (i) => i === 0) } });
  const { plan, text } = await masks('global', selection(values, 0.25, { previous }));
  expect(text).toEqual(['1011', '0111']);
  expect(plan.units).toBe(previous.units);
});

test.each([
  [lampShare(), ['0101', '0101']],
  [erkShare(), ['0101', '0101']],
  [uniformShare(), ['0101', '0101']],
])('$name shares out half of the weights', async (share, expected) => {
  const plan = await unstructured({ share }).select(selection(values, 0.5));
  const text = plan.params.map(async (id) => Array.from(bitsToFloats(await plan.mask(id))).join(''));
  expect(await Promise.all(text)).toEqual(expected);
});

test('exact counts in both scopes', async () => {
  const list = fc.array(fc.constantFrom(0, 1, 2, 3), { minLength: 1, maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(list, list, fc.double({ min: 0, max: 1, noNaN: true }), async (a, b, sparsity) => {
      for (const scope of ['global', 'local'] as const) {
        const plan = await unstructured({ scope }).select(selection({ a, b }, sparsity));
        const kept = [countKept(await plan.mask('a')), countKept(await plan.mask('b'))];
        if (scope === 'global')
          expect(kept[0] + kept[1]).toBe(a.length + b.length - pruneCount(a.length + b.length, sparsity));
        else expect(kept).toEqual([a, b].map((v) => v.length - pruneCount(v.length, sparsity)));
      }
    }),
    { numRuns: 300, seed: 5 },
  );
});
