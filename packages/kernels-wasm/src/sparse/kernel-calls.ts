import { backend_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { activation } from './activation.js';
import { product, simplified } from './geometry.js';
import type { Call } from './layer.js';
import type { Pattern } from './matrix.js';
import type { KernelArguments } from './override.js';

/** A kernel's arguments as one call of ours, or nothing where they ask for what only the stock kernel can do. */
export type Reading = (args: KernelArguments, pattern: Pattern) => Omit<Call, 'stock'> | undefined;

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
export const convolution: Reading = (args, pattern) => {
  const { x, filter, bias, preluActivationWeights } = args.inputs as Inputs;
  const attrs = args.attrs as unknown as ConvAttributes;
  if (!isFloat(x) || !isFloat(filter) || x.shape.length !== 4 || filter.shape.length !== 4) return undefined;
  if ((attrs.dataFormat ?? 'NHWC') !== 'NHWC' || filter.shape[3] !== pattern.outputs) return undefined;
  const [xs, fs] = [x.shape, filter.shape] as [number, number, number, number][];
  if (xs[3] !== fs[2]) return undefined; // Grouped.
  const info = backend_util.computeConv2DInfo(
    xs,
    fs,
    attrs.strides,
    attrs.dilations ?? 1,
    attrs.pad,
    attrs.dimRoundingMode,
  );
  const after = activation(attrs.activation, pattern.outputs, preluActivationWeights, attrs.leakyreluAlpha);
  if (!after || util.sizeFromShape(info.outShape) === 0 || !isBias(bias, pattern)) return undefined;
  const geometry = simplified({
    batch: info.batchSize,
    inHeight: info.inHeight,
    inWidth: info.inWidth,
    inChannels: info.inChannels,
    outHeight: info.outHeight,
    outWidth: info.outWidth,
    outChannels: info.outChannels,
    kernelHeight: info.filterHeight,
    kernelWidth: info.filterWidth,
    strideHeight: info.strideHeight,
    strideWidth: info.strideWidth,
    dilationHeight: info.dilationHeight,
    dilationWidth: info.dilationWidth,
    top: info.padInfo.top,
    left: info.padInfo.left,
  });
  return { geometry, x, bias, activation: after, outShape: info.outShape };
};

/** BatchMatMul and _FusedMatMul with one matrix of weights: a [..., rows, in] × b [in, out], neither transposed. */
export const matrixProduct: Reading = (args, pattern) => {
  const { a, b, bias, preluActivationWeights } = args.inputs as Inputs;
  const attrs = args.attrs as unknown as MatMulAttributes;
  if (!isFloat(a) || !isFloat(b) || attrs.transposeA || attrs.transposeB) return undefined;
  const { inputs, outputs } = pattern;
  if (b.shape.at(-1) !== outputs || b.shape.at(-2) !== inputs || a.shape.at(-1) !== inputs) return undefined;
  const outer = b.shape.slice(0, -2);
  // More leading axes than a has would be broadcast into the result's shape.
  if (util.sizeFromShape(outer) !== 1 || outer.length > a.shape.length - 2) return undefined;
  const rows = util.sizeFromShape(a.shape.slice(0, -1));
  const after = activation(attrs.activation, outputs, preluActivationWeights, attrs.leakyreluAlpha);
  if (!after || rows === 0 || !isBias(bias, pattern)) return undefined;
  const outShape = [...a.shape.slice(0, -1), outputs];
  return { geometry: product(rows, inputs, outputs), x: a, bias, activation: after, outShape };
};

const isFloat = (tensor: TensorInfo | undefined): tensor is TensorInfo => tensor?.dtype === 'float32';

const isBias = (bias: TensorInfo | undefined, { outputs }: Pattern) =>
  bias === undefined || bias === null || (isFloat(bias) && bias.shape.length === 1 && bias.shape[0] === outputs);
