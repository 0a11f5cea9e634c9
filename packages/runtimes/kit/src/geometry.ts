import type { backend_util } from '@tensorflow/tfjs-core';

/** A convolution without its weights' values: sizes in pixels and channels, NHWC. */
export interface Geometry {
  readonly batch: number;
  readonly inHeight: number;
  readonly inWidth: number;
  readonly inChannels: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly outChannels: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly dilationHeight: number;
  readonly dilationWidth: number;
  readonly top: number;
  readonly left: number;
}

/** What TensorFlow.js makes of a convolution's or a pooling's shapes and attributes. */
export const geometryOf = (info: backend_util.Conv2DInfo): Geometry => ({
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

export const pixelsOf = ({ batch, outHeight, outWidth }: Geometry) => batch * outHeight * outWidth;

export const tapsOf = ({ kernelHeight, kernelWidth }: Geometry) => kernelHeight * kernelWidth;

/** [rows, inputs] × [inputs, outputs] as a 1×1 convolution of one image that is one pixel high. */
export const product = (rows: number, inputs: number, outputs: number): Geometry => ({
  batch: 1,
  inHeight: 1,
  inWidth: rows,
  inChannels: inputs,
  outHeight: 1,
  outWidth: rows,
  outChannels: outputs,
  kernelHeight: 1,
  kernelWidth: 1,
  strideHeight: 1,
  strideWidth: 1,
  dilationHeight: 1,
  dilationWidth: 1,
  top: 0,
  left: 0,
});

/** Output pixel n reads input pixel n alone. */
export const isProduct = (g: Geometry) =>
  tapsOf(g) === 1 &&
  g.strideHeight === 1 &&
  g.strideWidth === 1 &&
  g.top === 0 &&
  g.left === 0 &&
  g.outHeight === g.inHeight &&
  g.outWidth === g.inWidth;

/** A convolution that reads every input once, in order, is a product; the kernels are quickest on that. */
export function simplified(g: Geometry): Geometry {
  const unpadded = g.top === 0 && g.left === 0;
  const whole =
    g.outHeight === 1 &&
    g.outWidth === 1 &&
    unpadded &&
    g.kernelHeight === g.inHeight &&
    g.kernelWidth === g.inWidth &&
    (g.kernelHeight === 1 || g.dilationHeight === 1) &&
    (g.kernelWidth === 1 || g.dilationWidth === 1);
  if (isProduct(g)) return product(pixelsOf(g), g.inChannels, g.outChannels);
  if (whole) return product(g.batch, tapsOf(g) * g.inChannels, g.outChannels);
  return g;
}
