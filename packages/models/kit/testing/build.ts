import * as tf from '@tensorflow/tfjs-core';
import { bitsFrom, type Param } from '@espalier/core';
import type { HeldWeight } from '../src/mask.js';

export const param = (id: string, shape: number[]): Param => ({
  id,
  shape,
  inAxis: 0,
  role: 'kernel',
  uses: 1,
  trainable: true,
});
export const held = (id: string, shape: number[], values: number[]): HeldWeight => ({
  param: param(id, shape),
  variable: tf.tidy(() => tf.variable(tf.tensor(values, shape, 'float32'))),
});
export const free = (weights: readonly HeldWeight[]) => weights.forEach(({ variable }) => variable.dispose());
export const bits = (kept: readonly number[]) => bitsFrom(kept.length, (i) => kept[i] === 1);
export const range = (n: number) => Array.from({ length: n }, (_, i) => i);

/** Every test of the file ends with as many tensors as it began with. */
export function noLeaks(): void {
  let before = 0;
  beforeEach(() => void (before = tf.memory().numTensors));
  afterEach(() => expect(tf.memory().numTensors).toBe(before));
}
