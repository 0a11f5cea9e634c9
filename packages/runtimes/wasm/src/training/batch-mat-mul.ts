import * as tf from '@tensorflow/tfjs-core';
import { copy, type Kernel, kernelFunc } from './tensors.js';

/**
 * a·b with either of them transposed, as the gradients of dense layers ask for it. Only the plain product of two
 * matrices is quick in the stock kernel, so a transposed matrix is turned first; all else stays with the stock kernel.
 */
export const batchMatMul: Kernel = (stock) =>
  kernelFunc<tf.BatchMatMulInputs, tf.BatchMatMulAttrs>((call) => {
    const { inputs, attrs, backend } = call;
    const { transposeA, transposeB } = attrs;
    const run = stock!.kernelFunc;
    if (!(transposeA || transposeB) || !isMatrix(inputs.a) || !isMatrix(inputs.b)) {
      return run(call as never) as tf.TensorInfo;
    }
    return tf.tidy(() => {
      const a = transposeA ? turned(inputs.a) : inputs.a;
      const b = transposeB ? turned(inputs.b) : inputs.b;
      // A row or a column is turned without moving anything.
      const own = b.dataId === inputs.b.dataId ? copy(backend, b) : b;
      const args = { inputs: { a, b: own }, backend, attrs: { transposeA: false, transposeB: false } };
      return tf.engine().makeTensorFromTensorInfo(run(args) as tf.TensorInfo);
    });
  });

const isMatrix = ({ shape, dtype }: tf.TensorInfo) => dtype === 'float32' && shape.slice(0, -2).every((n) => n === 1);

const turned = (x: tf.Tensor) => {
  const axes = x.shape.map((_, axis) => axis);
  return tf.transpose(x, [...axes.slice(0, -2), x.rank - 1, x.rank - 2]);
};
