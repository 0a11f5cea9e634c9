import type { Rule } from '../flow.js';
import { activation, softmax } from './activation.js';
import { concatenate, elementwise } from './merge.js';
import { batchNormalization, layerNormalization, prelu } from './norm.js';
import { convolution, dense, depthwise, embedding, separable } from './producers.js';
import { recurrent } from './recurrent.js';
import { flatten, globalPooling, permute, places, repeatVector, reshape } from './shape.js';
import { bidirectional, timeDistributed } from './wrappers.js';

/** Every value by itself, whatever its place. */
const pass: Rule = ({ flows }) => flows;

const all = (rule: Rule, ...classes: string[]): [string, Rule][] => classes.map((name) => [name, rule]);

/** How channels pass each class of layers; where a class is missing, they cannot be followed. */
export const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['Dense', dense],
  ...all(convolution, 'Conv1D', 'Conv2D', 'Conv3D', 'Conv2DTranspose', 'Conv3DTranspose'),
  ['SeparableConv2D', separable],
  ['DepthwiseConv2D', depthwise],
  ['Embedding', embedding],
  ['SimpleRNN', recurrent(1, 'units')],
  ['GRU', recurrent(3, 'units')],
  ['LSTM', recurrent(4, 'units')],
  ['ConvLSTM2D', recurrent(4, 'filters')],
  ['TimeDistributed', timeDistributed((name) => RULES.get(name))],
  ['Bidirectional', bidirectional((name) => RULES.get(name))],
  ['BatchNormalization', batchNormalization],
  ['LayerNormalization', layerNormalization],
  ['PReLU', prelu],
  ['Activation', activation],
  ['Softmax', softmax],
  ...all(pass, 'ReLU', 'LeakyReLU', 'ELU', 'ThresholdedReLU', 'Rescaling'),
  ...all(pass, 'Dropout', 'SpatialDropout1D', 'GaussianNoise', 'GaussianDropout', 'AlphaDropout'),
  // TensorFlow.js has no Subtract; programs register it under Keras's name.
  ...all(elementwise, 'Add', 'Subtract', 'Multiply', 'Average', 'Maximum', 'Minimum'),
  ['Concatenate', concatenate],
  ['Flatten', flatten],
  ['Reshape', reshape],
  ['Permute', permute],
  ['RepeatVector', repeatVector],
  ...all(places, 'ZeroPadding2D', 'Cropping2D', 'UpSampling2D', 'Resizing'),
  ...all(places, 'MaxPooling1D', 'MaxPooling2D', 'MaxPooling3D'),
  ...all(places, 'AveragePooling1D', 'AveragePooling2D', 'AveragePooling3D'),
  ...all(globalPooling, 'GlobalMaxPooling1D', 'GlobalMaxPooling2D'),
  ...all(globalPooling, 'GlobalAveragePooling1D', 'GlobalAveragePooling2D'),
]);
