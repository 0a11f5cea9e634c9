import * as tf from '@tensorflow/tfjs-core';
import { UsageError } from '@espalier/core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { type Kernel, kernelFunc, view, zeros } from './tensors.js';

/**
 * dW[i, j, c, m] = Σ_{b, p, q} x[b, p·s + i − top, q·s + j − left, c] · dy[b, p, q, m], for x [b, h, w, c], dy [b, p, q, m].
 *
 * It is a convolution itself: with the batch as the channels to sum over, x turned to [c, h, w, b] is the image and dy turned to
 * [p, q, b, m] the filter, dilated by the stride. So the backend's own dense convolution does all the arithmetic.
 */
export const conv2DBackpropFilter: Kernel = () =>
  kernelFunc<tf.Conv2DBackpropFilterInputs, tf.Conv2DBackpropFilterAttrs>(({ inputs, attrs, backend }) => {
    const { strides, pad, dataFormat, dimRoundingMode, filterShape } = attrs;
    if ((dataFormat as string | undefined) === 'NCHW') throw channelsFirst();
    const x = inputs.x as tf.Tensor4D;
    const dy = inputs.dy as tf.Tensor4D;
    const info = tf.backend_util.computeConv2DInfo(x.shape, filterShape, strides, 1, pad, dimRoundingMode);
    return tf.tidy(() => {
      if (isPointwise(info)) {
        const rows = info.batchSize * info.outHeight * info.outWidth;
        const [images, grads] = [tf.reshape(x, [rows, info.inChannels]), tf.reshape(dy, [rows, info.outChannels])];
        return tf.reshape(tf.matMul(images, grads, true), filterShape);
      }
      const image = byChannel(backend, x, info);
      const filter = tf.transpose(dy, [1, 2, 0, 3]);
      const out = tf.conv2d(image, filter, 1, 'valid', 'NHWC', [info.strideHeight, info.strideWidth]);
      return tf.transpose(out, [1, 2, 0, 3]);
    });
  });

type Info = tf.backend_util.Conv2DInfo;

/** A matrix product of rows is quicker there, where every image of the turned convolution has a single output pixel. */
const isPointwise = ({ filterHeight, filterWidth, strideHeight, strideWidth, padInfo }: Info) =>
  filterHeight * filterWidth === 1 &&
  strideHeight * strideWidth === 1 &&
  padInfo.top + padInfo.bottom + padInfo.left + padInfo.right === 0;

/** [b, h, w, c] → [c, h', w', b], padded with zeros and cut to exactly the pixels that some window reads. */
function byChannel(backend: BackendWasm, x: tf.Tensor4D, info: Info): tf.Tensor4D {
  const { batchSize: batch, inHeight, inWidth, inChannels: channels, padInfo } = info;
  const height = (info.outHeight - 1) * info.strideHeight + info.filterHeight;
  const width = (info.outWidth - 1) * info.strideWidth + info.filterWidth;
  const out = zeros(backend, [channels, height, width, batch]) as tf.Tensor4D;
  const [from, to] = [view(backend, x), view(backend, out)];
  const image = inHeight * inWidth * channels;
  for (let h = 0; h < height; h++) {
    const row = h - padInfo.top;
    if (row < 0 || row >= inHeight) continue;
    for (let w = 0; w < width; w++) {
      const column = w - padInfo.left;
      if (column < 0 || column >= inWidth) continue;
      for (let c = 0; c < channels; c++) {
        let source = (row * inWidth + column) * channels + c;
        let target = ((c * height + h) * width + w) * batch;
        for (let b = 0; b < batch; b++, source += image) to[target++] = from[source];
      }
    }
  }
  return out;
}

function channelsFirst(): UsageError {
  const message =
    "the gradient of conv2d on the wasm backend needs dataFormat 'NHWC', got 'NCHW'; build the model channels last, or train it on another backend";
  return new UsageError('data-format', message, {
    where: 'Conv2DBackpropFilter',
    wanted: 'NHWC',
    found: 'NCHW',
    fix: 'build the model channels last, or train it on another backend',
  });
}
