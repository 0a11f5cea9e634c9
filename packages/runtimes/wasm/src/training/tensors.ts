import * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';

/**
 * A tensor's values in place, in WebAssembly memory. Take every output first and the views after it: an allocation may
 * grow the memory, and that detaches the views taken before.
 */
export const view = (backend: BackendWasm, tensor: tf.TensorInfo) => backend.typedArrayFromHeap(tensor) as Float32Array;

/** A float32 tensor of zeros, tracked by the enclosing tidy. */
export function zeros(backend: BackendWasm, shape: number[]): tf.Tensor {
  const info = backend.makeOutput(shape, 'float32');
  view(backend, info).fill(0); // What malloc returns is whatever was there.
  return tf.engine().makeTensorFromTensorInfo(info);
}

/**
 * The same values in memory of their own. The backend keeps a packed copy of the right operand of a matrix product for as
 * long as its data lives, and finds it by the data alone: the same data under another shape, which is what reshape
 * gives, would be multiplied wrongly or crash. So nothing here multiplies by data that it does not own.
 */
export function copy(backend: BackendWasm, tensor: tf.Tensor): tf.Tensor {
  const info = backend.makeOutput(tensor.shape, tensor.dtype);
  view(backend, info).set(view(backend, tensor));
  return tf.engine().makeTensorFromTensorInfo(info);
}

/** The arguments of a kernel, with the types that this kernel's callers pass. */
export interface KernelCall<Inputs, Attrs> {
  readonly inputs: { readonly [Name in keyof Inputs]: tf.Tensor };
  readonly attrs: Attrs;
  readonly backend: BackendWasm;
}

/** A kernel function for the registry, whose own types know nothing of the operation. */
export const kernelFunc = <Inputs, Attrs>(run: (call: KernelCall<Inputs, Attrs>) => tf.TensorInfo) =>
  run as unknown as tf.KernelFunc;

/** One kernel of this package; `stock` is what the backend has under that name, if anything. */
export type Kernel = (stock: tf.KernelConfig | undefined) => tf.KernelFunc;
