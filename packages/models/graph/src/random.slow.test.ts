import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { dirname, join } from 'node:path';
import { readModel } from '@espalier/format';
import * as tf from '@tensorflow/tfjs-core';
import { adaptGraph } from './index.js';
import { randomGraph } from '../testing/graphs.js';
import { maskAgainstShrink, randomUnits } from '../testing/build.js';

const models = join(dirname(require.resolve('@vladmandic/human')), '..', 'models');

beforeAll(() => void tf.env().set('PROD', true));

test('1,000 random graphs: shrink(plan)(x) is mask(plan)(x)', async () => {
  await tf.setBackend('cpu');
  const bad: number[] = [];
  for (let seed = 0; seed < 1000; seed++) {
    const model = adaptGraph(randomGraph(seed, 12).artifacts);
    const plan = randomUnits(model.groups, seed % 2 ? 0.3 : 0.6, seed);
    const { difference } = await maskAgainstShrink(model, plan, seed);
    if (!(difference <= 1e-4)) bad.push(seed);
    model.dispose();
  }
  expect(bad).toEqual([]);
});

const LARGER = ['facemesh', 'iris', 'faceres', 'handlandmark-lite', 'movenet-lightning', 'centernet', 'liveness'];

test.each(LARGER)('%s: shrink(plan)(x) is mask(plan)(x)', async (name) => {
  await tf.setBackend('wasm');
  const { artifacts } = await readModel(join(models, `${name}.json`));
  const model = adaptGraph(artifacts);
  for (const fraction of [0.3, 0.6]) {
    const plan = randomUnits(model.groups, fraction, 7);
    const { difference, removed } = await maskAgainstShrink(model, plan);
    expect(difference).toBeLessThanOrEqual(1e-4);
    expect(removed).toBeGreaterThan(0);
  }
  model.dispose();
});
