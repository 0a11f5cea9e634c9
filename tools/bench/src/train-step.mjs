// One Adam step of LeNet-5 (20-50-500-10, batch 64) on wasm with Espalier's kernels, against TensorFlow.js's cpu backend as it is.
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { enableTraining } from '@espalier/kernels-wasm/training';
import { interleave, machine, publish, ratios, spread } from './harness.mjs';

const BATCH = 64;
const { layers } = tfl;

function lenet5() {
  const conv = (filters, more) => layers.conv2d({ filters, kernelSize: 5, activation: 'relu', ...more });
  return tfl.sequential({
    layers: [
      conv(20, { inputShape: [28, 28, 1] }),
      layers.maxPooling2d({ poolSize: 2 }),
      conv(50),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ units: 500, activation: 'relu' }),
      layers.dense({ units: 10, activation: 'softmax' }),
    ],
  });
}

/** A model, a batch and an optimizer that live on one backend. */
async function trainer(backend, repeat) {
  await tf.setBackend(backend);
  const model = lenet5();
  model.compile({ optimizer: tf.train.adam(1e-3), loss: 'categoricalCrossentropy' });
  const x = tf.randomUniform([BATCH, 28, 28, 1], 0, 1, 'float32', 1);
  const labels = Int32Array.from({ length: BATCH }, (_, i) => i % 10);
  const y = tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), 10), 'float32'));
  return { repeat, prepare: () => tf.setBackend(backend), run: () => model.trainOnBatch(x, y) };
}

tf.env().set('PROD', true);
enableTraining();
const cases = { wasm: await trainer('wasm', 10), cpu: await trainer('cpu', 1) };
const samples = await interleave(cases, { rounds: 5, warmup: 1 });
publish({
  name: 'train-step',
  what: 'one Adam step of LeNet-5, batch 64; wasm with @espalier/kernels-wasm against the stock cpu backend',
  unit: 'ms',
  cases: { wasm: spread(samples.wasm), cpu: spread(samples.cpu) },
  ratio: { subject: 'wasm', peer: 'cpu', wanted: 30, ...ratios(samples, 'wasm', 'cpu') },
  machine: machine(['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm']),
});
