import { join } from 'node:path';
import { countKept } from '@espalier/core';
import { readModel } from '@espalier/format';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { adaptLayers, loadLayersModel } from './index.js';
import { checkLaw, randomCut } from '../testing/law.js';

// Only its files are read; in place of its peer, a third of a gigabyte, package.json installs a stub.
const dir = join(__dirname, '../../../../node_modules/@upscalerjs/default-model/models');

beforeAll(async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
});

test('@upscalerjs/default-model: concatenations and additions; all its channels but the picture may go', async () => {
  const model = await loadLayersModel((await readModel(dir)).artifacts);
  const prunable = adaptLayers(model);
  const { groups } = prunable;
  expect(groups.map(({ id, size, skip }) => [id, size, skip?.text])).toEqual([
    // Added to GFF_2's at the end of the trunk.
    ['F_m1', 64, undefined],
    // Each block of the trunk adds to the one before.
    ['F_0', 64, undefined],
    ['F_1_1', 4, undefined],
    ['F_2_1', 4, undefined],
    ['GFF_1', 64, undefined],
    ['UPN1', 64, undefined],
    ['UPN2', 32, undefined],
    ['UPN3', 12, undefined],
    ['SR', 3, 'model output'],
  ]);
  const sitesOf = (id: string) => groups.find((group) => group.id === id)!.sites.map(({ param }) => param);
  expect(sitesOf('F_0').filter((param) => param === 'GFF_1/kernel')).toHaveLength(1);
  expect(sitesOf('F_m1')).toContain('GFF_2/kernel');
  const x = [tf.randomUniform([1, 12, 10, 3], 0, 255, 'float32', 3)];
  for (const [fraction, kept] of [
    [0.3, 216],
    [0.6, 126],
  ]) {
    const plan = randomCut(prunable, fraction, 5);
    expect(Object.values(plan.units).reduce((sum, bits) => sum + countKept(bits), 0)).toBe(kept);
    await checkLaw(prunable, plan, x);
  }
  tf.dispose(x);
  prunable.dispose();
});
