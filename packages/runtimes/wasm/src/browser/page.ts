// What the test of browsers runs in the page; bundled by it.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { seededRandom } from '@espalier/core';
import { accelerate } from '../index.js';
import { PROBES } from '../kernels/modules.js';

export interface Outcome {
  readonly isolated: boolean;
  /** TensorFlow.js's memory is shared: its threaded build. */
  readonly shared: boolean;
  readonly build: string | undefined;
  readonly layers: readonly { readonly id: string; readonly kernel: string; readonly reason: string }[];
  /** max|a − b| / max|b| of accelerated wasm against cpu, for inputs of one and of three samples. */
  readonly errors: readonly number[];
  readonly undone: number;
}

/** 1×1, 3×3 with stride, transposed into one vector: the kernels for panels and for single rows. */
function network(): tfl.LayersModel {
  const { layers } = tfl;
  const model = tfl.sequential({
    layers: [
      layers.conv2d({ filters: 40, kernelSize: 1, activation: 'relu', inputShape: [16, 16, 24], name: 'point' }),
      layers.conv2d({ filters: 32, kernelSize: 3, strides: 2, padding: 'same', activation: 'sigmoid', name: 'patch' }),
      layers.depthwiseConv2d({ kernelSize: 3, padding: 'same', name: 'depth' }),
      layers.globalAveragePooling2d({}),
      layers.dense({ units: 64, activation: 'elu', name: 'hidden' }),
      layers.dense({ units: 10, activation: 'softmax', name: 'top' }),
    ],
  });
  const random = seededRandom(7);
  const weights = model.getWeights().map((w) => {
    const values = Float32Array.from({ length: w.size }, () => (random() < 0.8 && w.rank > 1 ? 0 : random() - 0.5));
    return tf.tensor(values, w.shape);
  });
  model.setWeights(weights);
  tf.dispose(weights);
  return model;
}

async function predict(model: tfl.LayersModel, samples: number): Promise<Float32Array> {
  const random = seededRandom(samples);
  const values = Float32Array.from({ length: samples * 16 * 16 * 24 }, random);
  const y = tf.tidy(() => model.predict(tf.tensor(values, [samples, 16, 16, 24])) as tf.Tensor);
  const result = (await y.data()) as Float32Array;
  y.dispose();
  return result;
}

function distance(a: Float32Array, b: Float32Array): number {
  const most = (of: (i: number) => number) => b.reduce((max, _, i) => Math.max(max, of(i)), 0);
  const worst = most((i) => (Number.isNaN(a[i]) ? Infinity : Math.abs(a[i] - b[i])));
  return a.length === b.length ? worst / most((i) => Math.abs(b[i])) : Infinity;
}

/** Makes the stock kernels lose every race, so that what is tested does not hang on the machine. */
function slowDown(): void {
  for (const kernelName of ['Conv2D', 'FusedConv2D', 'BatchMatMul', '_FusedMatMul']) {
    const stock = tf.getKernel(kernelName, 'wasm');
    tf.unregisterKernel(kernelName, 'wasm');
    tf.registerKernel({
      ...stock,
      kernelFunc(args) {
        for (const start = performance.now(); performance.now() - start < 3;);
        return stock.kernelFunc(args);
      },
    });
  }
}

async function check({ relaxed }: { relaxed: boolean }): Promise<Outcome> {
  tf.env().set('PROD', true);
  if (!relaxed) {
    const { validate } = WebAssembly;
    const probe = PROBES['relaxed-simd'].length;
    WebAssembly.validate = (module) => module.byteLength !== probe && validate(module);
  }
  setWasmPaths('/wasm/');
  setThreadsCount(2);
  await tf.setBackend('cpu');
  const model = network();
  const wanted = [await predict(model, 1), await predict(model, 3)];
  await tf.setBackend('wasm');
  slowDown();
  const memory = (tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } }).wasm.HEAPU8.buffer;
  const fast = await accelerate(model);
  const got = [await predict(model, 1), await predict(model, 3)];
  const { build, layers } = fast;
  fast.dispose();
  return {
    isolated: globalThis.crossOriginIsolated,
    shared: typeof SharedArrayBuffer !== 'undefined' && memory instanceof SharedArrayBuffer,
    build,
    layers: layers.map(({ id, kernel, reason }) => ({ id, kernel, reason })),
    errors: got.map((values, i) => distance(values, wanted[i])),
    undone: distance(await predict(model, 1), wanted[0]),
  };
}

Object.assign(globalThis, { check });
