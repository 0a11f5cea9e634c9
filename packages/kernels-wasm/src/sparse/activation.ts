import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { Heap } from './heap.js';

/** What follows the sum: a clamp inside the kernel, then perhaps one pass over the output. */
export interface Activation {
  readonly low: number;
  readonly high: number;
  /** The code that assembly/activation.ts knows. */
  readonly pass?: 0 | 1 | 2;
  /** Slopes below zero, for pass 0: one for all channels, or a tensor of one for each. */
  readonly slope?: number | TensorInfo;
}

const LINEAR: Activation = { low: -Infinity, high: Infinity };
const RELU: Activation = { low: 0, high: Infinity };
const RELU6: Activation = { low: 0, high: 6 };

/** The activation of TensorFlow.js's fused operations, or nothing where the stock kernel has to do it. */
export function activation(
  name: string | undefined,
  outputs: number,
  prelu: TensorInfo | undefined,
  leakyReluAlpha = 0.2,
): Activation | undefined {
  switch (name) {
    case undefined:
    case 'linear':
      return LINEAR;
    case 'relu':
      return RELU;
    case 'relu6':
      return RELU6;
    case 'prelu':
      // One slope for each channel; others broadcast in ways that are left to TensorFlow.js.
      return prelu && util.sizeFromShape(prelu.shape) === outputs && prelu.shape.at(-1) === outputs
        ? { ...LINEAR, pass: 0, slope: prelu }
        : undefined;
    case 'leakyrelu':
      return { ...LINEAR, pass: 0, slope: leakyReluAlpha };
    case 'elu':
      return { ...LINEAR, pass: 1 };
    case 'sigmoid':
      return { ...LINEAR, pass: 2 };
    default:
      return undefined;
  }
}

/** The pass over the output y [pixels, channels], where there is one. */
export function finish(
  heap: Heap,
  { pass, slope }: Activation,
  y: number,
  pixels: number,
  channels: number,
  slopes: number,
): void {
  if (pass === undefined) return;
  const [floats, at] = [heap.floats(), slopes >>> 2];
  if (typeof slope === 'number') floats.fill(slope, at, at + channels);
  else if (slope) copyTensor(heap, slope, slopes);
  heap.kernels.activate(pass, y, pixels, channels, slopes);
}

/** A tensor's values to a place in the same memory. */
export function copyTensor(heap: Heap, tensor: TensorInfo, to: number): void {
  const from = offsetOf(heap, tensor) >>> 2;
  heap.floats().copyWithin(to >>> 2, from, from + util.sizeFromShape(tensor.shape));
}

export function offsetOf({ backend }: Heap, { dataId }: { readonly dataId: object }): number {
  return (backend.dataIdMap.get(dataId) as unknown as { memoryOffset: number }).memoryOffset;
}
