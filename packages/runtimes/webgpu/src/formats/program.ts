import { sizeOf } from '@espalier/core';
import type { Activation, Call } from '@espalier/kernels-kit';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Gpu, Program, Uniform } from '../gpu.js';
import type { Finish } from '../shaders/activation.js';

export const finishOf = ({ activation: { name, slope }, bias }: Pick<Call, 'activation' | 'bias'>): Finish => ({
  name,
  bias: bias !== undefined && bias !== null,
  slopes: typeof slope === 'object',
});

export const alphaOf = ({ slope }: Activation): Uniform => ({
  type: 'float32',
  data: [typeof slope === 'number' ? slope : 0],
});

export const integers = (values: readonly number[]): Uniform[] =>
  values.map((value) => ({ type: 'int32', data: [value] }));

/** Runs a program over flat views of its tensors, and gives the result the shape that is wanted. */
export function runFlat(
  gpu: Gpu,
  program: Omit<Program, 'outputShape' | 'dispatchLayout'>,
  call: Call,
  tensors: readonly TensorInfo[],
  uniforms: Uniform[],
  output: TensorInfo | undefined,
): TensorInfo {
  const { x, bias, activation, outShape } = call;
  const slopes = typeof activation.slope === 'object' ? [activation.slope] : [];
  const inputs = [x, ...tensors, ...(bias ? [bias] : []), ...slopes].map(flat);
  const size = sizeOf(outShape);
  const { dataId } = gpu.runWebGPUProgram(
    { ...program, outputShape: [size], dispatchLayout: { x: [0] } },
    inputs,
    'float32',
    uniforms,
    output && flat(output),
  );
  return { dataId, shape: [...outShape], dtype: 'float32' };
}

const flat = ({ dataId, shape, dtype }: TensorInfo): TensorInfo => ({ dataId, shape: [sizeOf(shape)], dtype });
