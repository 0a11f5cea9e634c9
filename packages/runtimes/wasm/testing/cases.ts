import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { seededRandom } from '@espalier/core';

interface Case {
  readonly batch: number;
  readonly size: readonly [number, number];
  readonly channels: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly strides: [number, number];
  readonly dilations: [number, number];
  readonly pad: 'same' | 'valid' | number;
  readonly sparsity: number;
  /** Neighbouring outputs that are zero together. */
  readonly block: number;
  readonly activation: tf.fused.Activation;
  readonly bias: boolean;
  readonly seed: number;
}

export const cases: fc.Arbitrary<Case> = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  size: fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })),
  channels: fc.tuple(fc.integer({ min: 1, max: 21 }), fc.integer({ min: 1, max: 35 })),
  kernel: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  strides: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 3 })),
  dilations: fc.constantFrom<[number, number][]>([1, 1], [1, 1], [2, 1], [2, 2]),
  pad: fc.constantFrom<Case['pad'][]>('same', 'valid', 1),
  sparsity: fc.constantFrom(0, 0.3, 0.7, 0.95, 1),
  block: fc.constantFrom(1, 4, 16),
  activation: fc.constantFrom<tf.fused.Activation[]>('linear', 'relu', 'relu6', 'prelu', 'leakyrelu', 'elu', 'sigmoid'),
  bias: fc.boolean(),
  seed: fc.integer({ min: 1, max: 1e6 }),
});

export function values(size: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length: size }, () => random() * 2 - 1);
}

/** [inputs, outputs] with whole blocks of outputs left out. */
export function weights(
  inputs: number,
  outputs: number,
  { sparsity, block, seed }: Pick<Case, 'sparsity' | 'block' | 'seed'>,
) {
  const random = seededRandom(seed + 1);
  const w = values(inputs * outputs, seed);
  for (let k = 0; k < inputs; k++) {
    for (let m = 0; m < outputs; m += block) {
      if (random() < sparsity) w.fill(0, k * outputs + m, k * outputs + Math.min(outputs, m + block));
    }
  }
  return w;
}
