import { sizeOf } from '@espalier/core';
import { BatchMatMul, backend_util, Conv2D, _FusedMatMul, FusedConv2D, type TensorInfo } from '@tensorflow/tfjs-core';
import { type Activation, activation } from './activation.js';
import { type Geometry, geometryOf, product, simplified } from './geometry.js';
import type { KernelArguments } from './override.js';

/** Weights as a matrix: a kernel [h, w, in, out] has inputs h·w·in. */
export interface Sizes {
  readonly inputs: number;
  readonly outputs: number;
}

/** One call of a kernel on weights that are known here. */
export interface Call {
  readonly geometry: Geometry;
  readonly x: TensorInfo;
  readonly bias: TensorInfo | undefined;
  readonly activation: Activation;
  readonly outShape: readonly number[];
}

/**
 * A kernel's arguments as one call of ours, or nothing where they ask for what only the stock kernel can do. What the shapes and
 * attributes come to is kept in `memo`, one for each tensor of weights: nearly every call is like the one before.
 */
export type Reading = (args: KernelArguments, sizes: Sizes, memo: Memo) => Call | undefined;

/** The latest call's shapes and attributes, and what they came to. */
export interface Memo {
  key?: readonly unknown[];
  geometry?: Geometry;
  outShape?: readonly number[];
}

/** Fills the memo where `key` is not the one that it was filled for. Nearly every call ends at the comparison: it makes nothing. */
function remember(
  memo: Memo,
  key: readonly unknown[],
  make: () => Required<Omit<Memo, 'key'>> | undefined,
): Required<Memo> | undefined {
  if (memo.key && matches(memo.key, key)) return memo as Required<Memo>;
  const made = make();
  // Lists are copied: who made them may change them.
  const copy = key.map((value) => (Array.isArray(value) ? [...(value as unknown[])] : value));
  return made && (Object.assign(memo, made, { key: copy }) as Required<Memo>);
}

/** Values, or flat lists of them; deeper lists count as different. */
function matches(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!same(a[i], b[i])) return false;
  return true;
}

function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

interface ConvAttributes {
  strides: [number, number] | number;
  pad: 'valid' | 'same' | number | backend_util.ExplicitPadding;
  dataFormat?: string;
  dilations?: [number, number] | number;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
  activation?: string;
  leakyreluAlpha?: number;
}

interface MatMulAttributes {
  transposeA: boolean;
  transposeB: boolean;
  activation?: string;
  leakyreluAlpha?: number;
}

type Inputs = Partial<Record<string, TensorInfo>>;

/** Conv2D and FusedConv2D: x [batch, h, w, in], filter [h, w, in, out]. */
export const convolution: Reading = (args, sizes, memo) => {
  const { x, filter, bias, preluActivationWeights } = args.inputs as Inputs;
  const attrs = args.attrs as unknown as ConvAttributes;
  if (!isFloat(x) || !isFloat(filter) || x.shape.length !== 4 || filter.shape.length !== 4) return undefined;
  if ((attrs.dataFormat ?? 'NHWC') !== 'NHWC' || filter.shape[3] !== sizes.outputs) return undefined;
  if (x.shape[3] !== filter.shape[2] || !isBias(bias, sizes)) return undefined; // Grouped, or not one for each output.
  const after = activation(attrs.activation, sizes.outputs, preluActivationWeights, attrs.leakyreluAlpha);
  if (!after) return undefined;
  const { strides, pad, dilations = 1, dimRoundingMode } = attrs;
  const known = remember(memo, [x.shape, filter.shape, strides, pad, dilations, dimRoundingMode], () => {
    const shapes = [x.shape, filter.shape] as [number, number, number, number][];
    const info = backend_util.computeConv2DInfo(shapes[0], shapes[1], strides, dilations, pad, dimRoundingMode);
    if (sizeOf(info.outShape) === 0) return undefined;
    return { geometry: simplified(geometryOf(info)), outShape: info.outShape };
  });
  return known && { geometry: known.geometry, x, bias, activation: after, outShape: known.outShape };
};

/** BatchMatMul and _FusedMatMul with one matrix of weights: a [..., rows, in] × b [in, out], neither transposed. */
export const matrixProduct: Reading = (args, sizes, memo) => {
  const { a, b, bias, preluActivationWeights } = args.inputs as Inputs;
  const attrs = args.attrs as unknown as MatMulAttributes;
  if (!isFloat(a) || !isFloat(b) || attrs.transposeA || attrs.transposeB) return undefined;
  const { inputs, outputs } = sizes;
  const rank = b.shape.length;
  if (b.shape[rank - 1] !== outputs || b.shape[rank - 2] !== inputs || a.shape.at(-1) !== inputs) return undefined;
  // More leading axes than a has would be broadcast into the result's shape.
  if (rank > a.shape.length || (rank > 2 && sizeOf(b.shape.slice(0, -2)) !== 1)) return undefined;
  const after = activation(attrs.activation, outputs, preluActivationWeights, attrs.leakyreluAlpha);
  if (!after || !isBias(bias, sizes)) return undefined;
  const known = remember(memo, [a.shape], () => {
    const outer = a.shape.slice(0, -1);
    const rows = sizeOf(outer);
    return rows === 0 ? undefined : { geometry: product(rows, inputs, outputs), outShape: [...outer, outputs] };
  });
  return known && { geometry: known.geometry, x: a, bias, activation: after, outShape: known.outShape };
};

const isFloat = (tensor: TensorInfo | undefined): tensor is TensorInfo => tensor?.dtype === 'float32';

const isBias = (bias: TensorInfo | undefined, { outputs }: Sizes) =>
  bias === undefined || bias === null || (isFloat(bias) && bias.shape.length === 1 && bias.shape[0] === outputs);

/** The kernels whose weights are such a matrix. */
export const READINGS: Readonly<Record<string, Reading>> = {
  [Conv2D]: convolution,
  [FusedConv2D]: convolution,
  [BatchMatMul]: matrixProduct,
  [_FusedMatMul]: matrixProduct,
};
