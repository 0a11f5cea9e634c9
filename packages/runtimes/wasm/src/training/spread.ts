import type * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { view, zeros } from './tensors.js';

/**
 * Lays dy [b, p, q, m] out so that a 'valid' convolution with stride 1 and the filter turned by 180° gives the gradient by the
 * input: [b, inHeight + eh − 1, inWidth + ew − 1, m] for a filter that spans eh×ew pixels with its dilation, where pixel (p, q)
 * lands on (p·s + eh − 1 − top, q·s + ew − 1 − left) and the rest is zero. Pixels that land outside come from windows that lie
 * in the padding alone.
 */
export function spread(backend: BackendWasm, dy: tf.Tensor4D, info: tf.backend_util.Conv2DInfo): tf.Tensor4D {
  const { batchSize, outHeight, outWidth, outChannels, strideHeight, strideWidth } = info;
  const { effectiveFilterHeight, effectiveFilterWidth, padInfo } = info;
  const [height, width] = [info.inHeight + effectiveFilterHeight - 1, info.inWidth + effectiveFilterWidth - 1];
  const [top, left] = [effectiveFilterHeight - 1 - padInfo.top, effectiveFilterWidth - 1 - padInfo.left];
  if (outHeight === height && outWidth === width && top === 0 && left === 0) return dy;

  const out = zeros(backend, [batchSize, height, width, outChannels]) as tf.Tensor4D;
  const [from, to] = [view(backend, dy), view(backend, out)];
  for (let b = 0; b < batchSize; b++) {
    for (let p = 0; p < outHeight; p++) {
      const row = p * strideHeight + top;
      if (row < 0 || row >= height) continue;
      for (let q = 0; q < outWidth; q++) {
        const column = q * strideWidth + left;
        if (column < 0 || column >= width) continue;
        let source = ((b * outHeight + p) * outWidth + q) * outChannels;
        let target = ((b * height + row) * width + column) * outChannels;
        for (let m = 0; m < outChannels; m++) to[target++] = from[source++];
      }
    }
  }
  return out;
}
