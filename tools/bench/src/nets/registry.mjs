import * as tf from '@tensorflow/tfjs-core';

const HOOKED = [tf.Conv2D, tf.FusedConv2D, tf.BatchMatMul, tf._FusedMatMul];

/** The kernels that accelerate() and compile() put theirs before, as they are registered now. */
export const registered = () => HOOKED.map((kernel) => tf.getKernel(kernel, 'wasm'));

/** Puts them back, so that TensorFlow.js's own know nothing of ours while they are timed. */
export function register(kernels) {
  for (const kernel of kernels) {
    tf.unregisterKernel(kernel.kernelName, 'wasm');
    tf.registerKernel(kernel);
  }
}
