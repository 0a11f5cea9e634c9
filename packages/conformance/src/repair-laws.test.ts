import '@tensorflow/tfjs-backend-cpu';
import { type Bits, bitsFrom, isKept, type Repair, resolveMask, type Update } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { describeRepair } from './describe.js';
import { REPAIR_LAWS } from './repair-laws.js';

beforeAll(() => tf.setBackend('cpu'));

/** Keeps what the survivors are, after a look at the data. */
const keep = (change: (update: Update) => Update = (update) => update): Repair => ({
  name: 'keep',
  async repair({ model, batches }, plan) {
    for await (const batch of batches()) if (batch.x.size === 0) throw new Error('empty');
    const values: Record<string, Float32Array> = {};
    for (const param of model.params) {
      const bits = await resolveMask(plan, param, model.groups);
      if (bits) values[param.id] = (await model.read(param.id)).map((w, i) => (isKept(bits, i) ? w : 0));
    }
    return change({ plan, values });
  },
});

describeRepair('keeping values', () => keep());

const spoil = (change: (values: Float32Array) => Float32Array) =>
  keep(({ plan, values }) => ({
    plan,
    values: Object.fromEntries(Object.entries(values).map(([id, v]) => [id, change(v)])),
  }));
const swapped = (bits: Bits) =>
  bitsFrom(bits.length, (i) => isKept(bits, i === 0 ? bits.length - 1 : i === bits.length - 1 ? 0 : i));
let drift = 0;
const SHAPE = 'gives finite values, +0 where the plan prunes, and prunes as much';

test.each<[law: string, how: string, make: () => Repair]>([
  ['has a name that prints', 'empty', () => ({ ...keep(), name: '' })],
  [SHAPE, 'NaN', () => spoil((v) => v.map(() => NaN))],
  [SHAPE, 'fills zeros', () => spoil((v) => v.map(() => 1))],
  [SHAPE, '−0', () => spoil((v) => v.map((w) => (w === 0 ? -0 : w)))],
  [SHAPE, 'too long', () => spoil((v) => Float32Array.of(...v, 0))],
  [SHAPE, 'nothing', () => keep(({ plan }) => ({ plan, values: {} }))],
  [
    'keeps the granularity of the plan',
    'forgets it',
    () => keep(({ plan, values }) => ({ plan: { ...plan, granularity: undefined }, values })),
  ],
  [
    'keeps the granularity of the plan',
    'lets two weights change places',
    () => keep(({ plan, values }) => ({ plan: { ...plan, mask: async (id) => swapped(await plan.mask(id)) }, values })),
  ],
  ['gives the same values on the same model', 'drifts', () => spoil((v) => v.map((w) => (w === 0 ? 0 : w + ++drift)))],
  [
    'leaves the model and the batches as they are, and leaks nothing',
    'leaks',
    () => keep((update) => (tf.scalar(1), update)),
  ],
  [
    'passes on what its data throws, with the model as it was',
    'hides it',
    () => ({
      name: 'hides',
      repair: (context, plan) =>
        keep()
          .repair(context, plan)
          .catch(() => ({ plan, values: {} })),
    }),
  ],
])('%s: %s', async (name, _, make) => {
  const { check } = REPAIR_LAWS.find((law) => law.name === name)!;
  await expect(check({ make })).rejects.toThrow(name);
});
