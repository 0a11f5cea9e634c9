// What the hooks of accelerate() add to one call of a kernel, on layers so small that little else counts: with weights that are not
// accelerated, with some that stay on the stock kernel, and with some on one of ours.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { interleave, machine, publish, ratios, spread } from './harness.mjs';
import { register, registered } from './nets/registry.mjs';
// Not exported by the package: the one way to hold a weight to the stock kernel.
import { FORMATS } from '../../../packages/runtimes/wasm/dist/kernels/formats.js';
import { supportedBuilds } from '../../../packages/runtimes/wasm/dist/kernels/instance.js';
import { patternOf } from '../../../packages/runtimes/wasm/dist/kernels/pattern.js';
import { openSession } from '../../../packages/runtimes/wasm/dist/accelerate/session.js';

const [SIZE, REPEAT, ROUNDS] = [4, 1000, 101];
const LAYERS = {
  product: { x: [1, SIZE], w: [SIZE, SIZE], run: (x, w) => tf.matMul(x, w) },
  convolution: { x: [1, 3, 3, SIZE], w: [3, 3, SIZE, SIZE], run: (x, w) => tf.conv2d(x, w, 1, 'valid') },
};

tf.env().set('PROD', true);
await tf.setBackend('wasm');
const stockKernels = registered();
const session = await openSession(tf.backend(), supportedBuilds()[0]);
const ourKernels = registered();

async function measure({ x: inputShape, w: shape, run }) {
  const x = tf.ones(inputShape);
  const [none, stock, ours] = [0, 1, 2].map(() => tf.ones(shape));
  const pattern = patternOf(await ours.data(), SIZE);
  session.add(stock.dataId, pattern, { formats: [], measured: true });
  session.add(ours.dataId, pattern, { formats: FORMATS, measured: false });
  const one = (w, kernels) => ({
    run: () => run(x, w).dispose(),
    prepare: () => register(kernels),
    repeat: REPEAT,
  });
  const samples = await interleave(
    {
      'without hooks': one(none, stockKernels),
      'not accelerated': one(none, ourKernels),
      'stays stock': one(stock, ourKernels),
      accelerated: one(ours, ourKernels),
    },
    { rounds: ROUNDS, warmup: 5 },
  );
  tf.dispose([x, none, stock, ours]);
  return samples;
}

const [rows, cases] = [[], {}];
for (const [layer, how] of Object.entries(LAYERS)) {
  const samples = await measure(how);
  rows.push({ layer, ratio: ratios(samples, 'stays stock', 'without hooks') });
  for (const [name, times] of Object.entries(samples)) {
    cases[`${layer}, ${name}`] = spread(times.map((milliseconds) => 1000 * milliseconds));
  }
}
publish({
  name: 'hooks',
  what: `one call of tf.matMul and of tf.conv2d with ${SIZE} outputs on wasm; median (p10–p90)`,
  unit: 'µs',
  cases,
  rows,
  ratio: { subject: 'a convolution that stays stock', peer: 'one without hooks', ...rows.at(-1).ratio },
  machine: machine(['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm']),
});
