// Whole nets, compiled, against TensorFlow.js: MobileNetV2 (1.0, 224) as a script builds it, with random weights, the residual net of the
// zoo, and a net of 1×1 convolutions. MobileNetV2 is compared with itself after its batch norms are folded too.
import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-wasm';
import { seededRandom } from '@espalier/core';
import { compile } from '@espalier/kernels-wasm';
import { interleave, machine, publish, ratios } from './harness.mjs';
import { mobileNetV2 } from './nets/mobilenet-v2.mjs';

const ROUNDS = 15;
const { layers } = tfl;

/** Kernels of 1×1 convolutions and dense layers lose the share `sparsity` of their weights, at random; the rest stays dense. */
function prune(model, sparsity, random) {
  const weights = model.getWeights().map((w) => {
    const pointwise = w.rank === 2 || (w.rank === 4 && w.shape[0] === 1 && w.shape[1] === 1);
    if (!pointwise) return w.clone();
    const scale = Math.sqrt(6 / w.shape.at(-2) / Math.max(0.05, 1 - sparsity));
    return tf.tensor(
      Float32Array.from({ length: w.size }, () => {
        const keep = random() >= sparsity;
        const value = (random() * 2 - 1) * scale;
        return keep ? value : 0;
      }),
      w.shape,
    );
  });
  model.setWeights(weights);
  tf.dispose(weights);
}

function pointwiseNet() {
  const layer = (more) => layers.conv2d({ filters: 256, kernelSize: 1, activation: 'relu', ...more });
  return tfl.sequential({ layers: [layer({ inputShape: [28, 28, 256] }), layer(), layer(), layer()] });
}

async function measure(peers, input) {
  const x = tf.randomUniform(input, -1, 1, 'float32', 1);
  const net = await compile(peers.stock);
  const read = async (y) => {
    const values = await y.data();
    y.dispose();
    return values;
  };
  const [got, wanted] = [await read(net.predict(x)), await read(peers.stock.predict(x))];
  const largest = wanted.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
  const error = got.reduce((max, v, i) => Math.max(max, Math.abs(v - wanted[i])), 0) / largest;
  assert.ok(error <= 1e-4, `results differ by ${error}`);
  const runs = Object.fromEntries(
    Object.entries(peers).map(([key, model]) => [key, { run: () => model.predict(x).dispose() }]),
  );
  const samples = await interleave({ ...runs, compiled: { run: () => net.predict(x).dispose() } }, { rounds: ROUNDS });
  const [compilation] = net.compilations;
  net.dispose();
  x.dispose();
  return { samples, compilation };
}

tf.env().set('PROD', true);
await tf.setBackend('wasm');
const cases = {};
for (const sparsity of [0, 0.5, 0.8, 0.9, 0.95]) {
  const random = seededRandom(1);
  const peers = { stock: mobileNetV2(), folded: mobileNetV2({ fold: true }) };
  for (const model of Object.values(peers)) prune(model, sparsity, seededRandom(2));
  void random;
  const { samples, compilation } = await measure(peers, [1, 224, 224, 3]);
  console.error(sparsity, compilation.runtime, compilation.reason, compilation.arenaBytes, compilation.weightBytes);
  for (const peer of ['stock', 'folded']) console.error(peer, ratios(samples, 'compiled', peer));
  console.error(Object.fromEntries(Object.entries(samples).map(([k, v]) => [k, v.sort((a, b) => a - b)[v.length >> 1]])));
  Object.values(peers).forEach((m) => m.dispose());
}
