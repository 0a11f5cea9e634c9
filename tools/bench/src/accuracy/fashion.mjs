// The second data set: a small convolutional net trained on all of Fashion-MNIST (Debian package dataset-fashion-mnist) on wasm, then
// pruned to 10% and 5% of its weights by each scorer and trained on. A seed draws the first weights, the batches and their order.
import { existsSync } from 'node:fs';
import { adaptLayers } from '@espalier/adapter-layers';
import { memoryPlan, prune } from '@espalier/core';
import { arrayBatches } from '@espalier/data';
import { readIdx } from '@espalier/format';
import { accuracy } from '@espalier/measure';
import { unstructured } from '@espalier/strategy-unstructured';
import { cosine, fineTune } from '@espalier/train';
import { METHODS } from './methods.mjs';
import { epochsOf } from './rows.mjs';
import * as tfl from '@tensorflow/tfjs-layers';

const FOLDER = '/usr/share/datasets/fashion-mnist';
const [SAMPLES, EPOCHS, TUNED] = [60000, 3, 1];
const SEEDS = [1, 2, 3];
const KEPT = [10, 5];
const [section, net] = ['fashion', 'fashion-cnn'];

async function load(part, limit) {
  const file = (kind) => readIdx(`${FOLDER}/${part}-${kind}-ubyte.gz`);
  const [images, labels] = [await file('images-idx3'), await file('labels-idx1')];
  const size = Math.min(limit, labels.data.length);
  const x = Float32Array.from(images.data.subarray(0, size * 784), (p) => p / 255);
  return { x, y: Int32Array.from(labels.data.subarray(0, size)), shape: [28, 28, 1], classes: 10, size };
}

function network(seed) {
  const he = (layer) => ({ kernelInitializer: tfl.initializers.heNormal({ seed: 10 * seed + layer }) });
  const conv = { strides: 2, padding: 'same', activation: 'relu' };
  return adaptLayers(
    tfl.sequential({
      layers: [
        tfl.layers.conv2d({ name: 'conv1', filters: 16, kernelSize: 5, inputShape: [28, 28, 1], ...conv, ...he(1) }),
        tfl.layers.conv2d({ name: 'conv2', filters: 32, kernelSize: 3, ...conv, ...he(2) }),
        tfl.layers.flatten(),
        tfl.layers.dense({ name: 'fc1', units: 64, activation: 'relu', ...he(3) }),
        tfl.layers.dense({ name: 'fc2', units: 10, activation: 'softmax', ...he(4) }),
      ],
    }),
  );
}

export async function fashion({ add, has, wants }) {
  if (!wants(section, net)) return;
  if (!existsSync(FOLDER)) {
    process.stderr.write('  fashion: skipped, there is no Fashion-MNIST here; apt-get install dataset-fashion-mnist\n');
    return;
  }
  const [train, test] = [await load('train', SAMPLES), await load('t10k', 10000)];
  const score = (model) => accuracy((x) => model.predict(x), test, { batchSize: 500 });
  const settings = { section, net, unit: '%' };
  for (const seed of SEEDS) {
    const rows = Object.keys(METHODS).flatMap((method) =>
      KEPT.flatMap((kept) =>
        [`${method}, one shot`, `${method}, ${epochsOf(TUNED)}`].map((name) => ({ method: name, setting: `${kept}%` })),
      ),
    );
    if (rows.every((row) => has({ ...settings, ...row, seed }))) continue;
    const tune = (model, handles, epochs, rate) =>
      fineTune(model, { data: train, epochs, batchSize: 128, seed, learningRate: cosine(rate), handles });
    const dense = network(seed);
    const start = performance.now();
    await tune(dense, [], EPOCHS, 2e-3);
    const before = await score(dense);
    const seconds = (performance.now() - start) / 1000;
    if (!has({ ...settings, method: 'dense', setting: '100%', seed }))
      add({ ...settings, method: 'dense', setting: '100%', seed, dense: before, value: before, seconds });
    const data = arrayBatches(train, { batchSize: 128, limit: 4096, seed });
    for (const [method, make] of Object.entries(METHODS)) {
      for (const kept of KEPT) {
        const row = { ...settings, setting: `${kept}%`, seed, dense: before };
        if (has({ ...row, method: `${method}, ${epochsOf(TUNED)}` })) continue;
        const { scorer, scope = 'global', repair } = make();
        const model = await dense.shrink(memoryPlan({}));
        const began = performance.now();
        const took = () => (performance.now() - began) / 1000;
        const strategy = unstructured({ scope });
        const options = { scorer, strategy, sparsity: 1 - kept / 100, data, ...(repair && { repair }) };
        const { handle } = await prune(model, options);
        const pruning = took();
        add({ ...row, method: `${method}, one shot`, value: await score(model), seconds: pruning });
        await tune(model, [handle], TUNED, 2e-3);
        add({ ...row, method: `${method}, ${epochsOf(TUNED)}`, value: await score(model), seconds: took() });
        handle.makePermanent();
        model.dispose();
      }
    }
    dense.dispose();
  }
}
