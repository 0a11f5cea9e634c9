import {
  bitsFrom,
  bitsToFloats,
  countKept,
  type Group,
  memoryPlan,
  type Param,
  roundHalfEven,
  type Scores,
  type Selection,
} from '@espalier/core';
import fc from 'fast-check';
import { structured } from './structured.js';

/** A net of groups whose channels have these scores: kernel `id/kernel` of shape [1, size]. */
function net(groups: Record<string, number[]>, sparsity: number, rest: Partial<Selection> = {}): Selection {
  const entries = Object.entries(groups);
  return {
    params: entries.map(([id, v]): Param => ({
      id: `${id}/kernel`,
      shape: [1, v.length],
      inAxis: 0,
      role: 'kernel',
      uses: 1,
      trainable: true,
    })),
    groups: entries.map(([id, v]): Group => ({
      id,
      size: v.length,
      sites: [{ param: `${id}/kernel`, axis: 1, unitOf: Int32Array.from(v, (_, i) => i) }],
    })),
    scores: {
      params: entries.map(([id]) => `${id}/kernel`),
      read: async (id) => Float32Array.from(groups[id.split('/')[0]]),
    },
    sparsity,
    ...rest,
  };
}
const text = async (scope: 'global' | 'local', s: Selection) => {
  const { units } = await structured({ scope }).select(s);
  return Object.fromEntries(Object.entries(units).map(([id, bits]) => [id, Array.from(bitsToFloats(bits)).join('')]));
};

// Each group is divided by its mean: a = .4 .8 1.2 1.6, b = .5 .5 1.5 1.5.
const two = { a: [1, 2, 3, 4], b: [10, 10, 30, 30] };

describe('by hand', () => {
  test.each([
    ['global', 0.375, { a: '0111', b: '0011' }],
    ['global', 0.25, { a: '0111', b: '1011' }],
    ['global', 0.75, { a: '0001', b: '0010' }],
    ['local', 0.25, { a: '0111', b: '1011' }],
    ['local', 0.5, { a: '0011', b: '0011' }],
    ['local', 0.375, { a: '0111', b: '0011' }],
    ['global', 0, { a: '1111', b: '1111' }],
  ] as const)('%s at %d', async (scope, sparsity, expected) =>
    expect(await text(scope, net(two, sparsity))).toEqual(expected),
  );

  test('a group keeps its best channel and the others give the rest', async () => {
    // Normalised: a = 1 1, b = .1 .9 1 2. Removing 4 of 6 wants b0 b1 and both of a and b2.
    expect(await text('global', net({ a: [5, 5], b: [0.1, 0.9, 1, 2] }, 4 / 6))).toEqual({ a: '10', b: '0001' });
  });

  test('one channel per group must stay', async () => {
    await expect(text('global', net(two, 0.9))).rejects.toMatchObject({
      code: 'channels-impossible',
      message: expect.stringContaining('use a sparsity of at most 0.75'),
    });
    await expect(text('local', net(two, 1))).rejects.toMatchObject({ code: 'channels-impossible' });
  });

  test('the mean score of a channel at each site, each site in units of its own mean', async () => {
    const base = net({ a: [1, 2] }, 0.5);
    const next: Param = { ...base.params[0], id: 'next/kernel', shape: [4, 2] };
    const group: Group = {
      ...base.groups[0],
      sites: [...base.groups[0].sites, { param: next.id, axis: 0, unitOf: Int32Array.of(0, 1, 0, 1) }],
    };
    const scores: Scores = {
      params: ['a/kernel', next.id],
      read: async (id) => Float32Array.from(id === next.id ? [9, 9, 0, 0, 9, 9, 0, 0] : [1, 2]),
    };
    // Site 1: 1 and 2 in units of 1.5. Site 2: 9 and 0 in units of 4.5. Channel 0: (2/3 + 2) / 2, channel 1: (4/3 + 0) / 2.
    expect(await text('global', { ...base, params: [...base.params, next], groups: [group], scores })).toEqual({
      a: '10',
    });
  });

  test('a scorer that scores channels is asked for them', async () => {
    const s = net({ a: [1, 2] }, 0.5);
    expect(
      await text('global', { ...s, scores: { ...s.scores, readGroup: async () => Float32Array.of(7, 3) } }),
    ).toEqual({ a: '10' });
  });

  test('protected groups are left out of the count', async () => {
    const s = net(two, 0.5);
    expect(
      await text('global', { ...s, groups: [s.groups[0], { ...s.groups[1], skip: { text: 'model output' } }] }),
    ).toEqual({
      a: '0011',
    });
    await expect(
      text('global', { ...s, groups: s.groups.map((g) => ({ ...g, skip: { text: 'model output' } })) }),
    ).rejects.toMatchObject({ code: 'nothing-to-prune', message: expect.stringContaining('a: model output') });
  });

  test('NaN scores name their group', async () => {
    await expect(text('global', net({ a: [1, NaN] }, 0.5))).rejects.toMatchObject({
      code: 'score-not-finite',
      where: 'a',
    });
  });

  test('earlier removals stay', async () => {
    const previous = memoryPlan({ units: { a: bitsFrom(4, (i) => i !== 3) } });
    expect(await text('global', net(two, 0.25, { previous }))).toEqual({ a: '0110', b: '1111' });
  });
});

test('law: the exact count, at least one channel in every group', async () => {
  const group = fc.array(fc.constantFrom(0, 0.5, 1, 2, 8), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(group, { minLength: 1, maxLength: 5 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      fc.constantFrom('global' as const, 'local' as const),
      async (lists, sparsity, scope) => {
        const s = net(Object.fromEntries(lists.map((v, i) => [`g${i}`, v])), sparsity);
        const total = lists.flat().length;
        const count = roundHalfEven(sparsity * total);
        const run = structured({ scope }).select(s);
        if (count > total - lists.length) return expect(run).rejects.toMatchObject({ code: 'channels-impossible' });
        const kept = Object.values((await run).units).map(countKept);
        expect(kept.reduce((a, b) => a + b, 0)).toBe(total - count);
        expect(Math.min(...kept)).toBeGreaterThanOrEqual(1);
      },
    ),
    { numRuns: 500, seed: 2 },
  );
});
