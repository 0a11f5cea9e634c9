/** One-shot magnitude pruning of a published 784-40-20-10 checkpoint, on the MNIST test set. */
import { type PrunableModel, sizeOf } from '@espalier/core';
import '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-layers';
import { adaptLayers, loadLayersModel } from '@espalier/adapter-layers';
import { type Dataset } from '@espalier/data';
import { readIdx, readModel } from '@espalier/format';
import { accuracy } from '@espalier/measure';
import { magnitude } from '@espalier/scorer-magnitude';
import { unstructured } from '@espalier/strategy-unstructured';
import * as tf from '@tensorflow/tfjs-core';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runTrial } from './trial.js';

const SHARED = join(__dirname, '../../../../shared/data');
const present = existsSync(SHARED);

async function digits(): Promise<Dataset> {
  const images = await readIdx(join(SHARED, 'mnist-test/t10k-images-idx3-ubyte.gz'));
  const labels = await readIdx(join(SHARED, 'mnist-test/t10k-labels-idx1-ubyte.gz'));
  const [size, ...shape] = images.shape;
  const x = Float32Array.from(images.data, (pixel) => (pixel / 255 - 0.1307) / 0.3081);
  return { x, y: Int32Array.from(labels.data), shape, size, classes: 10 };
}

(present ? test : test.skip)(
  `accuracy at four sparsities (${present ? 'with' : 'without'} the shared data)`,
  async () => {
    tf.env().set('PROD', true);
    await tf.setBackend('wasm');
    const data = await digits();
    const { artifacts } = await readModel(join(SHARED, 'mlpnet-mnist'));
    const model = adaptLayers(await loadLayersModel(artifacts));
    const tensors = tf.memory().numTensors;
    const inputShape = [sizeOf(data.shape)];
    const measure = (of: PrunableModel) => accuracy((x) => of.predict(x), data, { inputShape, batchSize: 1000 });
    const denseAccuracy = await measure(model);
    expect(denseAccuracy).toBeCloseTo(93.97, 2);
    const results: Record<string, number[]> = {};
    for (const scope of ['global', 'local'] as const) {
      for (const sparsity of [0.8, 0.9, 0.95, 0.98]) {
        const row = await runTrial({
          model,
          scorer: magnitude(),
          strategy: unstructured({ scope }),
          sparsity,
          accuracy: measure,
          denseAccuracy,
        });
        (results[scope] ??= []).push(row.accuracy!.pruned);
      }
    }
    const near = (values: number[]) => values.map((value) => expect.closeTo(value, 2));
    expect(results).toEqual({
      global: near([92.88, 90.28, 83.64, 32.25]),
      local: near([56.02, 46.01, 29.19, 15.61]),
    });
    expect(tf.memory().numTensors).toBe(tensors);
    model.dispose();
  },
);
