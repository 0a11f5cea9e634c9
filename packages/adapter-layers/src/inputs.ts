import { type Batch, inputsUnsupported, show } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { predict } from './forward.js';
import { weightName, type Weight } from './params.js';
import { classOf, configOf, type Layer, variableOf } from './tfjs.js';

/** How many values a piece may have, unless one sample alone has more. */
const PIECE = 1 << 21;

/** What unfolds the input of a layer, a batch of it at a time, into the rows that one of its kernels multiplies. */
type Unfold = (input: tf.Tensor) => tf.Tensor2D;

/**
 * The rows that enter a kernel when the model runs on the batch in inference mode, in pieces of at most 2²¹ values; one
 * call of the layer after the other where it is shared. Dense layers, convolutions, depthwise and separable ones.
 */
export async function* kernelInputs(
  model: LayersModel,
  { param, layer }: Weight,
  { x }: Batch,
): AsyncGenerator<tf.Tensor2D> {
  const unfold = unfolder(param.id, param.shape, layer);
  const inputs = inputsOf(model, layer, x);
  try {
    for (const input of inputs) {
      const samples = input.shape[0];
      // One sample says how many fit into a piece.
      let step = 1;
      let at = 0;
      while (at < samples) {
        const count = Math.min(step, samples - at);
        const piece = tf.tidy(() => unfold(tf.slice(input, at, count)));
        try {
          yield piece;
        } finally {
          piece.dispose();
        }
        step = Math.max(1, Math.floor((PIECE * count) / Math.max(1, piece.size)));
        at += count;
      }
    }
  } finally {
    tf.dispose(inputs);
  }
}

/** What the layer is called with, in the order of its calls. */
function inputsOf(model: LayersModel, layer: Layer, x: tf.Tensor): tf.Tensor[] {
  const inputs: tf.Tensor[] = [];
  const call = layer.call;
  layer.call = (given, options) => {
    inputs.push(tf.keep(tf.clone(Array.isArray(given) ? given[0] : given)));
    return call.call(layer, given, options);
  };
  try {
    predict(model, x).dispose();
    return inputs;
  } catch (error) {
    tf.dispose(inputs);
    throw error;
  } finally {
    // The method of the class shows again.
    delete (layer as Partial<Layer>).call;
  }
}

function unfolder(id: string, shape: readonly number[], layer: Layer): Unfold {
  const name = classOf(layer);
  const weight = weightName(id);
  if (name === 'Dense' && weight === 'kernel') return (input) => tf.reshape(input, [-1, shape[0]]);
  if (/^Conv[123]D$/.test(name) && weight === 'kernel') return patchesOf(shape.slice(0, -2), layer);
  if (name === 'DepthwiseConv2D' && weight === 'depthwise_kernel') return patchesOf(shape.slice(0, 2), layer);
  if (name === 'SeparableConv2D' && weight === 'depthwise_kernel') return patchesOf(shape.slice(0, 2), layer);
  if (name === 'SeparableConv2D' && weight === 'pointwise_kernel') return pointwiseInputs(shape[2], layer);
  throw inputsUnsupported(id, `it is a weight of the layer class ${show(name)}, which is not followed`);
}

/** [n, …sizes, channels] → [positions, window · channels]: shifted, strided views of the padded input, side by side. */
function patchesOf(window: readonly number[], layer: Layer): Unfold {
  const { strides, dilationRate, padding, dataFormat } = configOf(layer);
  const each = (value: unknown) =>
    window.map((_, axis) => (Array.isArray(value) ? Number(value[axis] ?? value[0]) : Number(value ?? 1)));
  const [stride, dilation] = [each(strides), each(dilationRate)];
  return (given) => {
    const input = dataFormat === 'channelsFirst' ? channelsLast(given) : given;
    const sizes = input.shape.slice(1, -1);
    const reach = window.map((size, axis) => (size - 1) * dilation[axis] + 1);
    const pads = sizes.map((size, axis) => padsOf(String(padding), size, reach[axis], stride[axis]));
    const padded = tf.pad(input, [[0, 0], ...pads, [0, 0]]);
    const out = sizes.map(
      (size, axis) => Math.floor((size + pads[axis][0] + pads[axis][1] - reach[axis]) / stride[axis]) + 1,
    );
    const views = offsetsIn(window).map((offset) => {
      const begin = offset.map((at, axis) => at * dilation[axis]);
      const end = begin.map((at, axis) => at + (out[axis] - 1) * stride[axis] + 1);
      const [samples, channels] = [input.shape[0], input.shape[input.rank - 1]];
      return tf.stridedSlice(padded, [0, ...begin, 0], [samples, ...end, channels], [1, ...stride, 1]);
    });
    return tf.reshape(tf.concat(views, -1), [-1, views.length * input.shape[input.rank - 1]]);
  };
}

function channelsLast(input: tf.Tensor): tf.Tensor {
  const axes = input.shape.map((_, axis) => axis);
  return tf.transpose(input, [0, ...axes.slice(2), 1]);
}

/** Every position in the window, the last axis fastest. */
function offsetsIn(window: readonly number[]): number[][] {
  return window.reduce<number[][]>(
    (offsets, size) => offsets.flatMap((offset) => Array.from({ length: size }, (_, at) => [...offset, at])),
    [[]],
  );
}

function padsOf(padding: string, size: number, reach: number, stride: number): [number, number] {
  if (padding !== 'same') return [0, 0];
  const missing = Math.max(0, (Math.ceil(size / stride) - 1) * stride + reach - size);
  return [Math.floor(missing / 2), missing - Math.floor(missing / 2)];
}

/** What the first half of a separable convolution hands to its second. */
function pointwiseInputs(channels: number, layer: Layer): Unfold {
  const kernel = layer.weights.find(({ originalName }) => originalName.endsWith('depthwise_kernel'))!;
  const [height, width, inputs, multiplier] = kernel.shape as number[];
  const unfold = patchesOf([height, width], layer);
  return (input) => {
    const patches = tf.reshape(unfold(input), [-1, height * width, inputs, 1]);
    const weights = tf.reshape(variableOf(kernel), [1, height * width, inputs, multiplier]);
    return tf.reshape(tf.sum(tf.mul(patches, weights), 1), [-1, channels]);
  };
}
