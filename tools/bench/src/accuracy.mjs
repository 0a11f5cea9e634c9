// The accuracy that scorers and repairs leave at every sparsity, one shot and in stages, without training. Calibrated on the zoo's 8,000
// digits, measured on the 10,000 MNIST test digits where ../shared/data is, and for the zoo's nets on its own test digits.
import '@tensorflow/tfjs-backend-wasm';
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { adaptLayers, loadLayersModel } from '@espalier/adapter-layers';
import { oneShot, prune } from '@espalier/core';
import { arrayBatches } from '@espalier/core/data';
import { readIdx, readModel } from '@espalier/format';
import { enableTraining } from '@espalier/kernels-wasm';
import { accuracy } from '@espalier/measure';
import { obsRepair, obsScorer } from '@espalier/repair-obs';
import { wanda } from '@espalier/scorer-activation';
import { gradient } from '@espalier/scorer-gradient';
import { hessian } from '@espalier/scorer-hessian';
import { magnitude } from '@espalier/scorer-magnitude';
import { nm } from '@espalier/strategy-nm';
import { unstructured } from '@espalier/strategy-unstructured';
import { DIGITS, ZOO } from '@espalier/zoo';
import * as tf from '@tensorflow/tfjs-core';
import { machine } from './harness.mjs';

const { values } = parseArgs({ options: { only: { type: 'string' } } });
const SHARED = new URL('../../../../shared/data/', import.meta.url).pathname;
const WANTED = { 0.8: [94.1, 94.8], 0.9: [93.7, 94.5], 0.95: [92.0, 93.9], 0.98: [60, 88] };

await tf.setBackend('wasm');
enableTraining();

async function digits(images, labels, isIn, { mean, std }) {
  const [x, y] = [await readIdx(images), await readIdx(labels)];
  const rows = Array.from(y.data.keys()).filter(isIn);
  const data = new Float32Array(rows.length * 784);
  rows.forEach((row, i) => {
    for (let k = 0; k < 784; k++) data[i * 784 + k] = (x.data[row * 784 + k] / 255 - mean) / std;
  });
  return { x: data, y: Int32Array.from(rows, (row) => y.data[row]), shape: [784], classes: 10, size: rows.length };
}
const zoo = (isIn, normalise) => digits(DIGITS.images, DIGITS.labels, isIn, normalise);

/** Scores once for all sparsities of a one-shot row. */
function once(scorer) {
  let scores;
  return { name: scorer.name, score: (context) => (scores ??= scorer.score(context)) };
}

const rows = [];
/** One row for each sparsity. */
async function measure(net, method, { path, train, test, loss }, sparsities, make) {
  for (const sparsity of sparsities) {
    const file = await readModel(path);
    const model = adaptLayers(await loadLayersModel(file.artifacts), loss ? { loss } : {});
    const inputShape = model.model.inputs[0].shape.slice(1);
    const start = performance.now();
    const { schedule = oneShot(sparsity), ...options } = make(sparsity);
    const data = arrayBatches(train, { batchSize: 256, inputShape, seed: 0 });
    const result = await prune(model, { ...options, ...(schedule && { schedule }), sparsity, data });
    const seconds = (performance.now() - start) / 1000;
    const value = await accuracy((x) => model.predict(x), test, { inputShape, batchSize: 500 });
    rows.push({ net, method, sparsity, kept: result.params.kept, accuracy: value, seconds });
    console.error(
      `  ${net.padEnd(14)} ${method.padEnd(28)} ${(100 * sparsity).toFixed(0)}%  ${value.toFixed(2)}%  ${seconds.toFixed(1)} s`,
    );
    model.dispose();
  }
}

const global = unstructured({ scope: 'global' });
const wants = (name) => values.only === undefined || values.only === name;

if (wants('mlpnet') && existsSync(`${SHARED}mlpnet-mnist/model.json`)) {
  const normalise = { mean: 0.1307, std: 0.3081 };
  const subject = {
    path: `${SHARED}mlpnet-mnist/model.json`,
    loss: 'softmaxCrossEntropy',
    train: await zoo((i) => !DIGITS.isTest(i), normalise),
    test: await digits(
      `${SHARED}mnist-test/t10k-images-idx3-ubyte.gz`,
      `${SHARED}mnist-test/t10k-labels-idx1-ubyte.gz`,
      () => true,
      normalise,
    ),
  };
  const all = Object.keys(WANTED).map(Number);
  await measure('mlpnet', 'magnitude', subject, all, () => ({ scorer: magnitude(), strategy: global }));
  const exact = () => ({ scorer: obsScorer(), strategy: global, repair: obsRepair({ steps: 0 }) });
  await measure('mlpnet', 'ExactOBS, one shot', subject, all, exact);
  const staged = () => ({ scorer: obsScorer(), strategy: global, repair: obsRepair(), schedule: null });
  await measure('mlpnet', 'obs, stages with labels', subject, all, staged);
  for (const row of rows.filter(({ method }) => method === 'obs, stages with labels')) {
    [row.wanted, row.goal] = WANTED[row.sparsity];
  }
}

for (const name of ['lenet-300-100', 'lenet-5', 'resnet-ds'].filter(wants)) {
  const subject = {
    path: `${ZOO[name].dir}/model.json`,
    train: await zoo((i) => !DIGITS.isTest(i), ZOO[name].normalise),
    test: await zoo(DIGITS.isTest, ZOO[name].normalise),
  };
  const sparsities = name === 'resnet-ds' ? [] : [0.8, 0.9, 0.92, 0.95, 0.97, 0.98, 0.99];
  for (const scorer of [magnitude(), gradient(), hessian(), wanda()].map(once)) {
    const strategy = scorer.name === 'wanda' ? unstructured({ scope: 'output' }) : global;
    await measure(name, scorer.name, subject, sparsities, () => ({ scorer, strategy }));
  }
  const obs = once(obsScorer());
  const repair = obsRepair({ steps: 0 });
  await measure(name, 'obs with repair', subject, sparsities, () => ({ scorer: obs, strategy: global, repair }));
  const pattern = nm({ tail: 'dense' });
  await measure(name, '2:4', subject, [0], () => ({ scorer: magnitude(), strategy: unstructured() }));
  rows[rows.length - 1].method = 'dense';
  await measure(name, '2:4', subject, [0.5], () => ({ scorer: magnitude(), strategy: pattern }));
  await measure(name, '2:4 with repair', subject, [0.5], () => ({
    scorer: magnitude(),
    strategy: pattern,
    repair: obsRepair(),
  }));
}

const point = (value) => ({ median: value, p10: value, p90: value });
const report = {
  name: 'accuracy',
  what: 'accuracy after pruning without training, calibrated on 8,000 digits, seed 0',
  unit: '%',
  cases: Object.fromEntries(
    rows.map(({ net, method, sparsity, accuracy: value }) => [
      `${net} ${method} ${Math.round(100 * sparsity)}%`,
      point(value),
    ]),
  ),
  rows,
  machine: machine(['@tensorflow/tfjs-backend-wasm']),
};
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
