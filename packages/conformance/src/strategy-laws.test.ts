import {
  type Bits,
  bitsFrom,
  isKept,
  makeBits,
  memoryPlan,
  type Plan,
  pruneCount,
  type Selection,
  type Strategy,
  UsageError,
} from '@espalier/core';
import { describeStrategy } from './describe.js';
import { STRATEGY_LAWS } from './strategy-laws.js';
import { weights, oneOfTwo, channels, SQUARES, squares } from '../testing/strategies.js';

describeStrategy('squares', squares);
describeStrategy('weights', weights);
describeStrategy('1:2', oneOfTwo);
describeStrategy('channels', channels);

/** A strategy that asks another and then spoils the plan. */
const spoilt =
  (base: () => Strategy, change: (plan: Plan, selection: Selection) => Partial<Plan> | Promise<Partial<Plan>>) =>
  (): Strategy => ({
    ...base(),
    async select(selection) {
      const plan = await base().select(selection);
      return { ...plan, ...(await change(plan, selection)) };
    },
  });
/** A strategy that asks another about a spoilt selection. */
const misled = (base: () => Strategy, change: (selection: Selection) => Partial<Selection>) => (): Strategy => ({
  ...base(),
  select: (selection) => base().select({ ...selection, ...change(selection) }),
});

const mapMasks = (plan: Plan, change: (bits: Bits, id: string) => Bits): Partial<Plan> => ({
  mask: async (id) => change(await plan.mask(id), id),
});
const flip = (bits: Bits, at: number) => bitsFrom(bits.length, (i) => (i === at ? !isKept(bits, i) : isKept(bits, i)));
const negated = ({ scores }: Selection) => ({
  scores: { ...scores, read: async (id: string) => (await scores.read(id)).map((v) => -v) },
});
const moveUnit = (plan: Plan): Partial<Plan> => ({ units: { ...plan.units, b: flip(plan.units.b, 0) } });
let calls = 0;

const BROKEN: [law: string, how: string, make: () => Strategy][] = [
  ['has a name that prints', 'empty', () => ({ ...weights(), name: '' })],
  ['has a name that prints', 'an escape', () => ({ ...weights(), name: '\u001b[31mred' })],
  [
    'gives masks of the right length, unused bits zero',
    'one bit short',
    spoilt(weights, (p) => mapMasks(p, (b) => bitsFrom(b.length - 1, () => true))),
  ],
  [
    'gives masks of the right length, unused bits zero',
    'spare bits',
    spoilt(channels, ({ units }) => ({ units: { ...units, a: { length: 12, bytes: Uint8Array.of(255, 255) } } })),
  ],
  ['gives masks of the right length, unused bits zero', 'nothing', spoilt(weights, () => ({ params: [], units: {} }))],
  ['describes its granularity, and keeps to it', 'nothing said', spoilt(weights, () => ({ granularity: undefined }))],
  [
    'describes its granularity, and keeps to it',
    'a name that does not print',
    spoilt(weights, () => ({ granularity: { kind: 'weights', name: '\n' } })),
  ],
  [
    'describes its granularity, and keeps to it',
    'half a square',
    spoilt(squares, (p) => mapMasks(p, (b) => flip(b, 0))),
  ],
  [
    'describes its granularity, and keeps to it',
    'weights for squares',
    spoilt(weights, () => ({ granularity: SQUARES })),
  ],
  [
    'prunes the exact count',
    'one square too few',
    spoilt(squares, (p) => mapMasks(p, (b, id) => (id === 'a/kernel' ? [0, 1, 12, 13].reduce(flip, b) : b))),
  ],
  ['prunes the lowest scores', 'the highest squares', misled(squares, negated)],
  [
    'keeps pruned what an earlier plan pruned, and counts it',
    'squares come back',
    misled(squares, () => ({ previous: undefined })),
  ],
  [
    'keeps the lower index among equal scores',
    'the higher square',
    misled(squares, ({ scores }) => ({
      scores: { ...scores, read: async (id) => (await scores.read(id)).map((v, i) => v + i * 1e-6) },
    })),
  ],
  [
    'keeps the lower index among equal scores',
    'the second of two',
    misled(oneOfTwo, ({ scores }) => ({
      scores: { ...scores, read: async (id) => (await scores.read(id)).map((v, i) => v + i * 1e-6) },
    })),
  ],
  [
    'prunes the exact count',
    'one too few',
    spoilt(weights, (p) => mapMasks(p, (b, id) => (id === 'a/kernel' ? flip(b, 0) : b))),
  ],
  ['prunes the exact count', 'one of two groups too full', spoilt(oneOfTwo, (p) => mapMasks(p, (b) => flip(b, 0)))],
  ['prunes the exact count', 'one channel more or less', spoilt(channels, moveUnit)],
  ['prunes the lowest scores', 'the highest', misled(weights, negated)],
  ['prunes the lowest scores', 'the highest of two', misled(oneOfTwo, negated)],
  ['prunes the lowest scores', 'the highest channels', misled(channels, negated)],
  [
    'keeps the lower index among equal scores',
    'the higher',
    misled(weights, ({ scores }) => ({
      scores: { ...scores, read: async (id) => (await scores.read(id)).map((v, i) => v + i * 1e-6) },
    })),
  ],
  [
    'keeps everything at sparsity 0',
    'one gone',
    spoilt(weights, (p, { sparsity }) => (sparsity > 0 ? {} : mapMasks(p, (b) => flip(b, 0)))),
  ],
  [
    'never empties the network',
    'all gone',
    spoilt(weights, (p, { sparsity }) => (sparsity < 1 ? {} : mapMasks(p, (b) => makeBits(b.length, false)))),
  ],
  [
    'decides the same when asked again',
    'a counter',
    () => {
      const turn = calls++;
      return spoilt(weights, (p) => mapMasks(p, (b) => flip(b, turn % b.length)))();
    },
  ],
  [
    'decides the same when asked again',
    'a mask with a memory',
    spoilt(weights, (p) => {
      let asked = 0;
      return mapMasks(p, (b) => (asked++ < 3 ? b : flip(b, 0)));
    }),
  ],
  [
    'keeps pruned what an earlier plan pruned, and counts it',
    'weights come back',
    misled(weights, () => ({ previous: undefined })),
  ],
  [
    'keeps pruned what an earlier plan pruned, and counts it',
    'channels come back',
    misled(channels, () => ({ previous: undefined })),
  ],
  [
    'keeps pruned what an earlier plan pruned, and counts it',
    'too many',
    spoilt(weights, (p, { previous }) => (previous ? mapMasks(p, (b) => makeBits(b.length, false)) : {})),
  ],
  [
    'leaves alone what is protected or has no scores',
    'protected',
    misled(weights, ({ params }) => ({
      params: params.map((p) => (p.role === 'kernel' ? { ...p, skip: undefined } : p)),
    })),
  ],
  [
    'leaves alone what is protected or has no scores',
    'protected group',
    misled(channels, ({ groups }) => ({ groups: groups.map((g) => ({ ...g, skip: undefined })) })),
  ],
  [
    'rejects a mask that the plan does not list',
    'keeps all',
    spoilt(weights, (p) => ({ mask: (id) => p.mask(id).catch(() => makeBits(1)) })),
  ],
  [
    'refuses scores that are NaN, by name',
    'takes them for 0',
    misled(weights, ({ scores }) => ({
      scores: { ...scores, read: async (id) => (await scores.read(id)).map((v) => v || 0) },
    })),
  ],
  [
    'says why when nothing may be pruned',
    'an empty plan',
    () => ({
      ...weights(),
      select: (s) =>
        weights()
          .select(s)
          .catch(() => memoryPlan({})),
    }),
  ],
  [
    'says why when nothing may be pruned',
    'no reason',
    () => ({
      ...weights(),
      select: (s) =>
        weights()
          .select(s)
          .catch(() => {
            throw new UsageError('nothing-to-prune', 'no');
          }),
    }),
  ],
  [
    'refuses a sparsity outside [0, 1]',
    'clips it',
    misled(weights, ({ sparsity }) => ({ sparsity: Math.min(1, Math.max(0, sparsity || 0)) })),
  ],
];

test.each(BROKEN)('%s: %s is caught', async (name, _how, make) => {
  const law = STRATEGY_LAWS.find((l) => l.name === name)!;
  // For what the law is about, and not for an accident on the way there.
  const detail = expect.not.stringMatching(/^it threw .*(Type|Range|Reference)Error/);
  await expect(law.check({ make })).rejects.toMatchObject({ name: 'LawError', law: name, detail });
});

test('every law has been seen to fail', () => {
  expect(new Set(BROKEN.map(([name]) => name))).toEqual(new Set(STRATEGY_LAWS.map((l) => l.name)));
});

test('a budget of its own is counted by its own rule', async () => {
  const law = STRATEGY_LAWS.find((l) => l.name === 'prunes the exact count')!;
  const half = (selection: Selection) => Math.floor(pruneCount(48 * 36, selection.sparsity) / 2);
  const lazy = misled(weights, ({ sparsity }) => ({ sparsity: half({ sparsity } as Selection) / (48 * 36) }));
  await expect(law.check({ make: lazy })).rejects.toMatchObject({ name: 'LawError' });
  await expect(law.check({ make: lazy, pruned: half })).resolves.toBeUndefined();
});
