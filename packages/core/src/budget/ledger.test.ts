import fc from 'fast-check';
import { bitsFrom } from '../bits.js';
import type { Group, Param } from '../contracts.js';
import { memoryPlan } from '../plan.js';
import { summarisePlan } from '../summary.js';
import { byteCost, macCost, openLedger, paramCost, planCost } from './index.js';

const param = (id: string, shape: number[], rest: Partial<Param> = {}): Param => ({
  id,
  shape,
  inAxis: 0,
  role: 'kernel',
  uses: 1,
  trainable: true,
  ...rest,
});
const iota = (n: number) => Int32Array.from({ length: n }, (_, i) => i);

// 3×3 convolution 2 → 4 on 10 pixels with bias, flattened over 2 positions into a dense layer 8 → 3.
const params = [
  param('conv/kernel', [3, 3, 2, 4], { inAxis: 2, uses: 10 }),
  param('conv/bias', [4], { role: 'bias', inAxis: -1, uses: null }),
  param('fc/kernel', [8, 3]),
];
const groups: Group[] = [
  {
    id: 'conv',
    size: 4,
    sites: [
      { param: 'conv/kernel', axis: 3, unitOf: iota(4) },
      { param: 'conv/bias', axis: 0, unitOf: iota(4) },
      { param: 'fc/kernel', axis: 0, unitOf: Int32Array.of(0, 1, 2, 3, 0, 1, 2, 3) },
    ],
  },
];
const without = (...gone: number[]) => ({ units: { conv: bitsFrom(4, (i) => !gone.includes(i)) } });

test.each([
  [[], 100, 744, 400],
  [[1], 75, 558, 300],
  [[1, 3], 50, 372, 200],
  [[0, 1, 2, 3], 0, 0, 0],
])('by hand without %j', (gone, weights, macs, bytes) => {
  expect(planCost(without(...gone), { params, groups }, paramCost)).toBe(weights);
  expect(planCost(without(...gone), { params, groups }, macCost)).toBe(macs);
  expect(planCost(without(...gone), { params, groups }, byteCost(7))).toBe(bytes + 7);
});

test('a removed unit makes the next one cheaper at a weight that they share, and comes back at the same price', () => {
  // A dense layer between two groups: 4 × 3 entries, one row goes (3), then one column of what is left (3 of 4).
  const middle: Group[] = [
    { id: 'in', size: 4, sites: [{ param: 'w/kernel', axis: 0, unitOf: iota(4) }] },
    { id: 'out', size: 3, sites: [{ param: 'w/kernel', axis: 1, unitOf: iota(3) }] },
  ];
  const ledger = openLedger({ params: [param('w/kernel', [4, 3])], groups: middle }, paramCost);
  const totals = [ledger.total()];
  const step = (change: () => void) => {
    change();
    totals.push(ledger.total());
  };
  step(() => ledger.remove('in', 2));
  step(() => ledger.remove('out', 0));
  step(() => ledger.restore('in', 2));
  step(() => ledger.restore('out', 0));
  expect(totals).toEqual([12, 9, 6, 8, 12]);
});

test('sizes that are open have no MACs', () => {
  const open = [param('conv/kernel', [3, 3, 2, 4], { uses: null })];
  expect(() => openLedger({ params: open, groups: [] }, macCost)).toThrow(
    expect.objectContaining({
      code: 'macs-unknown',
      where: 'conv/kernel',
      fix: expect.stringContaining('inputShape'),
    }),
  );
});

test('law: parameters and MACs are those that the plan itself counts', async () => {
  // Two producers, their concatenation (with a hole) and a sum: sites that share axes and weights.
  const model = {
    params: [
      param('a/kernel', [2, 3], { uses: 5 }),
      param('b/kernel', [3, 4], { uses: 2 }),
      param('c/kernel', [9, 4], { uses: 7 }),
      param('n/gamma', [4], { role: 'norm', uses: null }),
    ],
    groups: [
      {
        id: 'a',
        size: 3,
        sites: [
          { param: 'a/kernel', axis: 1, unitOf: iota(3) },
          { param: 'b/kernel', axis: 0, unitOf: iota(3) },
          { param: 'c/kernel', axis: 0, unitOf: Int32Array.of(0, 1, 2, -1, -1, -1, -1, -1, 1) },
        ],
      },
      {
        id: 'b',
        size: 4,
        sites: [
          { param: 'b/kernel', axis: 1, unitOf: iota(4) },
          { param: 'c/kernel', axis: 0, unitOf: Int32Array.of(-1, -1, -1, 0, 1, 2, 3, -1, 0) },
          { param: 'c/kernel', axis: 1, unitOf: iota(4) },
          { param: 'n/gamma', axis: 0, unitOf: iota(4) },
        ],
      },
    ] satisfies Group[],
  };
  const mask = (size: number) => fc.array(fc.boolean(), { minLength: size, maxLength: size });
  await fc.assert(
    fc.asyncProperty(mask(3), mask(4), async (a, b) => {
      const plan = memoryPlan({ units: { a: bitsFrom(3, (i) => a[i]), b: bitsFrom(4, (i) => b[i]) } });
      const { params: counted, macs } = await summarisePlan(plan, model, 0);
      expect(planCost(plan, model, paramCost)).toBe(counted.kept);
      expect(planCost(plan, model, macCost)).toBe(macs!.kept);
    }),
    { numRuns: 128, seed: 3 },
  );
});
