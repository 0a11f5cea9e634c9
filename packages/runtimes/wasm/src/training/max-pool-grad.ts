import * as tf from '@tensorflow/tfjs-core';
import { type Kernel, kernelFunc, view, zeros } from './tensors.js';

/**
 * dx: each window's dy goes to the first of its largest pixels, in row order. The stock kernel starts its search at the
 * smallest positive float and so drops the gradient of every window without a positive pixel.
 */
export const maxPoolGrad: Kernel = () =>
  kernelFunc<tf.MaxPoolGradInputs, tf.MaxPoolGradAttrs>(({ inputs, attrs, backend }) => {
    const { filterSize, strides, pad, dimRoundingMode } = attrs;
    const shape = inputs.input.shape as [number, number, number, number];
    const info = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
    const { batchSize, inHeight, inWidth, inChannels: channels, outHeight, outWidth, padInfo } = info;
    const out = zeros(backend, shape);
    const [x, dy, dx] = [view(backend, inputs.input), view(backend, inputs.dy), view(backend, out)];
    for (let b = 0, window = 0; b < batchSize; b++) {
      const image = b * inHeight * inWidth;
      for (let p = 0; p < outHeight; p++) {
        const row = p * info.strideHeight - padInfo.top;
        const [firstRow, endRow] = [Math.max(0, row), Math.min(inHeight, row + info.filterHeight)];
        for (let q = 0; q < outWidth; q++) {
          const column = q * info.strideWidth - padInfo.left;
          const [firstColumn, endColumn] = [Math.max(0, column), Math.min(inWidth, column + info.filterWidth)];
          for (let c = 0; c < channels; c++, window++) {
            let [best, at] = [-Infinity, -1];
            for (let h = firstRow; h < endRow; h++) {
              for (let w = firstColumn; w < endColumn; w++) {
                const pixel = (image + h * inWidth + w) * channels + c;
                if (x[pixel] > best) {
                  best = x[pixel];
                  at = pixel;
                }
              }
            }
            if (at >= 0) dx[at] += dy[window];
          }
        }
      }
    }
    return out;
  });
