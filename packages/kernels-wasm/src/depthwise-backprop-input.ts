import * as tf from '@tensorflow/tfjs-core';
import { eachTap } from './depthwise-taps.js';
import { type Kernel, kernelFunc, view, zeros } from './heap.js';

/**
 * dx[b, p·s + i·d − top, q·s + j·d − left, c] += Σ_k dy[b, p, q, c·mult + k] · W[i, j, c, k], for filters
 * [kh, kw, in, mult]. Dilation counts, unlike in the cpu backend's kernel, which ignores it.
 */
export const depthwiseBackpropInput: Kernel = () =>
  kernelFunc<tf.DepthwiseConv2dNativeBackpropInputInputs, tf.DepthwiseConv2dNativeBackpropInputAttrs>(
    ({ inputs, attrs, backend }) => {
      const { strides, dilations, pad, dimRoundingMode, inputShape } = attrs;
      const shape = inputs.filter.shape as [number, number, number, number];
      const info = tf.backend_util.computeConv2DInfo(inputShape, shape, strides, dilations, pad, dimRoundingMode, true);
      const out = zeros(backend, inputShape);
      const [dy, filter, dx] = [view(backend, inputs.dy), view(backend, inputs.filter), view(backend, out)];
      const [channels, mult] = [info.inChannels, info.outChannels / info.inChannels];
      if (mult === 1) {
        eachTap(info, (pixel, window, weight) => {
          for (let c = 0; c < channels; c++) dx[pixel + c] += dy[window + c] * filter[weight + c];
        });
      } else {
        eachTap(info, (pixel, window, weight) => {
          for (let c = 0, n = 0; c < channels; c++) {
            for (let k = 0; k < mult; k++, n++) dx[pixel + c] += dy[window + n] * filter[weight + n];
          }
        });
      }
      return out;
    },
  );
