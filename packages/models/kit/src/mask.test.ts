import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { type Group, memoryPlan } from '@espalier/core';
import { changedValues, changeOf, maskWeights, writeVariable } from './index.js';
import { takeSlices } from './slices.js';
import { bits, free, held, noLeaks, param, range } from '../testing/build.js';

beforeAll(() => tf.setBackend('cpu'));
noLeaks();

describe('maskWeights', () => {
  test('writes +0, keeps it there, and puts back what it pruned', async () => {
    const weights = [held('a', [2, 2], [1, -2, NaN, 4]), held('b', [2], [5, 6])];
    const [{ variable }] = weights;
    const handle = await maskWeights(weights, [], memoryPlan({ masks: { a: bits([1, 0, 0, 1]) } }));
    expect([...variable.dataSync()].map((w) => (Object.is(w, -0) ? 'minus zero' : w))).toEqual([1, 0, 0, 4]);
    tf.tidy(() => variable.assign(tf.tensor([10, 20, 30, 40], [2, 2])));
    handle.apply();
    expect([...variable.dataSync()]).toEqual([10, 0, 0, 40]);
    handle.restore();
    expect([...variable.dataSync()]).toEqual([10, -2, NaN, 40]);
    expect(() => handle.apply()).toThrow(expect.objectContaining({ code: 'mask-ended' }));
    free(weights);
  });

  test('gradients of pruned weights are +0, also where they are NaN; others are copies', async () => {
    const weights = [held('a', [2], [1, 2]), held('b', [1], [3])];
    const handle = await maskWeights(weights, [], memoryPlan({ masks: { a: bits([0, 1]) } }));
    const grads = { a: tf.tensor1d([NaN, 7]), b: tf.tensor1d([8]) };
    const masked = handle.maskGradients(grads);
    tf.dispose(grads);
    expect([[...masked.a.dataSync()], [...masked.b.dataSync()]]).toEqual([[0, 7], [8]]);
    tf.dispose(masked);
    handle.makePermanent();
    free(weights);
  });

  test('a group that may lose nothing is not cut', async () => {
    const weights = [held('a', [2, 2], [1, 2, 3, 4])];
    const group: Group = {
      id: 'g',
      size: 2,
      sites: [{ param: 'a', axis: 1, unitOf: Int32Array.of(0, 1) }],
      skip: { text: 'why' },
    };
    const plan = memoryPlan({ units: { g: bits([1, 0]) } });
    await expect(maskWeights(weights, [group], plan)).rejects.toMatchObject({ code: 'group-fixed', where: 'g' });
    free(weights);
  });
});

describe('slices', () => {
  test('are taken along every axis as a loop over all entries takes them', () => {
    const shape = [2, 3, 4];
    const data = Float32Array.from(range(24));
    for (const [axis, kept] of [
      [1, 0],
      [0, 1, 1],
      [1, 0, 0, 1],
    ].entries()) {
      const naive = range(24).filter((i) => kept[[i / 12, (i / 4) % 3, i % 4].map(Math.floor)[axis]] === 1);
      const taken = takeSlices({ shape, data }, axis, bits(kept));
      expect([...taken.data]).toEqual(naive);
      expect(taken.shape).toEqual(shape.map((n, i) => (i === axis ? kept.filter(Boolean).length : n)));
    }
  });

  test('two groups that meet on one axis remove together; the change says what went', () => {
    const sites = (unitOf: number[]) => [{ param: 'a', axis: 0, unitOf: Int32Array.from(unitOf) }];
    const groups = [
      { id: 'left', size: 2, sites: sites([0, 1, -1, -1]) },
      { id: 'right', size: 2, sites: sites([-1, -1, 0, 1]) },
    ];
    const plan = memoryPlan({ units: { left: bits([0, 1]), right: bits([1, 0]) } });
    const change = changeOf(plan, { params: [param('a', [4, 2])], groups });
    expect(change).toEqual({
      units: { left: [0], right: [1] },
      removals: [{ param: 'a', axis: 0, size: 4, removed: [0, 3] }],
    });
    const left = changedValues('a', { shape: [4, 2], data: Float32Array.from(range(8)) }, change);
    expect(left).toEqual({ shape: [2, 2], data: Float32Array.of(2, 3, 4, 5) });
  });
});

test('a variable takes as many values as it has, and no others', () => {
  const { variable } = held('w', [2], [1, 2]);
  writeVariable('w', variable, Float32Array.of(3, 4));
  expect([...variable.dataSync()]).toEqual([3, 4]);
  expect(() => writeVariable('w', variable, Float32Array.of(1))).toThrow(
    expect.objectContaining({ code: 'param-values', wanted: '2 values', found: '1' }),
  );
  variable.dispose();
});
