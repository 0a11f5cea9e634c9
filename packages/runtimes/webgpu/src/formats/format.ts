import type { Call, Geometry } from '@espalier/kernels-kit';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Gpu } from '../gpu.js';
import type { Pattern } from '../pattern.js';

/** Arrays of one format of the weights, before they go to the device. */
export interface Arrays {
  readonly weights: Float32Array;
  readonly indices: Int32Array;
  readonly starts?: Int32Array;
  readonly order?: Int32Array;
  /** Steps of each chunk of inputs, and of the last one, where all lists have the same. */
  readonly steps?: readonly [full: number, last: number];
}

/** The arrays on the device. */
export interface Encoded {
  readonly tensors: readonly TensorInfo[];
  readonly steps: readonly [full: number, last: number];
}

/** Weights as TensorFlow.js has them. */
export interface Matrix {
  readonly values: Float32Array;
  readonly inputs: number;
  readonly outputs: number;
}

/** A way to hold weights and the kernel that multiplies by them. */
export interface Format {
  readonly name: string;
  /** Whether the kernel can do it at all. */
  fits(pattern: Pattern, geometry: Geometry): boolean;
  /** What one pixel takes, in multiplications of a dense kernel: to leave out what cannot win before anything is measured. */
  cost(pattern: Pattern): number;
  /** One encoding serves all geometries with the same key. */
  key(geometry: Geometry): string;
  /** An upper bound for the largest of the arrays. */
  bytes(pattern: Pattern): number;
  encode(matrix: Matrix, pattern: Pattern, geometry: Geometry): Arrays;
  run(gpu: Gpu, encoded: Encoded, pattern: Pattern, call: Call, output?: TensorInfo): TensorInfo;
}

/** To the device, through TensorFlow.js, which counts the memory. A binding cannot be empty, and holds one block at least. */
export function upload(gpu: Gpu, { weights, indices, starts, order, steps = [0, 0] }: Arrays): Encoded {
  const integers = [indices, starts, order].filter((array) => array !== undefined);
  const tensors = [
    gpu.makeTensorInfo([Math.max(4, weights.length)], 'float32', atLeast(4, weights)),
    ...integers.map((array) => gpu.makeTensorInfo([Math.max(1, array.length)], 'int32', atLeast(1, array))),
  ];
  return { tensors, steps };
}

/** The same values, with zeros behind them where they are fewer. */
function atLeast<T extends Float32Array | Int32Array>(length: number, values: T): T {
  if (values.length >= length) return values;
  const longer = new (values.constructor as new (size: number) => T)(length);
  longer.set(values);
  return longer;
}
