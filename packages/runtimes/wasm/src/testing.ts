import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { seededRandom } from '@espalier/core';

/** Values in [−1, 1) on a grid of 1/64, so that sums of products are exact in float32 and ties are common. */
export function grid(shape: number[], seed: number): { shape: number[]; values: Float32Array } {
  const random = seededRandom(seed);
  const values = Float32Array.from(
    { length: tf.util.sizeFromShape(shape) },
    () => Math.floor(random() * 128 - 64) / 64,
  );
  return { shape, values };
}

export type Data = ReturnType<typeof grid>;

/** Runs `f` on a backend and downloads its results; fails if tensors are left behind. */
export async function on(backend: string, f: () => tf.Tensor | tf.Tensor[]): Promise<Float32Array[]> {
  await tf.setBackend(backend);
  const before = tf.memory().numTensors;
  const results = [tf.tidy(f)].flat();
  const values = await Promise.all(results.map((t) => t.data() as Promise<Float32Array>));
  tf.dispose(results);
  expect(tf.memory().numTensors).toBe(before);
  return values;
}

export const tensor = ({ shape, values }: Data) => tf.tensor(values, shape);

export function expectClose(got: Float32Array, wanted: Float32Array, tolerance = 1e-5): void {
  expect(got.length).toBe(wanted.length);
  const scale = wanted.reduce((max, v) => Math.max(max, Math.abs(v)), 1);
  let worst = 0;
  got.forEach((v, i) => (worst = Math.max(worst, Number.isNaN(v) ? Infinity : Math.abs(v - wanted[i]))));
  expect(worst / scale).toBeLessThanOrEqual(tolerance);
}

export const run = (name: string, inputs: tf.NamedTensorMap, attrs: object): tf.Tensor =>
  tf.engine().runKernel(name, inputs, attrs as tf.NamedAttrMap);

/** Runs one kernel on both backends. */
export async function both(
  name: string,
  inputs: Record<string, Data>,
  attrs: object,
): Promise<[wasm: Float32Array, cpu: Float32Array]> {
  const call = () =>
    run(name, Object.fromEntries(Object.entries(inputs).map(([key, data]) => [key, tensor(data)])), attrs);
  const [cpu] = await on('cpu', call);
  const [wasm] = await on('wasm', call);
  return [wasm, cpu];
}
