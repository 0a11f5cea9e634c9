import '@tensorflow/tfjs-backend-wasm';
import { dirname, join } from 'node:path';
import { readModel } from '@espalier/format';
import * as tf from '@tensorflow/tfjs-core';
import { adaptGraph } from './index.js';
import { maskAgainstShrink, randomUnits } from '../testing/build.js';

const models = join(dirname(require.resolve('@vladmandic/human')), '..', 'models');

beforeAll(async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('wasm');
});

/** Networks that others have trained and converted; open = the groups that may lose channels. */
const CASES = [
  { name: 'blazeface', open: 4, groups: 8, quantised: undefined },
  { name: 'emotion', open: 6, groups: 7, quantised: undefined },
  { name: 'antispoof', open: 4, groups: 5, quantised: '10 as float16' },
] as const;

for (const { name, open, groups, quantised } of CASES) {
  test(`${name}: shrink(plan)(x) is mask(plan)(x) at 30% and 60% of the channels`, async () => {
    const { artifacts } = await readModel(join(models, `${name}.json`));
    const model = adaptGraph(artifacts);
    expect(model.groups).toHaveLength(groups);
    expect(model.groups.filter(({ skip }) => skip === undefined)).toHaveLength(open);
    expect(model.notes.map(({ text }) => text).join()).toContain(quantised ?? '');
    expect(model.notes).toHaveLength(quantised === undefined ? 0 : 1);
    for (const fraction of [0.3, 0.6]) {
      const { difference, moved, removed } = await maskAgainstShrink(model, randomUnits(model.groups, fraction, 7));
      expect(difference).toBeLessThanOrEqual(1e-4);
      expect(moved).toBeGreaterThan(1e-3);
      expect(removed).toBeGreaterThan(0);
    }
    model.dispose();
  });
}
