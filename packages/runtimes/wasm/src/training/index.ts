import { replaceGradient, replaceKernel } from '@espalier/kernels-kit';
import * as tf from '@tensorflow/tfjs-core';
// The backend registers its kernels when it loads; loaded later, it would put them over ours.
import '@tensorflow/tfjs-backend-wasm';
import { batchMatMul } from './batch-mat-mul.js';
import { batchNormGrad } from './batch-norm-grad.js';
import { conv2DBackpropFilter } from './conv2d-backprop-filter.js';
import { conv2DBackpropInput } from './conv2d-backprop-input.js';
import { depthwiseBackpropFilter } from './depthwise-backprop-filter.js';
import { depthwiseBackpropInput } from './depthwise-backprop-input.js';
import { einsum } from './einsum.js';
import type { Kernel } from './tensors.js';
import { maxPoolGrad } from './max-pool-grad.js';
import { oneHot } from './one-hot.js';
import { mean, sum } from './reduce-rows.js';
import { unsortedSegmentSum } from './unsorted-segment-sum.js';

const KERNELS: Readonly<Record<string, Kernel>> = {
  [tf.BatchMatMul]: batchMatMul,
  [tf.Conv2DBackpropFilter]: conv2DBackpropFilter,
  [tf.Conv2DBackpropInput]: conv2DBackpropInput,
  [tf.DepthwiseConv2dNativeBackpropFilter]: depthwiseBackpropFilter,
  [tf.DepthwiseConv2dNativeBackpropInput]: depthwiseBackpropInput,
  [tf.Einsum]: einsum,
  [tf.MaxPoolGrad]: maxPoolGrad,
  [tf.Mean]: mean,
  [tf.OneHot]: oneHot,
  [tf.Sum]: sum,
  [tf.UnsortedSegmentSum]: unsortedSegmentSum,
};

let installed: (() => void)[] | undefined;

/**
 * Makes gradients and `model.fit` work on the wasm backend: registers the backward kernels that it lacks, quicker ones for
 * conv2d's input gradient, transposed matrix products and sums over leading axes, right ones for max pooling's gradient and for one-hot labels in
 * float32, and a gradient of batch norm that broadcasts. Other backends stay as they are. Before or after `setBackend`, once or many times.
 *
 * TensorFlow.js has gradients only once '@tensorflow/tfjs-layers' is imported. Import it before the call; otherwise batch norm
 * keeps its stock gradient, which is right but slower.
 *
 * @returns puts everything back as it was, for all callers; a second call of it does nothing.
 */
export function enableTraining(): () => void {
  installed ??= [
    ...Object.entries(KERNELS).map(([name, kernel]) => replaceKernel(name, 'wasm', kernel)),
    replaceGradient(tf.FusedBatchNorm, batchNormGrad),
  ];
  const mine = installed;
  return () => {
    if (installed !== mine) return;
    for (const undo of mine) undo();
    installed = undefined;
  };
}
