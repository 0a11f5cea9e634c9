import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { tinyNetwork } from '@espalier/conformance';
import { type PrunableModel } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { fineTune, shareWeights } from './index.js';
import { data, ONE_STEP, wholeGradients } from '../testing/data.js';

const KERNELS = { 'hidden/kernel': 24, 'out/kernel': 18 };
/** Zero, three values, and −0. */
const shareOf = (i: number) => [0.5, 0, -0.25, 0.75, -0, 0.5, 0.5][(i * 5) % 7];

/** A network with shared values, and a check that nothing leaks. */
async function withModel(body: (model: PrunableModel) => Promise<void>) {
  const before = tf.memory().numTensors;
  const model = tinyNetwork();
  for (const [id, size] of Object.entries(KERNELS))
    model.write(
      id,
      Float32Array.from({ length: size }, (_, i) => shareOf(i)),
    );
  await body(model);
  model.dispose();
  expect(tf.memory().numTensors).toBe(before);
}

const members = (size: number, value: number) =>
  Array.from({ length: size }, (_, i) => i).filter((i) => shareOf(i) === value);

beforeEach(() => tf.setBackend('cpu'));

describe('shareWeights', () => {
  test('one step of SGD by hand: every member of a value moves by lr · Σ of their gradients', () =>
    withModel(async (model) => {
      const [, gradients] = await wholeGradients(model, Object.keys(KERNELS));
      const handle = await shareWeights(model);
      expect(handle.values).toEqual({ 'hidden/kernel': 3, 'out/kernel': 3 });
      expect(handle.plan.params).toEqual(Object.keys(KERNELS));
      await fineTune(model, { ...ONE_STEP, handles: [handle] });
      handle.makePermanent();
      for (const [k, [id, size]] of Object.entries(KERNELS).entries()) {
        const after = await model.read(id);
        for (const value of [0.5, -0.25, 0.75]) {
          const own = members(size, value);
          const sum = own.reduce((total, i) => total + gradients[k][i], 0);
          expect(own.length).toBeGreaterThan(0);
          for (const i of own) expect(after[i]).toBeCloseTo(value - 0.5 * sum, 6);
          expect(new Set(own.map((i) => after[i])).size).toBe(1);
        }
        for (const i of members(size, 0)) expect(Object.is(after[i], 0)).toBe(true);
      }
    }));

  test.each(['cpu', 'wasm'])('Adam on %s: values stay shared bit for bit, learn, and are put back', async (backend) => {
    await tf.setBackend(backend);
    await withModel(async (model) => {
      const before = await Promise.all(Object.keys(KERNELS).map((id) => model.read(id)));
      const handle = await shareWeights(model);
      const { losses } = await fineTune(model, {
        data,
        epochs: 8,
        batchSize: 8,
        learningRate: 0.02,
        handles: [handle],
      });
      expect(losses[7]).toBeLessThan(losses[0]);
      for (const [id, size] of Object.entries(KERNELS)) {
        const after = await model.read(id);
        for (const value of [0.5, -0.25, 0.75]) expect(new Set(members(size, value).map((i) => after[i])).size).toBe(1);
        expect(new Set(after).size).toBe(4);
      }
      handle.restore();
      const back = await Promise.all(Object.keys(KERNELS).map((id) => model.read(id)));
      back.forEach((values, k) => expect([...values]).toEqual([...before[k]].map((w) => w + 0)));
    });
  });

  test('goes on after a change of backend', () =>
    withModel(async (model) => {
      const handle = await shareWeights(model, { params: ['out/kernel'] });
      await tf.setBackend('wasm');
      handle.apply();
      await fineTune(model, { data, epochs: 1, batchSize: 30, handles: [handle] });
      expect(new Set(await model.read('out/kernel')).size).toBe(4);
      expect(new Set(await model.read('hidden/kernel')).size).toBeGreaterThan(4);
      handle.makePermanent();
    }));

  test('what cannot be: too many values, a parameter that is none, a handle that has ended', () =>
    withModel(async (model) => {
      await expect(shareWeights(model, { most: 2, params: ['out/kernel'] })).rejects.toMatchObject({
        code: 'shared-values',
        message: expect.stringContaining("'out/kernel' has more than 2 different values"),
      });
      await expect(shareWeights(model, { most: 2 })).rejects.toMatchObject({
        code: 'shared-values',
        message: expect.stringContaining('every parameter has more than 2 different values'),
      });
      model.write(
        'hidden/kernel',
        Float32Array.from({ length: 24 }, (_, i) => i + 1),
      );
      const some = await shareWeights(model, { most: 3 });
      expect(some.values).toEqual({ 'out/kernel': 3 });
      some.restore();
      await expect(shareWeights(model, { params: ['none'] })).rejects.toMatchObject({ code: 'shared-params' });
      const handle = await shareWeights(model);
      handle.makePermanent();
      handle.restore();
      expect(() => handle.apply()).toThrow('has ended');
      expect(() => handle.maskGradients({})).toThrow('has ended');
    }));
});
