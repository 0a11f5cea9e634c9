import { type Bits, isKept, type Param, sizeOf } from '@espalier/core';

/**
 * How a kernel falls into rows of least-squares problems: `blocks` of `outputs` rows, all rows of a block on the same `inputs`.
 * Dense and convolution kernels are one block. A depthwise kernel [h, w, c, m] is c of them, of m rows on h·w inputs.
 */
export interface Layout {
  readonly blocks: number;
  readonly outputs: number;
  readonly inputs: number;
  /** The columns of what the model's `inputs()` gives. */
  readonly width: number;
  /** The index in the kernel of one row's weight on one input. */
  at(block: number, output: number, input: number): number;
}

export function layoutOf({ shape, inAxis }: Pick<Param, 'shape' | 'inAxis'>): Layout {
  const width = sizeOf(shape.slice(0, -1));
  const outputs = shape[shape.length - 1];
  if (inAxis >= 0 || shape.length !== 4) {
    return { blocks: 1, outputs, inputs: width, width, at: (_, output, input) => input * outputs + output };
  }
  const channels = shape[2];
  return {
    blocks: channels,
    outputs,
    inputs: width / channels,
    width,
    at: (block, output, input) => (input * channels + block) * outputs + output,
  };
}

export function rowOf(layout: Layout, values: ArrayLike<number>, block: number, output: number): Float64Array {
  return Float64Array.from({ length: layout.inputs }, (_, input) => values[layout.at(block, output, input)]);
}

/** The inputs that a row keeps, ascending. */
export function keptOf(layout: Layout, bits: Bits, block: number, output: number): Int32Array {
  const kept: number[] = [];
  for (let input = 0; input < layout.inputs; input++) {
    if (isKept(bits, layout.at(block, output, input))) kept.push(input);
  }
  return Int32Array.from(kept);
}
