import { type NamedAttrMap, util } from '@tensorflow/tfjs-core';
import { AFTER, type After } from '../kernels/activation.js';
import type { Operation } from './operation.js';
import type { KernelRun, Use, Value } from './trace.js';

/** The weight that it reads, else the kernel. */
export function nameOf(kernel: string, inputs: KernelRun['inputs'], values: readonly Value[]): string {
  const weights = Object.values(inputs).flatMap((use) => (use && values[use.value].weight) ?? []);
  return weights[0] ?? kernel;
}

/** One kernel's inputs and attributes, for a rule to look at. */
export class Reader {
  readonly attrs: NamedAttrMap;
  readonly output: number;
  readonly name: string;
  constructor(
    private readonly run: KernelRun,
    private readonly values: readonly Value[],
  ) {
    this.attrs = run.attrs;
    this.output = run.outputs[0];
    this.name = nameOf(run.kernel, run.inputs, values);
  }
  get shape(): readonly number[] {
    return this.values[this.output].shape;
  }
  given(name: string): Use | undefined {
    return this.run.inputs[name];
  }
  all(): Use[] {
    return Object.values(this.run.inputs).filter((use) => use !== undefined);
  }
  /** A float32 input that depends on the model's, and is not empty. */
  varying(name: string): Use | undefined {
    const use = this.run.inputs[name];
    return use && !this.values[use.value].constant && this.isFloat(use) ? use : undefined;
  }
  constant(name: string): Float32Array | undefined {
    const use = this.run.inputs[name];
    const value = use && this.values[use.value];
    return value?.dtype === 'float32' ? (value.constant as Float32Array | undefined) : undefined;
  }
  varies(use: Use): boolean {
    return !this.values[use.value].constant;
  }
  /** And not empty. */
  isFloat = ({ value, shape }: Use) => this.values[value].dtype === 'float32' && !shape.includes(0);
  get floats(): boolean {
    return this.values[this.output].dtype === 'float32';
  }
}

export type Rule = (kernel: Reader) => Operation | undefined;

export const same = (a: readonly number[], b: readonly number[]) => util.arraysEqual([...a], [...b]);
export const filled = (size: number, value: number) => new Float32Array(size).fill(value);

/** A constant that is the same everywhere, or one value for each place of the last axis. */
export function perChannel(kernel: Reader, input: string, channels: number): Float32Array | undefined {
  const values = kernel.constant(input);
  if (values?.length === 1) return filled(channels, values[0]);
  return values?.length === channels && kernel.given(input)!.shape.at(-1) === channels ? values : undefined;
}

/** One slope for each channel. */
export const prelu = (slopes: Float32Array | undefined): After | undefined => slopes && { ...AFTER.prelu, slopes };
