// Convolutions and dense layers with sparse weights through tf.conv2d and tf.matMul, and a whole net through model.predict: the kernels of
// @espalier/kernels-wasm against TensorFlow.js's own on the same weights, and against the dense kernel of the same package.
import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-wasm';
import { seededRandom } from '@espalier/core';
import { accelerate } from '@espalier/kernels-wasm';
import { interleave, machine, publish, quantile, ratios, wantedGroup } from './harness.mjs';
// Not exported by the package: the one way to hold a weight to one format.
import { FORMATS } from '../../../packages/runtimes/wasm/dist/kernels/formats.js';
import { supportedBuilds } from '../../../packages/runtimes/wasm/dist/kernels/instance.js';
import { patternOf } from '../../../packages/runtimes/wasm/dist/kernels/pattern.js';
import { openSession } from '../../../packages/runtimes/wasm/dist/accelerate/session.js';

const ROUNDS = 31;
/** Before a case is measured, so that V8 has optimised all of it: what is measured is a stream of predictions. */
const WARM_MS = 150;
/** One sample is about so long. */
const SAMPLE_MS = 2;
/** And one of a whole net, several predictions: what the other net left in the caches is no part of a stream of predictions. */
const NET_SAMPLE_MS = 20;

const random = seededRandom(1);
const weight = () => random() * 2 - 1 || 0.5;

/** [inputs, outputs], where blocks of neighbouring outputs are zero together. */
function weights(inputs, outputs, sparsity, block = 1) {
  const values = new Float32Array(inputs * outputs);
  for (let k = 0; k < inputs; k++) {
    for (let m = 0; m < outputs; m += block) {
      if (random() < sparsity) continue;
      for (let r = m; r < Math.min(outputs, m + block); r++) values[k * outputs + r] = weight();
    }
  }
  return values;
}

function twoOfFour(inputs, outputs) {
  const values = new Float32Array(inputs * outputs);
  for (let m = 0; m < outputs; m++) {
    for (let k = 0; k < inputs; k += 4) {
      const first = Math.floor(random() * 4);
      const second = (first + 1 + Math.floor(random() * 3)) % 4;
      for (const i of [first, second]) values[(k + i) * outputs + m] = weight();
    }
  }
  return values;
}

const SHAPES = [
  [64, 128, 3136],
  [256, 256, 784],
  [512, 512, 196],
  [1024, 1024, 196],
];
const name = ([inputs, outputs, pixels]) => `${inputs}→${outputs}, ${pixels} px`;

const pointwise = (shape, values, format) => ({ label: name(shape), shape, kernel: 1, values, format });
const across = (shapes, make, format) => shapes.map((shape) => pointwise(shape, make(shape), format));
const sparse =
  (sparsity, block) =>
  ([inputs, outputs]) =>
    weights(inputs, outputs, sparsity, block);
const patch = (shape, sparsity) => ({
  label: `3×3, ${name(shape)}`,
  shape,
  kernel: 3,
  values: weights(9 * shape[0], shape[1], sparsity),
  format: 'unstructured',
});
const PATCHES = [
  [64, 64, 3136],
  [128, 128, 784],
];
const WIDE = SHAPES.filter(([inputs]) => inputs >= 256);

/** What is measured, in groups: every case of a group counts once in its geometric mean. */
const GROUPS = [
  ...[
    [0.7, 3],
    [0.8, 4.5],
    [0.9, 7.5],
    [0.95, 11],
  ].map(([s, wanted]) => ({
    group: `unstructured ${s * 100}%`,
    wanted,
    cases: across(SHAPES, sparse(s), 'unstructured'),
  })),
  ...[
    [0.9, 10],
    [0.95, 17],
  ].map(([s, wanted]) => ({
    group: `4×1 blocks ${s * 100}%`,
    wanted,
    cases: across(WIDE, sparse(s, 4), 'blocks-4x1'),
  })),
  { group: '2:4', wanted: 2, cases: across(SHAPES, ([inputs, outputs]) => twoOfFour(inputs, outputs), 'unstructured') },
  {
    group: 'dense layer, batch 1, 90%',
    wanted: 4,
    cases: across([[1024, 1024, 1]], sparse(0.9), 'unstructured-vector'),
  },
  {
    group: 'dense layer, batch 1, 16×1 blocks 90%',
    wanted: 12,
    cases: across([[1024, 1024, 1]], sparse(0.9, 16), 'blocks-16x1-vector'),
  },
  { group: 'own dense kernel 0%', wanted: 1.3, cases: across(SHAPES, sparse(0), 'dense') },
  ...[
    [0.8, 3],
    [0.9, 5.5],
  ].map(([s, wanted]) => ({
    group: `3×3 unstructured ${s * 100}%`,
    wanted,
    cases: PATCHES.map((shape) => patch(shape, s)),
  })),
];

/** The group that stands for all. */
const MAIN = 'unstructured 90%';

const NET_WANTED = { 0: 0.97, 0.5: 1.2, 0.8: 3.5, 0.9: 6, 0.95: 9 };

const geometricMean = (values) => Math.exp(values.reduce((sum, v) => sum + Math.log(v), 0) / values.length);

/** By the shortest of some runs: a disturbed one would make samples of a single run, on cold caches. */
function repeats(run, sampleMs) {
  const times = Array.from({ length: 10 }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  return Math.max(1, Math.ceil(sampleMs / Math.min(...times)));
}

async function compare(runs, sampleMs = SAMPLE_MS) {
  for (const run of Object.values(runs)) {
    for (const end = performance.now() + WARM_MS; performance.now() < end;) run();
  }
  const cases = Object.fromEntries(
    Object.entries(runs).map(([key, run]) => [key, { run, repeat: repeats(run, sampleMs) }]),
  );
  return interleave(cases, { rounds: ROUNDS });
}

async function measure(session, { shape: [inputs, outputs, pixels], kernel, values, format }) {
  const vector = pixels === 1;
  const side = Math.sqrt(pixels);
  const x = vector ? tf.randomUniform([1, inputs]) : tf.randomUniform([1, side, side, inputs]);
  const tensor = () => tf.tensor(values, vector ? [inputs, outputs] : [kernel, kernel, inputs, outputs]);
  const kernels = { stock: tensor(), ours: tensor(), dense: tensor() };
  const pattern = patternOf(values, outputs);
  const only = (wanted) => ({ formats: FORMATS.filter((f) => f.name === wanted), measured: false });
  session.add(kernels.ours.dataId, pattern, only(format));
  session.add(kernels.dense.dataId, pattern, only(vector ? 'dense-vector' : 'dense'));
  const multiply = (w) => (vector ? tf.matMul(x, w) : tf.conv2d(x, w, 1, 'same'));
  const [got, wanted] = ['ours', 'stock'].map((key) => multiply(kernels[key]));
  const error = tf.tidy(() => tf.div(tf.max(tf.abs(tf.sub(got, wanted))), tf.max(tf.abs(wanted))).dataSync()[0]);
  assert.ok(error <= 1e-4, `results differ by ${error}`);
  assert.equal(session.find(kernels.ours.dataId).choice.format?.name, format);
  const runs = Object.fromEntries(Object.entries(kernels).map(([key, w]) => [key, () => multiply(w).dispose()]));
  const samples = await compare(runs);
  tf.dispose([x, got, wanted, kernels]);
  return {
    stock: ratios(samples, 'ours', 'stock'),
    dense: ratios(samples, 'ours', 'dense'),
    gflops: (2 * kernel ** 2 * inputs * outputs * pixels) / quantile(samples.stock, 0.5) / 1e6,
  };
}

/** Four 1×1 convolutions of 256 channels at 28×28 with ReLU, twice with the same weights. */
async function net(sparsity) {
  const layer = (inputShape) =>
    tfl.layers.conv2d({ filters: 256, kernelSize: 1, activation: 'relu', ...(inputShape && { inputShape }) });
  const build = () => tfl.sequential({ layers: [layer([28, 28, 256]), layer(), layer(), layer()] });
  const models = { stock: build(), ours: build() };
  const values = models.stock.getWeights().map((w) => (w.rank === 1 ? undefined : weights(256, 256, sparsity)));
  for (const model of Object.values(models)) {
    // Tensors of its own for each: weights that share their data would be accelerated together.
    const tensors = model.getWeights().map((w, i) => (values[i] ? tf.tensor(values[i], w.shape) : tf.zeros(w.shape)));
    model.setWeights(tensors);
    tf.dispose(tensors);
  }
  const x = tf.randomUniform([1, 28, 28, 256]);
  const fast = await accelerate(models.ours);
  const run = (model) => () => model.predict(x).dispose();
  const samples = await compare({ stock: run(models.stock), ours: run(models.ours) }, NET_SAMPLE_MS);
  const kernels = fast.layers.map(({ kernel }) => kernel);
  fast.dispose();
  for (const model of Object.values(models)) model.dispose();
  x.dispose();
  return { stock: ratios(samples, 'ours', 'stock'), kernels };
}

tf.env().set('PROD', true);
await tf.setBackend('wasm');
const [build] = supportedBuilds();
const session = await openSession(tf.backend(), build);
const [groups, cases] = [[], {}];
for (const { group, wanted, cases: list } of GROUPS.filter(({ group }) => wantedGroup(group))) {
  const rows = [];
  for (const one of list) rows.push({ case: one.label, ...(await measure(session, one)) });
  const medians = rows.map(({ stock }) => stock.median);
  const mean = geometricMean(medians);
  const minimum = Math.min(...medians);
  groups.push({ group, wanted, mean, minimum, dense: geometricMean(rows.map(({ dense }) => dense.median)), rows });
  cases[group] = { median: mean, p10: minimum, p90: Math.max(...medians) };
}
for (const [sparsity, wanted] of Object.entries(NET_WANTED)) {
  const group = `net ${sparsity * 100}%`;
  if (!wantedGroup(group)) continue;
  const { stock, kernels } = await net(Number(sparsity));
  groups.push({ group, wanted, mean: stock.median, minimum: stock.median, rows: [{ case: group, stock, kernels }] });
  cases[group] = stock;
}
publish({
  name: 'layers',
  what: `sparse layers on wasm (${build}) against TensorFlow.js's dense kernels: geometric mean (lowest–highest case), of a net median (p10–p90)`,
  unit: '×',
  cases,
  groups,
  ratio: cases[MAIN] && { subject: MAIN, peer: 'stock', wanted: 7.5, ...cases[MAIN] },
  machine: machine(['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm']),
});
