import { InputError, isEspalierError, show } from '@espalier/core';
import { type KernelArguments, wrapKernels } from '@espalier/measure';
import {
  AvgPool,
  backend_util,
  Conv2D,
  DepthwiseConv2dNative,
  FusedConv2D,
  FusedDepthwiseConv2D,
  MaxPool,
  randomUniform,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import type { OpenModel } from '../open.js';

type Four = [number, number, number, number];

interface Attributes {
  readonly strides: [number, number];
  readonly dilations?: [number, number] | null;
  readonly pad: 'valid' | 'same' | number;
  readonly filterSize?: [number, number];
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/**
 * Runs the model once before any long work: a shape that is too small for it, for example, is the user's to know. Throws an
 * InputError with code 'model-run'.
 */
export async function tryOut({ model, name }: Pick<OpenModel, 'model' | 'name'>, shape: number[]): Promise<void> {
  const x = randomUniform(shape);
  const undo = wrapKernels([...CONVOLUTIONS, ...POOLS], (kernel, args, stock) => {
    checkOutput(kernel, args);
    return stock();
  });
  try {
    const output = model.predict(x);
    await output.data();
    output.dispose();
  } catch (error) {
    if (isEspalierError(error)) throw error;
    const found = error instanceof Error ? error.message : String(error);
    const fix = 'check the model, or give other sizes with --input-shape';
    throw new InputError(
      'model-run',
      `${name} does not run on an input of [${shape.join(', ')}]: ${show(found)}; ${fix}`,
      { where: name, found, fix, cause: error },
    );
  } finally {
    undo();
    x.dispose();
  }
}

const CONVOLUTIONS = [Conv2D, FusedConv2D, DepthwiseConv2dNative, FusedDepthwiseConv2D];
const POOLS = [MaxPool, AvgPool];

/** The wasm backend does not refuse a convolution without output: it writes over memory that is not its own. */
function checkOutput(kernel: string, { inputs, attrs }: KernelArguments): void {
  const { x, filter } = inputs as Record<string, TensorInfo>;
  const { strides, dilations, pad, filterSize, dimRoundingMode } = attrs as unknown as Attributes;
  const size = x.shape as Four;
  const { outShape } = POOLS.includes(kernel)
    ? backend_util.computePool2DInfo(size, filterSize!, strides, 1, pad, dimRoundingMode)
    : backend_util.computeConv2DInfo(
        size,
        filter.shape as Four,
        strides,
        dilations ?? [1, 1],
        pad,
        dimRoundingMode,
        kernel === DepthwiseConv2dNative || kernel === FusedDepthwiseConv2D,
      );
  if (outShape.some((n) => !(n > 0))) {
    throw new Error(`${kernel} of [${size.join(', ')}] would give [${outShape.join(', ')}]`);
  }
}
