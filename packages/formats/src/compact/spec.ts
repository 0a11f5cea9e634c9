import { sizeOf } from '@espalier/core';
import type { io } from '@tensorflow/tfjs-core';

export type Spec = io.WeightsManifestEntry;

/** How float32 weights are stored. float32 is exact, bit by bit. */
export type ValuesOption = 'float32' | 'float16' | 'int8' | 'int4' | 'codebook';

export interface TensorOptions {
  readonly values: ValuesOption;
  /** Bits of a code: 2^bits shared values. */
  readonly codebookBits: number;
}

const WIDTHS: Record<string, number> = {
  float32: 4,
  int32: 4,
  bool: 1,
  string: 1,
  complex64: 8,
  uint8: 1,
  uint16: 2,
  float16: 2,
};
export const dtypeOf = ({ dtype, quantization }: Spec) => quantization?.dtype ?? dtype;
export const widthOf = (spec: Spec) => WIDTHS[dtypeOf(spec)];
export const isFloatSpec = (spec: Spec) => dtypeOf(spec) === 'float32' || dtypeOf(spec) === 'float16';
export const elementsOf = (spec: Spec) => sizeOf(spec.shape);
