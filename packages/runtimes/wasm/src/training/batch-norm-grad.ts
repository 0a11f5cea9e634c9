import * as tf from '@tensorflow/tfjs-core';
import { UsageError } from '@espalier/core';

/**
 * Gradients of γ·(x − μ)/√(σ² + ε) + β by x, μ, σ², γ and β, each in the shape of its argument. The stock gradient
 * repeats μ and σ² to the shape of x with Tile, which is slow on wasm; broadcasting does not.
 *
 * Gradients are registered for all backends at once, so this one hands every backend but wasm to `stock`.
 */
export const batchNormGrad =
  (stock: tf.GradConfig): tf.GradFunc =>
  (dy, saved, attrs) =>
    tf.getBackend() === 'wasm' ? gradients(dy as tf.Tensor, saved, attrs) : stock.gradFunc(dy, saved, attrs);

function gradients(dy: tf.Tensor, saved: tf.Tensor[], attrs: tf.NamedAttrMap): Record<string, () => tf.Tensor> {
  // TensorFlow.js differentiates no batch norm without scale or offset, on any backend: it fails before it gets here.
  const [x, mean, variance, scale] = saved;
  checkAxis(x.shape, mean.shape);
  const axes = tf.broadcast_util.getReductionAxes(mean.shape, x.shape);
  const reduce = (t: tf.Tensor) => tf.reshape(axes.length > 0 ? tf.sum(t, axes) : t, mean.shape);
  const inverse = tf.rsqrt(tf.add(variance, attrs.varianceEpsilon as number));
  const slope = tf.mul(inverse, scale);
  const centred = () => reduce(tf.mul(dy, tf.sub(x, mean)));
  return {
    x: () => tf.mul(dy, slope),
    mean: () => tf.neg(tf.mul(slope, reduce(dy))),
    variance: () => tf.mul(tf.mul(tf.mul(slope, tf.square(inverse)), -0.5), centred()),
    scale: () => tf.mul(inverse, centred()),
    offset: () => reduce(dy),
  };
}

/** The kernels of TensorFlow.js repeat μ along the last axes whatever its shape, so only those axes have a true gradient. */
function checkAxis(x: readonly number[], mean: readonly number[]): void {
  const own = mean.slice(mean.findIndex((n) => n !== 1));
  if (mean.every((n) => n === 1) || own.every((n, i) => n === x[x.length - own.length + i])) return;
  const [wanted, found] = [`[${x[x.length - 1]}]`, `[${mean.join(', ')}]`];
  const fix = 'normalise the last axis';
  throw new UsageError(
    'batch-norm-axis',
    `the gradient of batch norm on the wasm backend needs a mean of shape ${wanted}, got ${found}; ${fix}`,
    { where: 'FusedBatchNorm', wanted, found, fix },
  );
}
