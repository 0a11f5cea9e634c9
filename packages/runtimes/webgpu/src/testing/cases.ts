import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { values, weights, type Zeros } from './weights.js';

/** Zeros around the images, for each axis of NHWC. */
type Sides = [[number, number], [number, number], [number, number], [number, number]];

export interface Convolution extends Zeros {
  readonly batch: number;
  readonly size: readonly [number, number];
  readonly channels: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly strides: [number, number];
  readonly dilations: [number, number];
  readonly pad: 'same' | 'valid' | number | Sides;
  readonly activation: tf.fused.Activation;
  readonly bias: boolean;
}

export interface Product extends Zeros {
  readonly rows: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly activation: tf.fused.Activation | undefined;
}

const zeros = {
  sparsity: fc.constantFrom(0, 0.5, 0.9, 1),
  block: fc.constantFrom(1, 4, 8),
  pattern: fc.constantFrom<Zeros['pattern'][]>(undefined, undefined, [2, 4], [1, 4], [4, 16], [8, 32]),
  seed: fc.integer({ min: 1, max: 1e6 }),
};

const activations: tf.fused.Activation[] = ['linear', 'relu', 'relu6', 'prelu', 'leakyrelu', 'elu', 'sigmoid'];

export const convolutions: fc.Arbitrary<Convolution> = fc.record({
  ...zeros,
  batch: fc.integer({ min: 1, max: 2 }),
  size: fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 })),
  channels: fc.tuple(fc.constantFrom(1, 3, 16, 20, 64), fc.constantFrom(1, 5, 36, 70)),
  kernel: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  strides: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 3 })),
  dilations: fc.constantFrom<[number, number][]>([1, 1], [1, 1], [2, 1], [2, 2]),
  pad: fc.constantFrom<Convolution['pad'][]>('same', 'valid', 1),
  activation: fc.constantFrom(...activations),
  bias: fc.boolean(),
});

export const products: fc.Arbitrary<Product> = fc.record({
  ...zeros,
  rows: fc.constantFrom(1, 2, 7, 8, 9, 20),
  inputs: fc.constantFrom(1, 3, 32, 255, 257, 520),
  outputs: fc.integer({ min: 1, max: 80 }),
  activation: fc.constantFrom(undefined, ...activations),
});

const sides = fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 }));
/** Any share of zeros, both ends included. */
const anyZeros = {
  ...zeros,
  sparsity: fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true })),
  block: fc.constantFrom(1, 1, 2, 3, 4, 8, 16),
  pattern: fc.constantFrom<Zeros['pattern'][]>(undefined, undefined, [1, 4], [2, 4], [3, 4], [2, 8], [4, 16], [8, 32]),
  empty: fc.constantFrom(0, 0, 0.3, 0.9),
};

/** The same over more of everything, for tests that may take minutes. */
export const moreConvolutions: fc.Arbitrary<Convolution> = fc.record({
  ...anyZeros,
  batch: fc.integer({ min: 1, max: 5 }),
  size: fc.tuple(fc.integer({ min: 1, max: 13 }), fc.integer({ min: 1, max: 13 })),
  channels: fc.tuple(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 140 })),
  kernel: fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })),
  strides: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
  dilations: fc.constantFrom<[number, number][]>([1, 1], [1, 1], [1, 1], [2, 1], [1, 3], [2, 2]),
  pad: fc.oneof(
    fc.constantFrom<Convolution['pad'][]>('same', 'valid', 1, 2),
    fc.tuple(sides, sides).map(([y, x]): Sides => [[0, 0], y, x, [0, 0]]),
  ),
  activation: fc.constantFrom(...activations),
  bias: fc.boolean(),
});

export const moreProducts: fc.Arbitrary<Product> = fc.record({
  ...anyZeros,
  rows: fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 11, max: 300 })),
  inputs: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(127, 128, 129, 255, 256, 257, 511, 513, 1030)),
  outputs: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 41, max: 600 })),
  activation: fc.constantFrom(undefined, ...activations),
});

/** A kernel with these zeros, and the operation on it. */
export interface Case {
  readonly w: Float32Array;
  readonly shape: number[];
  run(kernel: tf.Tensor): tf.Tensor;
}

export function convolutionCase(c: Convolution): Case {
  const dilated = c.dilations.some((d) => d > 1);
  const strides: [number, number] = dilated ? [1, 1] : c.strides;
  const pad = dilated && typeof c.pad !== 'string' ? 'same' : c.pad;
  const [h, w] = c.size.map((n, i) => Math.max(n, (c.kernel[i] - 1) * c.dilations[i] + 1));
  const [inputs, outputs] = c.channels;
  return {
    w: weights(c.kernel[0] * c.kernel[1] * inputs, outputs, c),
    shape: [...c.kernel, inputs, outputs],
    run: (filter) =>
      tf.fused.conv2d({
        x: tf.tensor4d(values(c.batch * h * w * inputs, c.seed + 2), [c.batch, h, w, inputs]),
        filter: filter as tf.Tensor4D,
        strides,
        pad,
        dilations: c.dilations,
        dimRoundingMode: typeof pad === 'string' ? undefined : 'floor',
        bias: c.bias ? tf.tensor1d(values(outputs, c.seed + 3)) : undefined,
        ...activationOf(c.activation, outputs, c.seed),
      }),
  };
}

export function productCase({ rows, inputs, outputs, activation, ...how }: Product): Case {
  return {
    w: weights(inputs, outputs, how),
    shape: [inputs, outputs],
    run(kernel) {
      const a = tf.tensor2d(values(rows * inputs, how.seed + 2), [rows, inputs]);
      const b = kernel as tf.Tensor2D;
      if (activation === undefined) return tf.matMul(a, b);
      const bias = tf.tensor1d(values(outputs, how.seed + 3));
      return tf.fused.matMul({ a, b, bias, ...activationOf(activation, outputs, how.seed) });
    },
  };
}

const activationOf = (activation: tf.fused.Activation, outputs: number, seed: number) => ({
  activation,
  leakyreluAlpha: 0.1,
  ...(activation === 'prelu' && { preluActivationWeights: tf.tensor1d(values(outputs, seed + 4)) }),
});
