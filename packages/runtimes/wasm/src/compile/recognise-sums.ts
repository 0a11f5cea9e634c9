import { sizeOf } from '@espalier/core';
import { backend_util } from '@tensorflow/tfjs-core';
import { type Geometry, geometryOf, product } from '@espalier/kernels-kit';
import { AFTER, type After } from '../kernels/activation.js';
import type { Operation } from './operation.js';
import { filled, perChannel, prelu, type Reader, type Rule } from './reader.js';
import type { Use } from './trace.js';

/** The activation of a fused kernel. */
function fused(kernel: Reader, channels: number): After | undefined {
  const { activation, leakyreluAlpha } = kernel.attrs;
  if (activation === 'leakyrelu') return prelu(filled(channels, (leakyreluAlpha as number) ?? 0.2));
  if (activation === 'prelu') return prelu(perChannel(kernel, 'preluActivationWeights', channels));
  return AFTER[(activation as keyof typeof AFTER) ?? 'linear'];
}

/** Missing → zeros; there, but not one for each channel → nothing. */
function biasOf(kernel: Reader, channels: number): Float32Array | undefined {
  if (!kernel.given('bias')) return filled(channels, 0);
  const bias = kernel.constant('bias');
  return bias?.length === channels ? bias : undefined;
}

function shapesOf(kernel: Reader, x: Use, depthwise: boolean): Geometry | undefined {
  const { attrs } = kernel;
  if ((attrs.dataFormat ?? 'NHWC') !== 'NHWC' || x.shape.length !== 4) return undefined;
  const filter = kernel.given('filter')!.shape;
  if (!depthwise && x.shape[3] !== filter[2]) return undefined; // Grouped.
  const info = backend_util.computeConv2DInfo(
    x.shape as [number, number, number, number],
    filter as [number, number, number, number],
    attrs.strides as number | [number, number],
    (attrs.dilations as number | [number, number] | null) ?? 1,
    attrs.pad as 'same',
    attrs.dimRoundingMode as 'floor' | undefined,
    depthwise,
  );
  return geometryOf(info);
}

function convolution(kind: 'convolution' | 'depthwise'): Rule {
  return (kernel) => {
    const x = kernel.varying('x');
    const weights = kernel.constant('filter');
    const geometry = x && weights && shapesOf(kernel, x, kind === 'depthwise');
    if (!geometry) return undefined;
    const after = fused(kernel, geometry.outChannels);
    const bias = biasOf(kernel, geometry.outChannels);
    const { name, output } = kernel;
    return after && bias && { kind, name, output, x, weights, bias, geometry, after };
  };
}

function matrixProduct(kernel: Reader): Operation | undefined {
  const x = kernel.varying('a');
  const weights = kernel.constant('b');
  if (!x || !weights || kernel.attrs.transposeA || kernel.attrs.transposeB) return undefined;
  const shape = kernel.given('b')!.shape;
  const [inputs, outputs] = shape.slice(-2);
  // More leading axes than x has would be broadcast into the result's shape.
  if (weights.length !== inputs * outputs || shape.length > x.shape.length) return undefined;
  const after = fused(kernel, outputs);
  const bias = biasOf(kernel, outputs);
  const { name, output } = kernel;
  const geometry = product(sizeOf(x.shape.slice(0, -1)), inputs, outputs);
  return after && bias && { kind: 'product', name, output, x, weights, bias, geometry, after };
}

/** Convolutions and matrix products with constant weights. */
export const SUMS: Readonly<Record<string, Rule>> = {
  Conv2D: convolution('convolution'),
  FusedConv2D: convolution('convolution'),
  DepthwiseConv2dNative: convolution('depthwise'),
  FusedDepthwiseConv2D: convolution('depthwise'),
  BatchMatMul: matrixProduct,
  _FusedMatMul: matrixProduct,
};
