import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { seededRandom } from '@espalier/core';

export type Net = (x: tf.Tensor) => tf.Tensor | tf.Tensor[];

const random = (seed: number) => seededRandom(seed);

/** Values between −1 and 1, of which the share `sparsity` is 0. */
export function filled(shape: number[], seed: number, sparsity = 0): tf.Tensor {
  const next = random(seed);
  const draw = () => {
    const value = next() * 2 - 1;
    return next() < sparsity ? 0 : value;
  };
  return tf.tensor(Float32Array.from({ length: tf.util.sizeFromShape(shape) }, draw), shape);
}

/** A step of a random net: x [batch, h, w, c] → the same with other sizes. */
type Layer = (x: tf.Tensor4D, seed: number) => tf.Tensor4D;

interface Choices {
  readonly kernel: [number, number];
  readonly strides: [number, number];
  readonly dilations: [number, number];
  readonly pad: 'same' | 'valid' | 1;
  readonly outputs: number;
  readonly sparsity: number;
  readonly activation: tf.fused.Activation;
  readonly bias: boolean;
}

/** No more than fits, and strides or dilations, not both. */
function fitting({ kernel, strides, dilations, pad }: Choices, [, h, w]: number[]) {
  // The stock kernels get a number as padding wrong, and write where they should not, unless kernel and strides are square.
  const square = pad === 1 && h > 2 && w > 2;
  const size: [number, number] = square ? [3, 3] : [Math.min(kernel[0], h), Math.min(kernel[1], w)];
  const steps: [number, number] = square ? [strides[0], strides[0]] : strides;
  const dense = square || steps.some((s) => s > 1) || size.some((n, i) => (n - 1) * dilations[i] >= [h, w][i]);
  return {
    size,
    strides: steps,
    dilations: dense ? ([1, 1] as [number, number]) : dilations,
    pad: square ? pad : pad === 1 ? ('same' as const) : pad,
  };
}

export const channelsOf = (x: tf.Tensor) => x.shape[x.rank - 1];

export const LAYERS: Readonly<Record<string, (choices: Choices) => Layer>> = {
  conv: (c) => (x, seed) => {
    const { size, strides, dilations, pad } = fitting(c, x.shape);
    const filter = filled([...size, channelsOf(x), c.outputs], seed, c.sparsity) as tf.Tensor4D;
    const bias = c.bias ? filled([c.outputs], seed + 1) : undefined;
    const { activation } = c;
    const preluActivationWeights = activation === 'prelu' ? filled([1, 1, c.outputs], seed + 2) : undefined;
    const leakyreluAlpha = 0.1;
    const after = { activation, preluActivationWeights, leakyreluAlpha };
    return tf.fused.conv2d({ x, filter, strides, dilations, pad, bias, ...after });
  },
  depthwise: (c) => (x, seed) => {
    const { size, strides, dilations, pad } = fitting(c, x.shape);
    const multiplier = channelsOf(x) < 8 && c.outputs % 3 === 0 ? 2 : 1;
    const filter = filled([...size, channelsOf(x), multiplier], seed, c.sparsity / 2) as tf.Tensor4D;
    const bias = c.bias ? filled([channelsOf(x) * multiplier], seed + 1) : undefined;
    const activation = c.activation === 'prelu' ? 'relu' : c.activation;
    // The stock kernels take square strides alone.
    const after = { activation, leakyreluAlpha: 0.1 };
    return tf.fused.depthwiseConv2d({ x, filter, strides: strides[0], dilations, pad, bias, ...after });
  },
  three: (c) => (x, seed) => {
    const filter = filled([3, 3, channelsOf(x), 1], seed) as tf.Tensor4D;
    const square: [number, number] = [c.strides[0], c.strides[0]];
    return x.shape[1] < 3 || x.shape[2] < 3 ? x : tf.depthwiseConv2d(x, filter, square, c.pad === 1 ? 'valid' : c.pad);
  },
  separable: (c) => (x, seed) => {
    const filter = filled([1, 1, channelsOf(x), c.outputs], seed, c.sparsity) as tf.Tensor4D;
    return tf.relu(tf.conv2d(x, filter, 1, 'valid'));
  },
  batchNorm: (c) => (x, seed) => {
    const one = () => filled([channelsOf(x)], seed++) as tf.Tensor1D;
    const y = tf.batchNorm4d(x, one(), tf.abs(one()), c.bias ? one() : undefined, one());
    return c.activation === 'relu6' ? tf.relu6(y) : y;
  },
  residual: (c) => (x, seed) => {
    const filter = filled([1, 1, channelsOf(x), channelsOf(x)], seed, c.sparsity) as tf.Tensor4D;
    const y = tf.add(x, tf.conv2d(tf.relu(x), filter, 1, 'same')) as tf.Tensor4D;
    return c.bias ? tf.relu(y) : y;
  },
  pad: (c) => (x, seed) =>
    LAYERS.conv({ ...c, pad: 'valid' })(
      tf.pad(x, [
        [0, 0],
        [1, 0],
        [0, 2],
        [0, 0],
      ]),
      seed,
    ),
  padAlone: () => (x) =>
    tf.relu(
      tf.pad(x, [
        [0, 0],
        [0, 1],
        [2, 1],
        [0, 0],
      ]),
    ),
  maxPool: (c) => (x) => {
    const { size, strides, pad } = fitting(c, x.shape);
    return tf.maxPool(x, size, strides, pad === 1 ? 'valid' : pad);
  },
  avgPool: (c) => (x) => {
    const { size, strides, pad } = fitting(c, x.shape);
    return tf.avgPool(x, size, strides, pad === 1 ? 'valid' : pad);
  },
  padChannels: () => (x) =>
    tf.add(
      tf.pad(x, [
        [0, 0],
        [0, 1],
        [0, 0],
        [1, 2],
      ]),
      0.5,
    ),
  stacked: () => (x) => tf.reshape(tf.stack([x, tf.sin(x)], 3), [x.shape[0], x.shape[1], x.shape[2], -1]),
  summed: () => (x) => tf.addN([x, tf.square(x)]),
  concatenate: (c) => (x, seed) => tf.concat([x, LAYERS.separable(c)(x, seed), tf.tanh(x)], 3),
  excite: () => (x, seed) => {
    const squeezed = tf.reshape(tf.mean(x, [1, 2]), [x.shape[0], channelsOf(x)]);
    const gate = tf.sigmoid(tf.matMul(squeezed, filled([channelsOf(x), channelsOf(x)], seed) as tf.Tensor2D));
    return tf.mul(x, tf.reshape(gate, [x.shape[0], 1, 1, channelsOf(x)]));
  },
  swish: () => (x) => tf.mul(x, tf.sigmoid(x)),
  hardSwish: () => (x) => tf.mul(x, tf.div(tf.relu6(tf.add(x, 3)), 6)),
  leaky: () => (x) => tf.leakyRelu(x, 0.1),
  elu: () => (x) => tf.elu(tf.sub(1, x)) as tf.Tensor4D,
  minimum: () => (x) => tf.maximum(tf.minimum(x, 0.75), tf.mul(x, x)) as tf.Tensor4D,
  divided: () => (x) => tf.div(x, tf.add(tf.square(x), 1)) as tf.Tensor4D,
  transposed: () => (x) => tf.transpose(x, [0, 2, 1, 3]),
  resized: () => (x) => tf.image.resizeNearestNeighbor(x, [x.shape[1] * 2, x.shape[2] + 1]),
  folded: () => (x) => tf.reshape(x, [x.shape[0], 1, x.shape[1] * x.shape[2], channelsOf(x)]),
};

const choices: fc.Arbitrary<Choices> = fc.record({
  kernel: fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })),
  strides: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  dilations: fc.constantFrom<[number, number][]>([1, 1], [2, 1], [2, 3]),
  pad: fc.constantFrom<Choices['pad'][]>('same', 'valid', 1),
  outputs: fc.integer({ min: 1, max: 21 }),
  sparsity: fc.constantFrom(0, 0.5, 0.9, 1),
  activation: fc.constantFrom<tf.fused.Activation[]>('linear', 'relu', 'relu6', 'prelu', 'leakyrelu', 'elu', 'sigmoid'),
  bias: fc.boolean(),
});

export const nets = fc.record({
  shape: fc.tuple(
    fc.integer({ min: 1, max: 3 }),
    fc.integer({ min: 1, max: 15 }),
    fc.integer({ min: 1, max: 15 }),
    fc.integer({ min: 1, max: 9 }),
  ),
  layers: fc.array(fc.tuple(fc.constantFrom(...Object.keys(LAYERS)), choices), { minLength: 1, maxLength: 5 }),
  top: fc.boolean(),
  seed: fc.integer({ min: 1, max: 1e6 }),
});
