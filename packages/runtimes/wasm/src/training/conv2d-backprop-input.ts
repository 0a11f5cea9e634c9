import * as tf from '@tensorflow/tfjs-core';
import { type Kernel, kernelFunc } from './tensors.js';
import { spread } from './spread.js';

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
