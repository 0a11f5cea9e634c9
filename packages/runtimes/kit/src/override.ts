import * as tf from '@tensorflow/tfjs-core';
import { replace } from './replace.js';

/** Runs the kernel that stands below ours, on the arguments of the call, or on others. */
export type Stock = (other?: KernelArguments) => tf.TensorInfo;

/** Our kernel for the arguments, or undefined for the stock one. */
export type Attempt = (args: KernelArguments, stock: Stock) => tf.TensorInfo | undefined;

export type KernelArguments = Parameters<tf.KernelFunc>[0];

/**
 * Puts a kernel in the place of a backend's own, if it has one of that name. The function returned puts that back; where somebody has
 * put another kernel over ours since, that one stays, and ours only passes calls on.
 */
export function replaceKernel(
  kernelName: string,
  backendName: string,
  make: (stock: tf.KernelConfig | undefined) => tf.KernelFunc,
): () => void {
  const read = () => tf.getKernel(kernelName, backendName) as tf.KernelConfig | undefined;
  const write = (kernel: tf.KernelConfig | undefined) => {
    if (read()) tf.unregisterKernel(kernelName, backendName);
    if (kernel) tf.registerKernel(kernel);
  };
  return replace({ read, write }, (stock, active) => {
    const ours = make(stock);
    // With the stock kernel's set-up, it is ready for use whether or not the backend has started yet.
    const kernelFunc: tf.KernelFunc = (args) => (active() || !stock ? ours : stock.kernelFunc)(args);
    return { ...stock, kernelName, backendName, kernelFunc };
  });
}

/** Puts an attempt before a registered kernel; the function returned takes it away again, as `replaceKernel` does. */
export const override = (kernelName: string, backendName: string, attempt: Attempt): (() => void) =>
  replaceKernel(kernelName, backendName, (stock) => (args) => {
    const run = (other = args) => stock!.kernelFunc(other) as tf.TensorInfo;
    return attempt(args, run) ?? run();
  });

/** The same for the gradient of a kernel, on all backends; does nothing where none is registered. */
export function replaceGradient(kernelName: string, make: (stock: tf.GradConfig) => tf.GradFunc): () => void {
  if (!tf.getGradient(kernelName)) return () => {};
  const read = () => tf.getGradient(kernelName) as tf.GradConfig | undefined;
  const write = (gradient: tf.GradConfig | undefined) => {
    if (read()) tf.unregisterGradient(kernelName);
    if (gradient) tf.registerGradient(gradient);
  };
  return replace({ read, write }, (stock, active) => {
    const ours = make(stock!);
    const gradFunc: tf.GradFunc = (...given) => (active() ? ours : stock!.gradFunc)(...given);
    return { ...stock!, gradFunc };
  });
}
