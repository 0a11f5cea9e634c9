import { type Entries, scan } from './entries.js';

/** Weights as a matrix in TensorFlow.js's order: weight (input k, output m) is read()[k·outputs + m]. A kernel [h, w, in, out] has inputs h·w·in. */
export interface Matrix {
  /** In place in WebAssembly memory, so not to be held over an allocation. */
  read(): Float32Array;
  readonly inputs: number;
  readonly outputs: number;
  /** What is not zero, where it is known without looking. */
  readonly entries?: Entries;
}

/** Those that the matrix came with, or else found. */
export function entriesOf({ entries, read, inputs, outputs }: Matrix): Entries {
  return entries ?? scan(read(), inputs, outputs);
}
