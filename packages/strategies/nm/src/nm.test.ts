import { bitsFrom, bitsToFloats, isKept, memoryPlan, nmGranularity, type Param, type Selection } from '@espalier/core';
import fc from 'fast-check';
import { nm, type NmOptions } from './nm.js';

const param = (shape: number[], inAxis = shape.length - 2): Param => ({
  id: 'fc/kernel',
  shape,
  inAxis,
  role: 'kernel',
  uses: 1,
  trainable: true,
});
const selection = (p: Param, values: ArrayLike<number>, rest: Partial<Selection> = {}): Selection => ({
  params: [p],
  groups: [],
  scores: { params: [p.id], read: async () => Float32Array.from(values) },
  sparsity: 0.5,
  ...rest,
});
const mask = async (options: NmOptions, s: Selection) =>
  Array.from(bitsToFloats(await (await nm(options).select(s)).mask('fc/kernel'))).join('');

describe('by hand', () => {
  test('dense [in 4, out 2]: groups run down each column', async () => {
    //        column 0: 1 7 5 3 → keeps 7, 5     column 1: 8 2 6 4 → keeps 8, 6
    expect(await mask({}, selection(param([4, 2]), [1, 8, 7, 2, 5, 6, 3, 4]))).toBe('01101100');
  });
  test('ties keep the lower index', async () =>
    expect(await mask({}, selection(param([8, 1]), Array(8).fill(1)))).toBe('11001100'));
  test('1:2 and 3:4', async () => {
    expect(await mask({ keep: 1, group: 2 }, selection(param([4, 1]), [1, 2, 4, 3]))).toBe('0110');
    expect(await mask({ keep: 3, group: 4 }, selection(param([4, 1]), [1, 2, 4, 3]))).toBe('0111');
  });
  test('conv [1, 2, 4, 1]: each kernel position has groups of its own', async () => {
    expect(await mask({}, selection(param([1, 2, 4, 1]), [1, 2, 3, 4, 8, 7, 6, 5]))).toBe('00111100');
  });
  test('transposed convolution [h, w, out, in]: the input axis is the last', async () => {
    expect(await mask({}, selection(param([1, 1, 2, 4], 3), [1, 2, 3, 4, 8, 7, 6, 5]))).toBe('00111100');
  });
});

test('pattern and fixed sparsity are part of it', async () => {
  expect(nm({ keep: 1, group: 4 })).toMatchObject({ name: '1:4', sparsity: 0.75 });
  expect((await nm().select(selection(param([4, 1]), [1, 2, 3, 4]))).granularity).toEqual(nmGranularity(2, 4));
});

describe('axes that M does not divide', () => {
  test('are an error with the fix', async () => {
    await expect(nm().select(selection(param([3, 3, 3, 2]), Array(54).fill(1)))).rejects.toMatchObject({
      name: 'InputError',
      code: 'nm-axis',
      message:
        "2:4 needs the input axis of 'fc/kernel' divisible by 4, got 3; leave it out with ignore: ['fc'], or keep the rest dense with tail: 'dense'",
    });
  });
  test('or keep their tail dense, and say so', async () => {
    const s = selection(param([6, 1]), [1, 2, 3, 4, 0, 0]);
    expect(await mask({ tail: 'dense' }, s)).toBe('001111');
    expect((await nm({ tail: 'dense' }).select(s)).notes![0].text).toMatch('the last 2 of 6 inputs stay dense');
  });
  test('a kernel too narrow for one group stays dense; with nothing else that is an error', async () => {
    await expect(nm({ tail: 'dense' }).select(selection(param([1, 4]), [1, 2, 3, 4]))).rejects.toMatchObject({
      code: 'nothing-to-prune',
    });
  });
  test('depthwise kernels stay dense', async () => {
    const depthwise: Param = { ...param([3, 3, 8, 1], -1), id: 'dw/depthwise_kernel' };
    const s = selection(param([4, 1]), [1, 2, 3, 4]);
    const plan = await nm().select({
      ...s,
      params: [...s.params, depthwise],
      scores: { ...s.scores, params: ['fc/kernel', depthwise.id] },
    });
    expect(plan.params).toEqual(['fc/kernel']);
    expect(plan.notes).toEqual([
      {
        code: 'dense-no-input-axis',
        params: { id: 'dw/depthwise_kernel', pattern: '2:4' },
        text: 'dw/depthwise_kernel stays dense: it has no input axis for 2:4',
      },
    ]);
  });
});

test.each([
  [0, 4],
  [4, 4],
  [5, 4],
  [1.5, 4],
  [2, NaN],
  [-1, 2],
])('%d:%d is no pattern', (keep, group) => {
  expect(() => nm({ keep, group })).toThrow(expect.objectContaining({ name: 'UsageError', code: 'nm-pattern' }));
});

test('a NaN score names its parameter', async () => {
  await expect(mask({}, selection(param([4, 1]), [1, NaN, 3, 4]))).rejects.toMatchObject({
    code: 'score-not-finite',
    where: 'fc/kernel',
  });
});

test('what was pruned before stays pruned and does not compete', async () => {
  const previous = memoryPlan({ masks: { 'fc/kernel': bitsFrom(4, (i) => i !== 3) } });
  expect(await mask({ keep: 1, group: 2 }, selection(param([4, 1]), [1, 2, 3, 9], { previous }))).toBe('0110');
});

test('law: every whole group keeps exactly N, and none kept scores below one pruned', async () => {
  const pattern = fc
    .integer({ min: 2, max: 9 })
    .chain((group) => fc.record({ group: fc.constant(group), keep: fc.integer({ min: 1, max: group - 1 }) }));
  await fc.assert(
    fc.asyncProperty(
      pattern,
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 5 }),
      fc.nat(8),
      fc.infiniteStream(fc.constantFrom(0, 1, 2, 3)),
      async ({ keep, group }, outer, groups, out, tail, stream) => {
        const length = groups * group + (tail % group);
        const values = [...stream.take(outer * length * out)];
        const p = param([outer, length, out]);
        const bits = await (await nm({ keep, group, tail: 'dense' }).select(selection(p, values))).mask(p.id);
        for (let o = 0; o < outer; o++)
          for (let c = 0; c < out; c++) {
            const at = (i: number) => (o * length + i) * out + c;
            for (let g = 0; g < groups; g++) {
              const members = Array.from({ length: group }, (_, k) => at(g * group + k));
              const [kept, pruned] = [members.filter((i) => isKept(bits, i)), members.filter((i) => !isKept(bits, i))];
              expect(kept).toHaveLength(keep);
              for (const k of kept)
                for (const q of pruned) expect(values[k] > values[q] || (values[k] === values[q] && k < q)).toBe(true);
            }
            for (let i = groups * group; i < length; i++) expect(isKept(bits, at(i))).toBe(true);
          }
      },
    ),
    { numRuns: 200, seed: 11 },
  );
});
