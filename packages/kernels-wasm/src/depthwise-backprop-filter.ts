import * as tf from '@tensorflow/tfjs-core';
import { eachTap } from './depthwise-taps.js';
import { type Kernel, kernelFunc, view, zeros } from './heap.js';

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
      const out = zeros(backend, filterShape);
      const [x, dy, dw] = [view(backend, inputs.x), view(backend, inputs.dy), view(backend, out)];
      const [channels, mult] = [info.inChannels, info.outChannels / info.inChannels];
      if (mult === 1) {
        eachTap(info, (pixel, window, weight) => {
          for (let c = 0; c < channels; c++) dw[weight + c] += x[pixel + c] * dy[window + c];
        });
      } else {
        eachTap(info, (pixel, window, weight) => {
          for (let c = 0, n = 0; c < channels; c++) {
            for (let k = 0; k < mult; k++, n++) dw[weight + n] += x[pixel + c] * dy[window + n];
          }
        });
      }
      return out;
    },
  );
