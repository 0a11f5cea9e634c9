import * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { type Kernel, kernelFunc, view, zeros } from './heap.js';

/**
 * dx[b, h, w, c] = Σ_{i, j, m} dy[b, (h + top − i)/s, (w + left − j)/s, m] · W[i, j, c, m], over the whole quotients.
 *
 * The stock kernel is a scalar loop. Here it is one dense convolution of dy, spread out by the stride, with the filter turned
 * by 180° and its channel axes swapped. Channels first, which the stock kernel knows, stays with it.
 */
export const conv2DBackpropInput: Kernel = (stock) =>
  kernelFunc<tf.Conv2DBackpropInputInputs, tf.Conv2DBackpropInputAttrs>((call) => {
    const { inputs, attrs, backend } = call;
    const { strides, pad, dataFormat, dimRoundingMode, inputShape } = attrs;
    if ((dataFormat as string | undefined) === 'NCHW' && stock) {
      return stock.kernelFunc(call as never) as tf.TensorInfo;
    }
    const dy = inputs.dy as tf.Tensor4D;
    const filter = inputs.filter as tf.Tensor4D;
    const info = tf.backend_util.computeConv2DInfo(inputShape, filter.shape, strides, 1, pad, dimRoundingMode);
    return tf.tidy(() => {
      const turned = tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]);
      return tf.conv2d(spread(backend, dy, info), turned, 1, 'valid');
    });
  });

/**
 * [b, p, q, m] → [b, inHeight + kh − 1, inWidth + kw − 1, m]: pixel (p, q) lands on (p·s + kh − 1 − top, q·s + kw − 1 − left)
 * and the rest is zero. Pixels that land outside come from windows that lie in the padding alone.
 */
function spread(backend: BackendWasm, dy: tf.Tensor4D, info: tf.backend_util.Conv2DInfo): tf.Tensor4D {
  const { batchSize, outHeight, outWidth, outChannels, strideHeight, strideWidth, filterHeight, filterWidth } = info;
  const [height, width] = [info.inHeight + filterHeight - 1, info.inWidth + filterWidth - 1];
  const [top, left] = [filterHeight - 1 - info.padInfo.top, filterWidth - 1 - info.padInfo.left];
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
