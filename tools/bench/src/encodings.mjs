// What accelerate() takes when it gets positions and values from a compact file, against searching the dense tensors for zeros.
import { seededRandom } from '@espalier/core';
import { encodeEspalier, espalier } from '@espalier/format';
import { accelerate } from '@espalier/kernels-wasm';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { interleave, machine, publish, ratios, spread } from './harness.mjs';

const WIDTH = 1024;
const SPARSITIES = [0.8, 0.9, 0.95, 0.98];

/** Three dense layers of 1024 × 1024 as a compact file. */
async function packed(sparsity) {
  const layer = (i) => tfl.layers.dense({ units: WIDTH, activation: 'relu', ...(i === 0 && { inputShape: [WIDTH] }) });
  const model = tfl.sequential({ layers: [0, 1, 2].map(layer) });
  const random = seededRandom(1);
  const values = (w) =>
    Float32Array.from({ length: w.size }, () => (w.rank > 1 && random() < sparsity ? 0 : random() - 0.5));
  const weights = model.getWeights().map((w) => tf.tensor(values(w), w.shape));
  model.setWeights(weights);
  tf.dispose(weights);
  let bytes;
  await model.save({ save: async (artifacts) => ((bytes = encodeEspalier(artifacts)), {}) });
  model.dispose();
  return bytes;
}

async function load(bytes) {
  const encodings = [];
  const model = await tfl.loadLayersModel(espalier(bytes, { onTensor: (tensor) => encodings.push(tensor) }));
  return { model, encodings };
}

tf.env().set('PROD', true);
await tf.setBackend('wasm');
const x = tf.zeros([1, WIDTH]);
const cases = {};
const speed = {};
for (const sparsity of SPARSITIES) {
  const bytes = await packed(sparsity);
  const { model, encodings } = await load(bytes);
  const accelerated = (options) => async () => (await accelerate(model, options)).dispose();
  const whole = (withEncodings) => async () => {
    const loaded = await load(bytes);
    const fast = await accelerate(loaded.model, withEncodings ? { encodings: loaded.encodings } : {});
    tf.dispose(loaded.model.predict(x));
    fast.dispose();
    loaded.model.dispose();
  };
  const at = `${100 * sparsity}%`;
  const own = {
    [`${at} accelerate()`]: { run: accelerated({}) },
    [`${at} accelerate(), encodings`]: { run: accelerated({ encodings }) },
    [`${at} load to first answer`]: { run: whole(false) },
    [`${at} load to first answer, encodings`]: { run: whole(true) },
  };
  const samples = await interleave(own, { rounds: 9 });
  for (const name of Object.keys(own)) cases[name] = spread(samples[name]);
  const ratio = (what) => ratios(samples, `${at} ${what}, encodings`, `${at} ${what}`);
  speed[at] = { accelerate: ratio('accelerate()'), whole: ratio('load to first answer') };
  model.dispose();
  console.error(
    `  ${at}: with encodings accelerate() is ${speed[at].accelerate.median.toFixed(2)}× as fast, from file to first answer ${speed[at].whole.median.toFixed(2)}×`,
  );
}
publish({
  name: 'encodings',
  what: 'accelerate() on three dense layers of 1024 × 1024, with and without the encodings of their compact file',
  unit: 'ms',
  cases,
  speed,
  machine: machine(['@tensorflow/tfjs-backend-wasm']),
});
