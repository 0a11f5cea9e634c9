import {
  bitsFrom,
  bitsToFloats,
  countKept,
  type Group,
  macCost,
  memoryPlan,
  type Param,
  paramCost,
  planCost,
  type Selection,
} from '@espalier/core';
import fc from 'fast-check';
import {
  asScored,
  l2,
  max,
  mean,
  structured,
  type StructuredOptions,
  sum,
  tableSparsity,
  mostSparsity,
} from './index.js';

/** A chain of dense layers of these widths; group i is the output of layer i, scored by these numbers. */
function chain(
  inputs: number,
  layers: readonly number[][],
  sparsity: number,
  rest: Partial<Selection> = {},
): Selection {
  const widths = [inputs, ...layers.map((scores) => scores.length)];
  const iota = (size: number) => Int32Array.from({ length: size }, (_, i) => i);
  return {
    params: [...layers.keys(), layers.length].map((i): Param => ({
      id: `d${i}/kernel`,
      shape: [widths[i], widths[i + 1] ?? 1],
      inAxis: 0,
      role: 'kernel',
      uses: 1,
      trainable: true,
    })),
    groups: layers.map((scores, i): Group => ({
      id: `d${i}`,
      size: scores.length,
      sites: [
        { param: `d${i}/kernel`, axis: 1, unitOf: iota(scores.length) },
        { param: `d${i + 1}/kernel`, axis: 0, unitOf: iota(scores.length) },
      ],
    })),
    scores: {
      params: [],
      read: async () => Float32Array.of(),
      readGroup: async (id) => Float32Array.from(layers[Number(id.slice(1))]),
    },
    sparsity,
    ...rest,
  };
}
async function kept(options: StructuredOptions, selection: Selection): Promise<string[]> {
  const { units } = await structured({ normalise: asScored, ...options }).select(selection);
  return selection.groups.map(({ id }) => (units[id] ? Array.from(bitsToFloats(units[id])).join('') : ''));
}
const refusal = (options: StructuredOptions, selection: Selection) =>
  structured({ normalise: asScored, ...options }).select(selection);

// 2 → 3 → 2 → 1: 6 + 6 + 2 = 14 weights. A channel of d0 costs 2 + 2, one of d1 3 + 1.
const small = [
  [1, 5, 6],
  [2, 9],
];

describe('a budget of parameters, by hand', () => {
  test.each([
    [1, ['111', '11']],
    [10 / 14, ['011', '11']], // without d0:0, 4 + 4 + 2
    [9 / 14, ['011', '01']], // 10 is too much; without d1:0 as well, 4 + 2 + 1
    [7 / 14, ['011', '01']],
    [4 / 14, ['001', '01']],
  ])('%d of it', async (share, expected) =>
    expect(await kept({ cost: paramCost }, chain(2, small, 1 - share))).toEqual(expected),
  );

  test('what went too early comes back where it fits', async () => {
    // 3 + 12 + 4 = 19. First d1:0 goes, which leaves 15, then d0:0, which leaves 11; with d1:0 back it is 14.
    const selection = chain(
      1,
      [
        [2, 7, 8],
        [1, 9, 9, 9],
      ],
      1 - 14 / 19,
    );
    expect(await kept({ cost: paramCost }, selection)).toEqual(['011', '1111']);
  });

  test('per cost a dear channel goes before a cheap one that is worth a little less', async () => {
    // A channel of d0 costs 1 + 4, one of d1 2 + 1.
    const selection = chain(
      1,
      [
        [4, 9],
        [3, 9, 9, 9],
      ],
      0.01,
    );
    expect(await kept({ cost: paramCost }, selection)).toEqual(['11', '0111']);
    expect(await kept({ cost: paramCost, perCost: true }, selection)).toEqual(['01', '1111']);
  });
});

describe('limits and multiples, by hand', () => {
  const two = [
    [1, 2, 3, 4, 5, 6],
    [1.5, 2.5, 3.5, 9],
  ];
  test.each([
    ['floors', { limits: { d0: { floor: 0.8 } } }, 0.4, ['011111', '0001']],
    ['ceilings', { limits: { d1: { ceiling: 0.25 } } }, 0.4, ['011111', '0001']],
    ['ceilings go first', { limits: { d1: { ceiling: 0.25 } } }, 0, ['111111', '0001']],
    ['the strictest of several', { limits: { 'd*': { floor: 0.5 }, d0: { floor: 1 } } }, 0.2, ['111111', '0011']],
    ['multiples', { roundTo: 2 }, 0.4, ['001111', '0011']],
    ['multiples of 4 take what is over first', { roundTo: 4 }, 0.2, ['001111', '1111']],
    ['multiples of 5', { roundTo: 5 }, 0.1, ['011111', '1111']],
    ['local', { scope: 'local' as const }, 0.5, ['000111', '0011']],
    ['a table', { table: { d0: 0.5, d1: 0.25 } }, 0.4, ['000111', '0111']],
    ['half of a table', { table: { d0: 0.5, d1: 0.25 } }, 0.2, ['001111', '1111']],
    ['a table leaves the rest alone', { table: { d0: 0.5 } }, 0.5, ['000111', '']],
  ])('%s', async (_, options, sparsity, expected) =>
    expect(await kept(options, chain(1, two, sparsity))).toEqual(expected),
  );

  test('multiples are of groups: a kernel whose channels fall apart keeps a sum of them', async () => {
    const unitOf = (from: number, size: number, of: number) =>
      Int32Array.from({ length: of }, (_, i) => (i >= from && i < from + size ? i - from : -1));
    const kernel = (id: string, out: number): Param => ({
      ...{ id, shape: [2, out], inAxis: 0, uses: 1, trainable: true },
      role: 'kernel',
    });
    // Kernel a makes eight channels together with kernel b, and three of its own, which stay whole.
    const groups = [
      {
        ...{ id: 'a', size: 8 },
        sites: [
          { param: 'a/kernel', axis: 1, unitOf: unitOf(0, 8, 11) },
          { param: 'b/kernel', axis: 1, unitOf: unitOf(0, 8, 8) },
        ],
      },
      { id: 'a#2', size: 3, sites: [{ param: 'a/kernel', axis: 1, unitOf: unitOf(8, 3, 11) }] },
    ];
    const readGroup = async (id: string) => Float32Array.from({ length: id === 'a' ? 8 : 3 }, (_, i) => i + 1);
    const selection = {
      params: [kernel('a/kernel', 11), kernel('b/kernel', 8)],
      groups,
      scores: { params: [], read: async () => Float32Array.of(), readGroup },
      sparsity: 0.3,
    };
    expect(await kept({ roundTo: 4 }, selection)).toEqual(['00001111', '111']);
  });

  test('a table is its own sparsity', () => {
    const { groups, params } = chain(1, two, 0);
    expect(tableSparsity(groups, params, { d0: 0.5, d1: 0.25 })).toBe(0.4);
    expect(tableSparsity(groups, params, { d0: 0.5 })).toBe(0.5);
  });

  test('earlier removals count, and a group cut below its floor gives nothing more', async () => {
    const previous = memoryPlan({ units: { d0: bitsFrom(6, (i) => i > 3) } });
    expect(await kept({ limits: { d0: { floor: 0.5 } } }, chain(1, two, 0.5, { previous }))).toEqual([
      '000011',
      '0111',
    ]);
  });
});

describe('what cannot be met is refused before any scoring', () => {
  const task = chain(2, small, 0.9);
  const skipped = task.groups.map((group, i) => (i === 1 ? { ...group, skip: { text: 'ignored by d1' } } : group));
  test.each([
    ['a budget', { cost: paramCost }, task, 'budget-infeasible', 'ask for at least 0.286'],
    [
      'a budget under floors',
      { cost: paramCost, limits: { d0: { floor: 0.5 } } },
      task,
      'budget-infeasible',
      'floors keep part of the rest',
    ],
    [
      'a budget of a protected net',
      { cost: macCost },
      { ...task, groups: skipped },
      'budget-infeasible',
      "left alone: 'd1' ignored by d1",
    ],
    ['channels', {}, task, 'channels-impossible', 'use a sparsity of at most 0.6'],
    [
      'channels under floors',
      { limits: { d0: { floor: 1 } } },
      task,
      'channels-impossible',
      'floors and rounding keep 4',
    ],
    ['floor above ceiling', { limits: { d0: { floor: 0.9, ceiling: 0.1 } } }, task, 'limit-conflict', 'd0'],
    ['no fraction', { limits: { d0: { floor: 2 } } }, task, 'limit-range', 'the floor of'],
    ['a limit of nothing', { limits: { x: { floor: 0.5 } } }, task, 'limit-unmatched', 'the layers are d0, d1'],
    ['a table of nothing', { table: { x: 0.5 } }, task, 'table-unmatched', 'the layers are d0, d1'],
    ['a table of nonsense', { table: { d0: 2 } }, task, 'sparsity-range', "the budget of 'd0'"],
  ])('%s', async (_, options: StructuredOptions, selection, code, message) => {
    const expected = expect.objectContaining({ code, message: expect.stringContaining(message) });
    expect(() => structured(options).check!(selection)).toThrow(expected);
    await expect(refusal(options, selection)).rejects.toEqual(expected);
  });

  test('what can be met is known before', () => {
    // 1 channel in each group: 2 + 1 + 1 of 14 weights, 2 of 5 channels.
    expect(mostSparsity(task, { cost: paramCost })).toBe(1 - 4 / 14);
    expect(mostSparsity(task, {})).toBe(0.6);
    expect(mostSparsity(task, { limits: { d0: { floor: 1 } } })).toBeCloseTo(0.2, 12);
  });

  test('nonsense in the options', () =>
    expect(() => structured({ roundTo: 0 })).toThrow(expect.objectContaining({ code: 'round-to' })));
});

test.each([
  [mean, 2.5, 3],
  [sum, 5, 3],
  [max, 4, 3],
  [l2, Math.sqrt(17), 3],
])('$name of 1 and 4, of 3 alone', ({ start, add, end }, pair, single) => {
  expect(
    end(
      [1, 4].reduce((t, s) => add(t, s), start),
      2,
    ),
  ).toBe(pair);
  expect(end(add(start, 3), 1)).toBe(single);
});

test('law: never above the budget, nothing that went would still fit, multiples and floors hold', async () => {
  const layer = fc.array(fc.constantFrom(0, 1, 2, 5, 9), { minLength: 1, maxLength: 9 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(layer, { minLength: 1, maxLength: 4 }),
      fc.double({ min: 0, max: 0.95, noNaN: true }),
      fc.constantFrom(1, 2, 4),
      fc.constantFrom(0, 0.3, 0.6),
      fc.constantFrom('global' as const, 'local' as const),
      fc.boolean(),
      async (layers, sparsity, roundTo, floor, scope, perCost) => {
        const selection = chain(3, layers, sparsity);
        const strategy = structured({ cost: macCost, limits: { '*': { floor } }, roundTo, scope, perCost });
        const dense = planCost({ units: {} }, selection, macCost);
        const plan = await strategy.select(selection).catch((error: { code: string }) => error.code);
        if (typeof plan === 'string') return expect(plan).toBe('budget-infeasible');
        const cost = planCost(plan, selection, macCost);
        expect(cost).toBeLessThanOrEqual((1 - sparsity) * dense * (1 + 1e-9));
        for (const { id, size } of selection.groups) {
          const left = countKept(plan.units[id]);
          expect(left === size || left % roundTo === 0).toBe(true);
          expect(left).toBeGreaterThanOrEqual(Math.max(1, Math.round(floor * size)));
          if (roundTo > 1 || left === size) continue;
          // Any one of the channels that went.
          const gone = plan.units[id].bytes[0] === 255 ? size - 1 : Array.from(bitsToFloats(plan.units[id])).indexOf(0);
          const back = {
            ...plan.units,
            [id]: bitsFrom(size, (i) => i === gone || bitsToFloats(plan.units[id])[i] === 1),
          };
          expect(planCost({ units: back }, selection, macCost)).toBeGreaterThan((1 - sparsity) * dense);
        }
      },
    ),
    { numRuns: 300, seed: 7 },
  );
});
