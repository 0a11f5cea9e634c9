import * as tf from '@tensorflow/tfjs-core';

/** Our kernel for the arguments, or undefined for the stock one. */
export type Attempt = (args: KernelArguments, stock: () => tf.TensorInfo) => tf.TensorInfo | undefined;

export type KernelArguments = Parameters<tf.KernelFunc>[0];

/**
 * Puts an attempt before a registered kernel. The function returned takes it away again: out of the registry, or, where somebody has
 * put another kernel over it since, by letting every call pass.
 */
export function override(kernelName: string, backendName: string, attempt: Attempt): () => void {
  const stock = tf.getKernel(kernelName, backendName);
  let active = true;
  const ours: tf.KernelConfig = {
    ...stock,
    kernelFunc: (args) => {
      const run = () => stock.kernelFunc(args) as tf.TensorInfo;
      return (active ? attempt(args, run) : undefined) ?? run();
    },
  };
  tf.unregisterKernel(kernelName, backendName);
  tf.registerKernel(ours);
  return () => {
    active = false;
    if (tf.getKernel(kernelName, backendName) !== ours) return;
    tf.unregisterKernel(kernelName, backendName);
    tf.registerKernel(stock);
  };
}
