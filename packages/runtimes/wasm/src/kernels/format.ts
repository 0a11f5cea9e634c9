import type { Geometry } from '@espalier/kernels-kit';
import type { Heap } from './heap.js';
import type { Matrix } from './matrix.js';
import type { Pattern } from './pattern.js';
import type { Needs, Scratch } from './scratch.js';

/** Weights in one format, in the backend's memory. */
export interface Encoded {
  readonly offset: number;
  readonly bytes: number;
}

/** A way to hold weights and the kernel that multiplies by them. */
export interface Format {
  readonly name: string;
  fits(pattern: Pattern, geometry: Geometry): boolean;
  /** Cycles, roughly: to leave out what cannot win before anything is measured. */
  cost(pattern: Pattern, geometry: Geometry): number;
  encode(heap: Heap, matrix: Matrix, pattern: Pattern): Encoded;
  needs(geometry: Geometry): Needs;
  /** y = clamp(conv(x) + bias, low, high), all three by their places in memory. */
  run(
    heap: Heap,
    encoded: Encoded,
    geometry: Geometry,
    scratch: Scratch,
    x: number,
    y: number,
    bias: number,
    low: number,
    high: number,
  ): void;
}
