// predict() after accelerate() and after compile(), on every model of the zoo, a tiny dense net and MobileNetV2, at five sparsities: how far
// they may fall behind TensorFlow.js alone where they cannot help. About a minute and a half.
import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-wasm';
import { accelerate, compile } from '@espalier/kernels-wasm';
import { ZOO } from '@espalier/zoo';
import { interleave, machine, publish, quantile, ratios, wantedGroup } from './harness.mjs';
import { register, registered } from './nets/registry.mjs';
import { mobileNetV2 } from './nets/mobilenet-v2.mjs';
import { difference, valuesOf } from './nets/outputs.mjs';
import { zooModel } from './nets/zoo-model.mjs';

const WANTED = 0.97;
const SPARSITIES = [0, 0.5, 0.8, 0.9, 0.95];
const [WARM_MS, SAMPLE_MS] = [30, 3];
/** All samples of a case together take about so long. */
const CASE_MS = 1500;
const [FEWEST_ROUNDS, MOST_ROUNDS] = [7, 151];

function tiny() {
  const dense = (units, seed, more) =>
    tfl.layers.dense({ units, kernelInitializer: tfl.initializers.glorotNormal({ seed }), ...more });
  return tfl.sequential({ layers: [dense(8, 1, { inputShape: [16], activation: 'relu' }), dense(4, 2)] });
}

const NETS = [
  { name: 'dense 16-8-4', build: tiny, batches: [1, 32], sparsities: SPARSITIES },
  ...Object.keys(ZOO).map((name) => ({
    name,
    build: () => zooModel(name),
    batches: [1, 32],
    sparsities: SPARSITIES,
  })),
  { name: 'MobileNetV2', build: mobileNetV2, batches: [1], sparsities: [0, 0.9] },
];

/** The smallest weights of every convolution and dense layer, but for depthwise ones, become zero. */
function prune(model, sparsity) {
  const weights = model.weights.map((weight) => {
    const { originalName, shape } = weight;
    const tensor = weight.read();
    if (shape.length < 2 || originalName.includes('depthwise')) return tensor.clone();
    const values = tensor.dataSync().slice();
    const cut = quantile(values.map(Math.abs), sparsity);
    return tf.tensor(sparsity === 0 ? values : values.map((v) => (Math.abs(v) < cut ? 0 : v)), shape);
  });
  model.setWeights(weights);
  tf.dispose(weights);
  return model;
}

/** Milliseconds of the shortest of so many runs that the engine has compiled everything. */
function warm(run) {
  const start = performance.now();
  let [runs, best] = [0, Infinity];
  for (let now = start; runs < 3 || now - start < WARM_MS; runs++) {
    run();
    const end = performance.now();
    [best, now] = [Math.min(best, end - now), end];
  }
  return best;
}

async function measure(build, sparsity, batch) {
  const [own, other] = [prune(await build(), sparsity), prune(await build(), sparsity)];
  const x = tf.randomUniform([batch, ...own.inputs[0].shape.slice(1)], 0, 1, 'float32', 1);
  const stockKernels = registered();
  const [fast, net] = [await accelerate(other), await compile(own)];
  const ourKernels = registered();
  const runners = {
    stock: { predict: own, kernels: stockKernels },
    accelerate: { predict: other, kernels: ourKernels },
    compile: { predict: net, kernels: ourKernels },
  };
  const wanted = await valuesOf(own.predict(x));
  for (const [name, { predict }] of Object.entries(runners)) {
    const error = difference(await valuesOf(predict.predict(x)), wanted);
    assert.ok(error <= 1e-4, `the results of ${name} differ by ${error}`);
  }
  const cases = Object.entries(runners).map(([name, { predict, kernels }]) => {
    const run = () => predict.predict(x).dispose();
    const time = warm(run);
    return [name, { run, prepare: () => register(kernels), repeat: Math.max(1, Math.ceil(SAMPLE_MS / time)), time }];
  });
  const round = cases.reduce((sum, [, { time, repeat }]) => sum + time * repeat, 0);
  const rounds = Math.min(MOST_ROUNDS, Math.max(FEWEST_ROUNDS, Math.round(CASE_MS / round)));
  const samples = await interleave(Object.fromEntries(cases), { rounds });
  register(ourKernels);
  const { runtime, reason } = net.compilations[0];
  const row = {
    rounds,
    milliseconds: quantile(samples.stock, 0.5),
    accelerate: { ...ratios(samples, 'accelerate', 'stock'), kernels: fast.layers.map(({ kernel }) => kernel) },
    compile: { ...ratios(samples, 'compile', 'stock'), runtime, reason },
  };
  fast.dispose();
  net.dispose();
  tf.dispose([own, other, x]);
  return row;
}

tf.env().set('PROD', true);
await tf.setBackend('wasm');
const [rows, cases] = [[], {}];
for (const { name, build, batches, sparsities } of NETS.filter(({ name }) => wantedGroup(name))) {
  for (const batch of batches) {
    for (const sparsity of sparsities) {
      const row = { net: name, batch, sparsity, ...(await measure(build, sparsity, batch)) };
      rows.push(row);
      for (const runtime of ['accelerate', 'compile']) {
        const { median, p10, p90 } = row[runtime];
        cases[`${name} ×${batch}, ${sparsity * 100}%, ${runtime}`] = { median, p10, p90 };
      }
    }
  }
}
const [slowest, least] = Object.entries(cases).reduce((a, b) => (b[1].median < a[1].median ? b : a));
publish({
  name: 'models',
  what: 'predict() of whole models on wasm after accelerate() and after compile(), against the same model on TensorFlow.js alone; median (p10–p90)',
  unit: '×',
  cases,
  rows,
  ratio: { subject: `the slowest, ${slowest},`, peer: 'stock', wanted: WANTED, ...least },
  machine: machine(['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm']),
});
