import { type KernelArguments, override } from '@espalier/kernels-kit';
import {
  BatchMatMul,
  Conv2D,
  Conv2DBackpropInput,
  Conv3D,
  DepthwiseConv2dNative,
  engine,
  FusedConv2D,
  FusedDepthwiseConv2D,
  getBackend,
  getKernel,
  type NamedAttrMap,
  type NamedTensorMap,
  ones,
  reshape,
  type Tensor,
  type TensorInfo,
  tidy,
  util,
  _FusedMatMul,
} from '@tensorflow/tfjs-core';

export type { KernelArguments };

/** Kernels that multiply by a weight, and the input it comes in at. */
const WEIGHT_INPUT: Readonly<Record<string, string>> = {
  [Conv2D]: 'filter',
  [FusedConv2D]: 'filter',
  [DepthwiseConv2dNative]: 'filter',
  [FusedDepthwiseConv2D]: 'filter',
  [Conv2DBackpropInput]: 'filter',
  [Conv3D]: 'filter',
  [BatchMatMul]: 'b',
  [_FusedMatMul]: 'b',
};

/** One kernel of a backend, run on one weight. */
export interface KernelCall {
  /** As TensorFlow.js calls it: 'FusedConv2D'. */
  readonly kernel: string;
  /** The weight's id. */
  readonly weight: string;
  /** Shapes by the names of the kernel's inputs, the weight among them. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  readonly attrs: NamedAttrMap;
  /**
   * How often each weight is multiplied: output pixels of the whole batch for a convolution (input pixels for a transposed
   * one), rows for a matrix product.
   */
  readonly uses: number;
}

/**
 * The convolutions and matrix products that `run` makes with the weights given, in order, with their real shapes. For that time the
 * kernels of the current backend are wrapped; `run` must not switch the backend or wait for anything.
 *
 * @param weights ids by the tensors' `dataId`: a weight that is reshaped on the way is still found.
 */
export function recordKernels(run: () => void, weights: ReadonlyMap<object, string>): KernelCall[] {
  const calls: KernelCall[] = [];
  const undo = wrapKernels(Object.keys(WEIGHT_INPUT), (kernel, args, stock) => {
    const output = stock();
    const inputs = args.inputs as Record<string, TensorInfo | undefined>;
    const weight = inputs[WEIGHT_INPUT[kernel]];
    const id = weight && weights.get(weight.dataId);
    if (id === undefined) return output;
    const given = Object.entries(inputs).filter((entry): entry is [string, TensorInfo] => !!entry[1]);
    const shapes = Object.fromEntries(given.map(([name, { shape }]) => [name, [...shape]]));
    const uses = usesOf(kernel, shapes, output.shape);
    calls.push({ kernel, weight: id, shapes, attrs: (args.attrs ?? {}) as NamedAttrMap, uses });
    return output;
  });
  try {
    tidy(run);
  } finally {
    undo();
  }
  return calls;
}

/** Puts `around` in the place of the current backend's kernels of these names, where it has them; the function returned undoes it. */
export function wrapKernels(
  names: readonly string[],
  around: (kernel: string, args: KernelArguments, stock: () => TensorInfo) => TensorInfo,
): () => void {
  const backend = getBackend();
  const undo = names
    .filter((name) => getKernel(name, backend))
    .map((name) => override(name, backend, (args, stock) => around(name, args, stock)));
  return () => undo.forEach((back) => back());
}

function usesOf(kernel: string, shapes: Record<string, number[]>, output: readonly number[]): number {
  const over = kernel === Conv2DBackpropInput ? shapes.dy : output;
  return util.sizeFromShape(over.slice(0, -1));
}

/**
 * A function that repeats a recorded call on a weight of the same size and lets go of the result. The other inputs are tensors of
 * ones, made here; `dispose` frees them.
 */
export function replayKernel(
  { kernel, shapes, attrs }: KernelCall,
  weight: Tensor,
): { run: () => void; dispose: () => void } {
  const inputs = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [
      name,
      name === WEIGHT_INPUT[kernel] ? reshape(weight, [...shape]) : ones([...shape]),
    ]),
  );
  return {
    run: () => (engine().runKernel(kernel, inputs as NamedTensorMap, attrs) as Tensor).dispose(),
    dispose: () => Object.values(inputs).forEach((tensor) => tensor.dispose()),
  };
}
