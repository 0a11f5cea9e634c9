// The second data set: a small convolutional net trained on all of Fashion-MNIST (Debian package dataset-fashion-mnist) on wasm,
// then pruned to 10% and 5% of its weights by each scorer and trained on. FASHION_SAMPLES and FASHION_EPOCHS make it shorter.
import { adaptLayers } from '@espalier/adapter-layers';
import { memoryPlan, prune } from '@espalier/core';
import { arrayBatches } from '@espalier/core/data';
import { readIdx } from '@espalier/format';
import { enableTraining } from '@espalier/kernels-wasm';
import { accuracy } from '@espalier/measure';
import { gradient } from '@espalier/scorer-gradient';
import { hessian } from '@espalier/scorer-hessian';
import { magnitude } from '@espalier/scorer-magnitude';
import { unstructured } from '@espalier/strategy-unstructured';
import { cosine, fineTune } from '@espalier/train';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { existsSync } from 'node:fs';
import { machine, publish, spread } from './harness.mjs';

const FOLDER = '/usr/share/datasets/fashion-mnist';
const SAMPLES = Number(process.env.FASHION_SAMPLES ?? 60000);
const EPOCHS = Number(process.env.FASHION_EPOCHS ?? 3);
const SEED = 1;
const about = {
  name: 'fashion',
  what: 'accuracy on the 10,000 test images of Fashion-MNIST',
  unit: '% accuracy',
  machine: machine(),
};
if (!existsSync(FOLDER)) {
  process.stderr.write('  skipped: there is no Fashion-MNIST here; apt-get install dataset-fashion-mnist\n');
  publish({ ...about, skipped: 'dataset-fashion-mnist is not installed', cases: {} });
  process.exit(0);
}

async function load(part, limit) {
  const [images, labels] = [
    await readIdx(`${FOLDER}/${part}-images-idx3-ubyte.gz`),
    await readIdx(`${FOLDER}/${part}-labels-idx1-ubyte.gz`),
  ];
  const size = Math.min(limit, labels.data.length);
  return {
    x: Float32Array.from(images.data.subarray(0, size * 784), (p) => p / 255),
    y: Int32Array.from(labels.data.subarray(0, size)),
    shape: [28, 28, 1],
    classes: 10,
    size,
  };
}

tf.env().set('PROD', true);
await tf.setBackend('wasm');
enableTraining();
const [train, test] = [await load('train', SAMPLES), await load('t10k', 10000)];
const he = (seed) => ({ kernelInitializer: tfl.initializers.heNormal({ seed }) });
const dense = adaptLayers(
  tfl.sequential({
    layers: [
      tfl.layers.conv2d({
        name: 'conv1',
        filters: 16,
        kernelSize: 5,
        strides: 2,
        padding: 'same',
        activation: 'relu',
        inputShape: [28, 28, 1],
        ...he(1),
      }),
      tfl.layers.conv2d({
        name: 'conv2',
        filters: 32,
        kernelSize: 3,
        strides: 2,
        padding: 'same',
        activation: 'relu',
        ...he(2),
      }),
      tfl.layers.flatten(),
      tfl.layers.dense({ name: 'fc1', units: 64, activation: 'relu', ...he(3) }),
      tfl.layers.dense({ name: 'fc2', units: 10, activation: 'softmax', ...he(4) }),
    ],
  }),
);
const score = (model) => accuracy((x) => model.predict(x), test, { batchSize: 500 });
const tune = (model, handles, epochs, rate) =>
  fineTune(model, { data: train, epochs, batchSize: 128, seed: SEED, learningRate: cosine(rate), handles });
const start = performance.now();
const say = (text) => process.stderr.write(`  ${text}, ${((performance.now() - start) / 1000).toFixed(0)} s\n`);

await tune(dense, [], EPOCHS, 2e-3);
const before = await score(dense);
say(`dense ${before.toFixed(2)}`);
const cases = { dense: spread([before]) };
const calibration = arrayBatches(train, { batchSize: 128, limit: 2048, seed: SEED });
for (const scorer of [magnitude(), gradient(), hessian()]) {
  for (const sparsity of [0.9, 0.95]) {
    const model = await dense.shrink(memoryPlan({}));
    const { handle } = await prune(model, { scorer, strategy: unstructured(), sparsity, data: calibration });
    const oneShot = await score(model);
    await tune(model, [handle], Math.max(1, Math.round(EPOCHS / 2)), 1e-3);
    const trained = await score(model);
    say(`${scorer.name} ${100 * sparsity}%: one-shot ${oneShot.toFixed(2)}, trained ${trained.toFixed(2)}`);
    cases[`${scorer.name} ${100 * sparsity}%`] = { ...spread([trained]), oneShot, dense: before };
    handle.makePermanent();
    model.dispose();
  }
}
publish({ ...about, samples: train.size, epochs: EPOCHS, cases });
