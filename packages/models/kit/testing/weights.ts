import * as tf from '@tensorflow/tfjs-core';
import { type Param } from '@espalier/core';
import { type HeldWeight } from '../src/index.js';

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
