import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { seededRandom } from '@espalier/core';
import { accelerate, compile } from '../index.js';

tf.env().set('PROD', true);

it.each(['accelerate', 'compile'])('%s() takes no more WebAssembly memory after 10,000 predictions', async (how) => {
  await tf.setBackend('wasm');
  const random = seededRandom(3);
  const model = tfl.sequential({
    layers: [
      tfl.layers.conv2d({ filters: 24, kernelSize: 3, padding: 'same', activation: 'relu', inputShape: [8, 8, 16] }),
      tfl.layers.conv2d({ filters: 20, kernelSize: 1, activation: 'elu' }),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 10, activation: 'sigmoid' }),
    ],
  });
  const weights = model.getWeights().map((w) => {
    const values = Float32Array.from({ length: w.size }, () => (random() < 0.9 ? 0 : random() - 0.5));
    return tf.tensor(values, w.shape);
  });
  model.setWeights(weights);
  tf.dispose(weights);
  const fast = await (how === 'compile' ? compile(model) : accelerate(model));
  const runner = 'predict' in fast ? fast : model;
  const predict = (batch: number) => tf.tidy(() => void runner.predict(tf.ones([batch, 8, 8, 16])));
  for (const batch of [1, 2, 3]) predict(batch);
  const { memory } = (tf.backend() as unknown as { wasm: { asm: { memory: WebAssembly.Memory } } }).wasm.asm;
  const [bytes, tensors] = [memory.buffer.byteLength, tf.memory().numTensors];
  for (let i = 0; i < 10_000; i++) predict(1 + (i % 3));
  expect(memory.buffer.byteLength).toBe(bytes);
  expect(tf.memory().numTensors).toBe(tensors);
  fast.dispose();
  model.dispose();
});
