import * as tf from '@tensorflow/tfjs-core';
import { type Kernel, kernelFunc } from './tensors.js';
import { spread } from './spread.js';

/**
 * dx[b, h, w, c] = Σ_{i, j, k} dy[b, (h + top − i·d)/s, (w + left − j·d)/s, c·mult + k] · W[i, j, c, k], over the whole
 * quotients, for filters [kh, kw, in, mult]: a depthwise convolution of dy, spread out by the stride, with the filter turned by
 * 180°. Dilation counts, unlike in the cpu backend's kernel, which ignores it.
 */
export const depthwiseBackpropInput: Kernel = () =>
  kernelFunc<tf.DepthwiseConv2dNativeBackpropInputInputs, tf.DepthwiseConv2dNativeBackpropInputAttrs>(
    ({ inputs, attrs, backend }) => {
      const { strides, dilations, pad, dimRoundingMode, inputShape } = attrs;
      const filter = inputs.filter as tf.Tensor4D;
      const info = tf.backend_util.computeConv2DInfo(
        inputShape,
        filter.shape,
        strides,
        dilations,
        pad,
        dimRoundingMode,
        true,
      );
      const [height, width, channels, mult] = filter.shape;
      return tf.tidy(() => {
        const turned = tf.reshape(tf.reverse(filter, [0, 1]), [height, width, channels * mult, 1]) as tf.Tensor4D;
        const dy = spread(backend, inputs.dy as tf.Tensor4D, info);
        const dx = tf.depthwiseConv2d(dy, turned, 1, 'valid', 'NHWC', [info.dilationHeight, info.dilationWidth]);
        return mult === 1 ? dx : tf.sum(tf.reshape(dx, [...inputShape, mult]), 4);
      });
    },
  );
