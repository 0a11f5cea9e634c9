import '@tensorflow/tfjs-backend-wasm';
import { adaptLayers } from '@espalier/adapter-layers';
import { bitsFrom, isKept, memoryPlan, resolveMask, seededRandom } from '@espalier/core';
import { type Dataset } from '@espalier/data';
import { enableTraining } from '@espalier/kernels-wasm/training';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { fineTune } from './fine-tune.js';

let undo: () => void;
beforeAll(async () => {
  await tf.setBackend('wasm');
  undo = enableTraining();
});
afterAll(() => undo());

/** Bright upper or bright lower half. */
const random = seededRandom(9);
const labels = Int32Array.from({ length: 40 }, (_, i) => i % 2);
const data: Dataset = {
  x: Float32Array.from(
    { length: 40 * 36 },
    (_, i) => random() * 0.5 + (Math.floor((i % 36) / 18) === labels[Math.floor(i / 36)] ? 0.5 : 0),
  ),
  y: labels,
  shape: [36],
  classes: 2,
  size: 40,
};

function network(): tfl.LayersModel {
  const seeded = (seed: number) => ({ kernelInitializer: tfl.initializers.heNormal({ seed }) });
  return tfl.sequential({
    layers: [
      tfl.layers.conv2d({
        name: 'conv',
        filters: 4,
        kernelSize: 3,
        inputShape: [6, 6, 1],
        useBias: false,
        ...seeded(1),
      }),
      tfl.layers.batchNormalization({ name: 'norm' }),
      tfl.layers.activation({ activation: 'relu' }),
      tfl.layers.depthwiseConv2d({
        name: 'depth',
        kernelSize: 2,
        depthwiseInitializer: tfl.initializers.heNormal({ seed: 2 }),
      }),
      tfl.layers.maxPooling2d({ poolSize: 2, strides: 1 }),
      tfl.layers.flatten(),
      tfl.layers.dense({ name: 'out', units: 2, activation: 'softmax', ...seeded(3) }),
    ],
  });
}

test('on wasm: convolutions learn, pruned weights and channels stay +0, batch-norm statistics too', async () => {
  const before = tf.memory().numTensors;
  const model = adaptLayers(network());
  const weights = memoryPlan({ masks: { 'out/kernel': bitsFrom(32, (i) => i % 4 !== 0) } });
  const channels = memoryPlan({ units: { conv: bitsFrom(4, (i) => i !== 1) } });
  const handles = [await model.mask(weights), await model.mask(channels)];
  const statistics = await model.read('norm/moving_mean');
  const { losses } = await fineTune(model, {
    data,
    inputShape: [6, 6, 1],
    epochs: 12,
    batchSize: 8,
    learningRate: 0.02,
    handles,
  });
  expect(losses.at(-1)).toBeLessThan(losses[0] / 2);
  for (const plan of [weights, channels])
    for (const param of model.params) {
      const bits = await resolveMask(plan, param, model.groups);
      const values = Array.from(await model.read(param.id));
      const pruned = bits ? values.filter((_, i) => !isKept(bits, i)) : [];
      expect(pruned.every((v) => Object.is(v, 0))).toBe(true);
      expect(values.some((v) => v !== 0)).toBe(true);
    }
  const trained = await model.read('norm/moving_mean');
  expect(trained[1]).toBe(0);
  expect([0, 2, 3].every((c) => trained[c] !== statistics[c])).toBe(true);
  handles.forEach((handle) => handle.makePermanent());
  model.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test('on wasm: the same seed gives the same bytes', async () => {
  const run = async () => {
    const model = adaptLayers(network());
    await fineTune(model, { data, inputShape: [6, 6, 1], epochs: 1, batchSize: 16, seed: 5 });
    const weights = await Promise.all(model.params.map(({ id }) => model.read(id)));
    model.dispose();
    return weights;
  };
  expect(await run()).toEqual(await run());
});
