import * as tf from '@tensorflow/tfjs-core';
import type { LayerHessian } from './hessians.js';
import type { Layout } from './layout.js';
import { type Linear, padded } from './linear.js';

/**
 * X̂ᵀ(X − X̂)·w in the kernel's layout, for rows X of inputs that became X̂: what the normal equations of ‖X·w − X̂·ŵ‖² have on top of
 * those of ‖X̂·w − X̂·ŵ‖². Exactly 0 for inputs that stayed as they were.
 */
export async function shiftOf(
  { blocks, inputs, outputs }: Layout,
  was: tf.Tensor2D,
  is: tf.Tensor2D,
  values: Float32Array,
): Promise<Float32Array> {
  const shift = tf.tidy(() => {
    const byBlock = (rows: tf.Tensor) => tf.transpose(tf.reshape(rows, [-1, inputs, blocks]), [2, 0, 1]);
    const kernel = tf.transpose(tf.tensor3d(values, [inputs, blocks, outputs]), [1, 0, 2]);
    const missed = tf.matMul(byBlock(tf.sub(was, is)), kernel);
    return tf.transpose(tf.matMul(byBlock(is), missed, true), [1, 0, 2]);
  });
  try {
    return await shift.data<'float32'>();
  } finally {
    shift.dispose();
  }
}

/** w + H⁻¹·shift: the weights, none of them pruned, whose outputs on X̂ are nearest to X·w. */
export function matched(
  linear: Linear,
  { layout, hessians }: LayerHessian,
  values: Float32Array,
  shift: Float64Array,
): Float32Array {
  if (shift.every((s) => s === 0)) return values;
  const { inputs, outputs, at } = layout;
  const target = Float64Array.from(values);
  hessians.forEach((hessian, block) => {
    const inverse = linear.invert(hessian)!;
    for (let i = 0; i < inputs; i++) {
      for (let j = 0; j < inputs; j++) {
        const factor = inverse.values[i * padded(inputs) + j];
        const [to, from] = [at(block, 0, i), at(block, 0, j)];
        for (let output = 0; output < outputs; output++) target[to + output] += factor * shift[from + output];
      }
    }
  });
  return Float32Array.from(target);
}
