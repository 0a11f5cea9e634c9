import * as tf from '@tensorflow/tfjs-core';
import { type Kernel, kernelFunc, view, zeros } from './tensors.js';

/**
 * dW[i, j, c, k] = Σ_{b, p, q} x[b, p·s + i·d − top, q·s + j·d − left, c] · dy[b, p, q, c·mult + k], for filters
 * [kh, kw, in, mult]. Dilation counts, unlike in the cpu backend's kernel, which ignores it.
 */
export const depthwiseBackpropFilter: Kernel = () =>
  kernelFunc<tf.DepthwiseConv2dNativeBackpropFilterInputs, tf.DepthwiseConv2dNativeBackpropFilterAttrs>(
    ({ inputs, attrs, backend }) => {
      const { strides, dilations, pad, dimRoundingMode, filterShape } = attrs;
      const shape = inputs.x.shape as [number, number, number, number];
      const info = tf.backend_util.computeConv2DInfo(
        shape,
        filterShape,
        strides,
        dilations,
        pad,
        dimRoundingMode,
        true,
      );
      const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, padInfo } = info;
      const out = zeros(backend, filterShape);
      const [x, dy, dw] = [view(backend, inputs.x), view(backend, inputs.dy), view(backend, out)];
      const stepX = info.strideWidth * inChannels;
      for (let i = 0; i < info.filterHeight; i++) {
        for (let j = 0; j < info.filterWidth; j++) {
          const weight = (i * info.filterWidth + j) * outChannels;
          const shift = j * info.dilationWidth - padInfo.left;
          // The windows of a row whose tap j lies inside the image.
          const first = Math.max(0, Math.ceil(-shift / info.strideWidth));
          const count = Math.min(outWidth, Math.ceil((inWidth - shift) / info.strideWidth)) - first;
          for (let b = 0; b < batchSize; b++) {
            for (let p = 0; p < outHeight; p++) {
              const h = p * info.strideHeight + i * info.dilationHeight - padInfo.top;
              if (h < 0 || h >= inHeight) continue;
              const pixel = ((b * inHeight + h) * inWidth + first * info.strideWidth + shift) * inChannels;
              const window = ((b * outHeight + p) * outWidth + first) * outChannels;
              addRow(dw, weight, x, pixel, stepX, dy, window, outChannels, outChannels / inChannels, count);
            }
          }
        }
      }
      return out;
    },
  );

/** dw[weight + n] += Σ_t x[pixel + t·stepX + ⌊n / mult⌋] · dy[window + t·size + n] for n < size and t < count. */
function addRow(
  dw: Float32Array,
  weight: number,
  x: Float32Array,
  pixel: number,
  stepX: number,
  dy: Float32Array,
  window: number,
  size: number,
  mult: number,
  count: number,
): void {
  let n = 0;
  // Four channels at a time keep their sums in registers, which is most of the speed.
  for (; mult === 1 && n + 4 <= size; n += 4) {
    let [s0, s1, s2, s3] = [0, 0, 0, 0];
    for (let t = 0, u = pixel + n, v = window + n; t < count; t++, u += stepX, v += size) {
      s0 += x[u] * dy[v];
      s1 += x[u + 1] * dy[v + 1];
      s2 += x[u + 2] * dy[v + 2];
      s3 += x[u + 3] * dy[v + 3];
    }
    dw[weight + n] += s0;
    dw[weight + n + 1] += s1;
    dw[weight + n + 2] += s2;
    dw[weight + n + 3] += s3;
  }
  for (; n < size; n++) {
    let sum = 0;
    const source = pixel + Math.floor(n / mult);
    for (let t = 0, u = source, v = window + n; t < count; t++, u += stepX, v += size) sum += x[u] * dy[v];
    dw[weight + n] += sum;
  }
}
