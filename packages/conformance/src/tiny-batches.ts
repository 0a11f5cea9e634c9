import { type Batch, seededRandom } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';

export interface TinyDataOptions {
  /** Sizes of the batches. Default: 3, 2 and 2 samples, because the last batch is often short. */
  readonly sizes?: readonly number[];
  readonly inputs?: number;
  readonly classes?: number;
  readonly seed?: number;
}

export const TINY_DATA_DEFAULTS = { sizes: [3, 2, 2], inputs: 4, classes: 3, seed: 2 };

/** Calibration data that fits `tinyNetwork()`: inputs from (−1, 1), one-hot targets. A batch is freed when the next is asked for. */
export function tinyBatches(options: TinyDataOptions = {}): () => AsyncIterable<Batch> {
  const { sizes, inputs, classes, seed } = { ...TINY_DATA_DEFAULTS, ...options };
  return async function* () {
    const random = seededRandom(seed);
    for (const size of sizes) {
      const draw = () => Array.from({ length: size * inputs }, () => random() * 2 - 1);
      const x = tf.tensor(draw(), [size, inputs]);
      const label = Array.from({ length: size }, () => Math.floor(random() * classes));
      const y = tf.tensor(
        label.flatMap((l) => Array.from({ length: classes }, (_, c) => Number(c === l))),
        [size, classes],
      );
      try {
        yield { x, y };
      } finally {
        tf.dispose([x, y]);
      }
    }
  };
}
