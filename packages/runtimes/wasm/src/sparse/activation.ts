import type { Activation } from '@espalier/kernels-kit';
import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { Heap } from './heap.js';

interface Limits {
  readonly low: number;
  readonly high: number;
  /** The code of the pass over the output that assembly/activation.ts knows; undefined = none. */
  readonly pass?: 0 | 1 | 2;
}

/** What kernels do for each activation: a clamp inside the kernel, then perhaps one pass over the output. */
export const LIMITS: Readonly<Record<Activation['name'], Limits>> = {
  linear: { low: -Infinity, high: Infinity },
  relu: { low: 0, high: Infinity },
  relu6: { low: 0, high: 6 },
  prelu: { low: -Infinity, high: Infinity, pass: 0 },
  elu: { low: -Infinity, high: Infinity, pass: 1 },
  sigmoid: { low: -Infinity, high: Infinity, pass: 2 },
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
  const { pass } = LIMITS[name];
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
