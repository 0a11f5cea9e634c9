import * as tf from '@tensorflow/tfjs-core';
import { accelerate, KERNELS } from '../index.js';
import type { Case } from './cases.js';
import { distance } from './weights.js';

/** The formats, without the ways of choosing one. */
export const FORMAT_NAMES = KERNELS.filter((name) => name !== 'auto' && name !== 'stock');

export async function download(make: () => tf.Tensor): Promise<Float32Array> {
  const tensor = tf.tidy(make);
  const data = (await tensor.data()) as Float32Array;
  tensor.dispose();
  return data;
}

/** max|a − b| / max|b| of each format that fits against the cpu backend. */
export async function compare({ w, shape, run }: Case, formats = FORMAT_NAMES): Promise<Map<string, number>> {
  await tf.setBackend('cpu');
  const wanted = await download(() => run(tf.tensor(w, shape)));
  await tf.setBackend('webgpu');
  const found = new Map<string, number>();
  for (const kernel of formats) {
    const filter = tf.tensor(w, shape);
    const fast = await accelerate({ weights: { filter } }, { kernel });
    const got = await download(() => run(filter));
    if (fast.layers[0].kernel === kernel) found.set(kernel, distance(got, wanted));
    fast.dispose();
    filter.dispose();
  }
  return found;
}
