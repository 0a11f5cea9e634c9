import type * as tf from '@tensorflow/tfjs-core';
import { type Kernel, kernelFunc, view, zeros } from './tensors.js';

/**
 * onValue where the last axis equals the index, offValue elsewhere; an index outside [0, depth) gives a row of offValue.
 * The stock kernel writes integers whatever the type, so that float32 labels come out as 1.4e-45 and every loss as 0.
 */
export const oneHot: Kernel = (stock) =>
  kernelFunc<tf.OneHotInputs, tf.OneHotAttrs>((call) => {
    const { inputs, attrs, backend } = call;
    const { depth, onValue, offValue } = attrs;
    if ((attrs as { dtype?: tf.DataType }).dtype !== 'float32')
      return stock!.kernelFunc(call as never) as tf.TensorInfo;
    const out = zeros(backend, [...inputs.indices.shape, depth]);
    const [indices, values] = [view(backend, inputs.indices), view(backend, out)];
    if (offValue !== 0) values.fill(offValue);
    for (let i = 0; i < indices.length; i++) {
      if (indices[i] >= 0 && indices[i] < depth) values[i * depth + indices[i]] = onValue;
    }
    return out;
  });
