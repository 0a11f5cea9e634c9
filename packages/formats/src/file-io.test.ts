import '@tensorflow/tfjs-backend-cpu';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { folder, rejection } from '../testing/fixture.js';
import { fileIO } from './file-io.js';

const SHARED = join(__dirname, '../../../../shared/data/mlpnet-mnist');

function convolutional(): layers.Sequential {
  const model = layers.sequential();
  model.add(layers.layers.conv2d({ filters: 4, kernelSize: 3, inputShape: [8, 8, 1], activation: 'relu' }));
  model.add(layers.layers.batchNormalization());
  model.add(layers.layers.flatten());
  model.add(layers.layers.dense({ units: 5 }));
  model.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
  return model;
}

describe('fileIO', () => {
  beforeAll(() => {
    tf.env().set('PROD', true);
    return tf.setBackend('cpu');
  });

  it.each([['the folder'], ['model.json']])('saves and loads a model by %s', async (by) => {
    const dir = join(folder(), 'model');
    const path = by === 'model.json' ? join(dir, 'model.json') : dir;
    const before = tf.memory().numTensors;
    const model = convolutional();
    const held = tf.memory().numTensors;
    const result = await model.save(fileIO(path, { shardBytes: 500 }));
    expect(tf.memory().numTensors).toBe(held);
    expect(result.modelArtifactsInfo).toMatchObject({
      modelTopologyType: 'JSON',
      weightDataBytes: 4 * (36 + 4 + 16 + 720 + 5),
    });
    const loaded = await layers.loadLayersModel(fileIO(path));
    const x = tf.randomNormal([2, 8, 8, 1], 0, 1, 'float32', 1);
    const [a, b] = [model.predict(x) as tf.Tensor, loaded.predict(x) as tf.Tensor];
    expect(await b.data()).toEqual(await a.data());
    tf.dispose([x, a, b]);
    model.dispose();
    loaded.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('carries the optimizer', async () => {
    const dir = folder();
    const model = convolutional();
    await model.save(fileIO(dir), { includeOptimizer: true });
    const loaded = await layers.loadLayersModel(fileIO(dir));
    expect((loaded as layers.Sequential).optimizer.getClassName()).toBe('Adam');
    model.dispose();
    loaded.dispose();
  });

  (existsSync(SHARED) ? it : it.skip)('loads mlpnet-mnist (needs ../shared/data)', async () => {
    const model = await layers.loadLayersModel(fileIO(SHARED));
    expect(model.countParams()).toBe(784 * 40 + 40 * 20 + 20 * 10);
    model.dispose();
  });

  it('saves under no other name than model.json', async () => {
    const model = convolutional();
    const error = await rejection(model.save(fileIO(join(folder(), 'net.json'))));
    expect(error).toMatchObject({ name: 'UsageError', code: 'file-name' });
    model.dispose();
  });
});
