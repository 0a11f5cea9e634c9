import * as tf from '@tensorflow/tfjs-core';

/** Mean and variance of channels over everything that was added, in float64. */
export interface Moments {
  /** Entries of each channel so far. */
  readonly count: number;
  readonly mean: Float64Array;
  /** Σ (x − mean)². */
  readonly squares: Float64Array;
}

/** One piece's moments on their way from the backend. */
export interface Piece {
  readonly count: number;
  readonly mean: tf.Tensor;
  readonly squares: tf.Tensor;
}

/** Over all axes but the last. The tensors outlive a tidy and belong to the caller. */
export function momentsOf(x: tf.Tensor): Piece {
  const axes = x.shape.map((_, axis) => axis).slice(0, -1);
  return tf.tidy(() => {
    const { mean, variance } = tf.moments(x, axes);
    const count = x.size / x.shape[x.rank - 1];
    return { count, mean: tf.keep(mean), squares: tf.keep(tf.mul(variance, count)) };
  });
}

/** Two samples as one (Chan, Golub and LeVeque 1979): exact, and no large numbers are subtracted. */
export function join(a: Moments | undefined, b: Moments): Moments {
  if (!a) return b;
  const count = a.count + b.count;
  const mean = a.mean.map((m, c) => m + ((b.mean[c] - m) * b.count) / count);
  const squares = a.squares.map(
    (s, c) => s + b.squares[c] + ((b.mean[c] - a.mean[c]) ** 2 * a.count * b.count) / count,
  );
  return { count, mean, squares };
}
