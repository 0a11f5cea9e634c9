// Whole nets after compile(), against TensorFlow.js: MobileNetV2 (1.0, 224) as a script builds it, with random weights, also against itself
// with its batch norms folded; the residual net of the zoo; a net of four 1×1 convolutions.
import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-wasm';
import { seededRandom } from '@espalier/core';
import { compile } from '@espalier/kernels-wasm';
import { interleave, machine, publish, ratios } from './harness.mjs';
import { folded, mobileNetV2 } from './nets/mobilenet-v2.mjs';
import { difference, valuesOf } from './nets/outputs.mjs';
import { zooModel } from './nets/zoo-model.mjs';

const ROUNDS = 15;
/** Several predictions: what the other net left in the caches is no part of a stream of predictions. */
const SAMPLE_MS = 20;

/** The kernels of 1×1 convolutions and dense layers lose the share `sparsity`, at random. k×k and depthwise kernels stay as they are. */
function prune(model, sparsity) {
  const random = seededRandom(2);
  const weights = model.getWeights().map((w) => {
    const pointwise = w.rank === 2 || (w.rank === 4 && w.shape[0] === 1 && w.shape[1] === 1);
    if (!pointwise) return w.clone();
    const scale = Math.sqrt(6 / w.shape.at(-2) / Math.max(0.05, 1 - sparsity));
    const draw = () => {
      const value = (random() * 2 - 1) * scale;
      return random() < sparsity ? 0 : value;
    };
    return tf.tensor(Float32Array.from({ length: w.size }, draw), w.shape);
  });
  model.setWeights(weights);
  tf.dispose(weights);
  return model;
}

function pointwise() {
  const layer = (more) => tfl.layers.conv2d({ filters: 256, kernelSize: 1, activation: 'relu', ...more });
  return tfl.sequential({ layers: [layer({ inputShape: [28, 28, 256] }), layer(), layer(), layer()] });
}

/** Name, input, the model, what is wanted of it by sparsity: against stock, and against folded. */
const NETS = [
  {
    name: 'MobileNetV2',
    input: [1, 224, 224, 3],
    build: mobileNetV2,
    peer: folded,
    wanted: { 0.8: [4, 2], 0.9: [5, 2.4] },
  },
  { name: 'resnet-ds', input: [1, 28, 28, 1], build: () => zooModel('resnet-ds'), wanted: { 0.8: [2], 0.9: [3] } },
  { name: '1×1 net', input: [1, 28, 28, 256], build: pointwise, wanted: {} },
];

/** By the shortest of some runs: a disturbed one would make samples of a single run, on cold caches. */
function repeats(run) {
  const times = Array.from({ length: 4 }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  return Math.max(1, Math.ceil(SAMPLE_MS / Math.min(...times)));
}

async function measure({ input, build, peer }, sparsity) {
  const model = prune(await build(), sparsity);
  const x = tf.randomUniform(input, -1, 1, 'float32', 1);
  const net = await compile(model);
  const runners = { compiled: net, stock: model, ...(peer && { folded: peer(model) }) };
  const wanted = await valuesOf(model.predict(x));
  for (const [name, runner] of Object.entries(runners)) {
    const error = difference(await valuesOf(runner.predict(x)), wanted);
    assert.ok(error <= 1e-4, `the results of ${name} differ by ${error}`);
  }
  const cases = Object.entries(runners).map(([name, runner]) => {
    const run = () => runner.predict(x).dispose();
    return [name, { run, repeat: repeats(run) }];
  });
  const samples = await interleave(Object.fromEntries(cases), { rounds: ROUNDS });
  const { runtime, reason, arenaBytes, weightBytes } = net.compilations[0];
  for (const runner of Object.values(runners)) runner.dispose();
  x.dispose();
  const against = (name) => ratios(samples, 'compiled', name);
  return {
    stock: against('stock'),
    ...(peer && { folded: against('folded') }),
    runtime,
    reason,
    arenaBytes,
    weightBytes,
  };
}

tf.env().set('PROD', true);
await tf.setBackend('wasm');
const [rows, cases] = [[], {}];
for (const net of NETS) {
  for (const sparsity of [0, 0.5, 0.8, 0.9, 0.95]) {
    const row = { net: net.name, sparsity, wanted: net.wanted[sparsity], ...(await measure(net, sparsity)) };
    rows.push(row);
    for (const peer of ['stock', 'folded'])
      if (row[peer]) cases[`${net.name} ${sparsity * 100}% / ${peer}`] = row[peer];
  }
}
publish({
  name: 'nets',
  what: 'predict() of whole nets after compile() on wasm, against the same model on TensorFlow.js alone; median (p10–p90)',
  unit: '×',
  cases,
  rows,
  ratio: { subject: 'MobileNetV2 90%', peer: 'stock', wanted: 5, ...cases['MobileNetV2 90% / stock'] },
  machine: machine(['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm']),
});
