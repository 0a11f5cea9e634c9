import { type Bits, isKept } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import type { LayerHessian } from './hessians.js';
import type { Layout } from './layout.js';
import { padded, type Square } from './linear.js';

export interface NaturalSteps {
  /** The step δ for this gradient, by weight, 0 where the mask prunes. */
  step(gradient: Float64Array): Promise<Float32Array>;
  dispose(): void;
}

export interface NaturalStepOptions {
  /** λ */
  readonly damping: number;
  readonly iterations: number;
}

/**
 * The steps of one kernel's survivors that the quadratic model gᵀδ + ½·δᵀ(H ⊗ G + λ·I)δ asks for, pruned weights held at zero:
 * conjugate gradients, preconditioned by the diagonal, `iterations` at most; stopping early dampens further. (H ⊗ G)·δ is
 * H·Δ·G for δ as a matrix of inputs × outputs, so all of it is products of tensors, in float32: whoever takes the step looks
 * at the loss.
 *
 * Holds H, G and the mask as tensors until it is disposed.
 */
export function naturalSteps(
  { layout, hessians }: Pick<LayerHessian, 'layout' | 'hessians'>,
  factors: readonly Square[],
  bits: Bits,
  { damping, iterations }: NaturalStepOptions,
): NaturalSteps {
  const held = tf.tidy(() => {
    const [h, g] = [stack(hessians), stack(factors)];
    const diagonal = tf.mul(tf.expandDims(diagonals(hessians), 2), tf.expandDims(diagonals(factors), 1));
    const mask = toBlocks(
      layout,
      Float32Array.from({ length: bits.length }, (_, i) => Number(isKept(bits, i))),
    );
    return { h, g, mask, scale: tf.div(mask, tf.add(diagonal, damping)) };
  });
  const solve = (b: tf.Tensor): tf.Tensor => {
    let x: tf.Tensor = tf.zerosLike(b);
    let residual: tf.Tensor = b;
    let direction = tf.mul(b, held.scale);
    let rz = tf.sum(tf.mul(b, direction));
    for (let i = 0; i < iterations; i++) {
      const curved = tf.matMul(tf.matMul(held.h, direction), held.g);
      const product = tf.add(tf.mul(curved, held.mask), tf.mul(direction, damping));
      const length = tf.divNoNan(rz, tf.sum(tf.mul(direction, product)));
      x = tf.add(x, tf.mul(length, direction));
      residual = tf.sub(residual, tf.mul(length, product));
      const z = tf.mul(residual, held.scale);
      const next = tf.sum(tf.mul(residual, z));
      direction = tf.add(z, tf.mul(tf.divNoNan(next, rz), direction));
      rz = next;
    }
    return x;
  };
  return {
    async step(gradient) {
      // Squares of small gradients leave float32's range; the step is linear in the gradient.
      const most = gradient.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
      if (most === 0) return new Float32Array(gradient.length);
      const found = tf.tidy(() => {
        const b = tf.mul(
          toBlocks(
            layout,
            Float32Array.from(gradient, (v) => -v / most),
          ),
          held.mask,
        );
        return tf.transpose(solve(b), [1, 0, 2]);
      });
      try {
        return (await found.data<'float32'>()).map((v) => v * most);
      } finally {
        found.dispose();
      }
    },
    dispose: () => tf.dispose(held),
  };
}

/** A kernel's values, [inputs, blocks, outputs] in memory, block by block. */
const toBlocks = ({ blocks, inputs, outputs }: Layout, values: Float32Array): tf.Tensor =>
  tf.transpose(tf.tensor3d(values, [inputs, blocks, outputs]), [1, 0, 2]);

function stack(squares: readonly Square[]): tf.Tensor3D {
  const { n } = squares[0];
  const values = new Float32Array(squares.length * n * n);
  squares.forEach((square, block) => {
    for (let i = 0; i < n; i++) {
      const from = i * padded(n);
      values.set(square.values.subarray(from, from + n), (block * n + i) * n);
    }
  });
  return tf.tensor3d(values, [squares.length, n, n]);
}

function diagonals(squares: readonly Square[]): tf.Tensor2D {
  const { n } = squares[0];
  const values = squares.flatMap((s) => Array.from({ length: n }, (_, i) => s.values[i * padded(n) + i]));
  return tf.tensor2d(values, [squares.length, n]);
}
