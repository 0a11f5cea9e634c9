import { say } from './notes.js';
import { type Batch, inputsUnsupported, show } from '@espalier/core';
import { patches, piecesOf, type Unfold } from '@espalier/adapter-kit';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { predict } from './forward.js';
import { weightName, type Weight } from './params.js';
import { classOf, configOf, type Layer, variableOf } from './tfjs.js';

/**
 * The rows that enter a kernel when the model runs on the batch in inference mode, in pieces of at most 2²¹ values; one
 * call of the layer after the other where it is shared. Dense layers, convolutions, depthwise and separable ones.
 */
export async function* kernelInputs(
  model: LayersModel,
  output: number | undefined,
  { param, layer }: Weight,
  { x }: Batch,
): AsyncGenerator<tf.Tensor2D> {
  const unfold = unfolder(param.id, param.shape, layer);
  const inputs = inputsOf(() => predict(model, output, x), layer);
  try {
    yield* piecesOf(inputs, unfold);
  } finally {
    tf.dispose(inputs);
  }
}

/** What the layer is called with, in the order of its calls. */
function inputsOf(run: () => tf.Tensor, layer: Layer): tf.Tensor[] {
  const inputs: tf.Tensor[] = [];
  const call = layer.call;
  layer.call = (given, options) => {
    inputs.push(tf.keep(tf.clone(Array.isArray(given) ? given[0] : given)));
    return call.call(layer, given, options);
  };
  try {
    run().dispose();
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
  throw inputsUnsupported(id, say('layer-not-followed', { what: show(name) }));
}

function patchesOf(window: readonly number[], layer: Layer): Unfold {
  const { strides, dilationRate, padding, dataFormat } = configOf(layer);
  const each = (value: unknown) =>
    window.map((_, axis) => (Array.isArray(value) ? Number(value[axis] ?? value[0]) : Number(value ?? 1)));
  const settings = { window, stride: each(strides), dilation: each(dilationRate), padding: String(padding) };
  return (input) => patches(dataFormat === 'channelsFirst' ? channelsLast(input) : input, settings);
}

function channelsLast(input: tf.Tensor): tf.Tensor {
  const axes = input.shape.map((_, axis) => axis);
  return tf.transpose(input, [0, ...axes.slice(2), 1]);
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
