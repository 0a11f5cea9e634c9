import { sizeOf } from '@espalier/core';
import type { Activation } from '@espalier/kernels-kit';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { CURVES } from '../abi/jobs.js';
import type { Heap } from './heap.js';

/** What follows a sum: a clamp inside the kernel, then perhaps one pass over the output for what is more than a clamp. */
export interface After {
  readonly low: number;
  readonly high: number;
  readonly curve?: Curve;
  /** One for each channel; of 'prelu'. */
  readonly slopes?: Float32Array;
}

export type Curve = (typeof CURVES)[number];

export const LINEAR: After = { low: -Infinity, high: Infinity };

/** By the names of the activations of TensorFlow.js's fused operations. */
export const AFTER: Readonly<Record<Activation['name'], After>> = {
  linear: LINEAR,
  relu: { ...LINEAR, low: 0 },
  relu6: { low: 0, high: 6 },
  prelu: { ...LINEAR, curve: 'prelu' },
  elu: { ...LINEAR, curve: 'elu' },
  sigmoid: { ...LINEAR, curve: 'sigmoid' },
};

/** The pass over the output y [pixels, channels], where there is one. */
export function finish(
  heap: Heap,
  { name, slope }: Activation,
  y: number,
  pixels: number,
  channels: number,
  slopes: number,
): void {
  const { curve } = AFTER[name];
  if (!curve) return;
  const [floats, at] = [heap.floats(), slopes >>> 2];
  if (typeof slope === 'number') floats.fill(slope, at, at + channels);
  else if (slope) copyTensor(heap, slope, slopes);
  heap.kernels.activate(CURVES.indexOf(curve), y, pixels, channels, slopes);
}

/** A tensor's values to a place in the same memory. */
export function copyTensor(heap: Heap, tensor: TensorInfo, to: number): void {
  const from = offsetOf(heap, tensor) >>> 2;
  heap.floats().copyWithin(to >>> 2, from, from + sizeOf(tensor.shape));
}

export function offsetOf({ backend }: Heap, { dataId }: { readonly dataId: object }): number {
  return (backend.dataIdMap.get(dataId) as unknown as { memoryOffset: number }).memoryOffset;
}
