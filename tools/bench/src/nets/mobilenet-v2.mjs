import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

const { layers } = tfl;

/** Expansion, channels, repeats, stride of each stage (arXiv:1801.04381, table 2). */
const STAGES = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
];

/** The net's graph, in terms of a convolution, a depthwise convolution, a sum and the last two layers. */
function wire({ conv, depthwise, add, top }, input) {
  let x = conv(input, 32, 3, 2, true);
  let channels = 32;
  for (const [expansion, filters, repeats, first] of STAGES) {
    for (let i = 0; i < repeats; i++) {
      const strides = i === 0 ? first : 1;
      let y = expansion === 1 ? x : conv(x, channels * expansion, 1, 1, true);
      y = conv(depthwise(y, strides), filters, 1, 1, false);
      x = strides === 1 && channels === filters ? add(x, y) : y;
      channels = filters;
    }
  }
  return top(conv(x, 1280, 1, 1, true));
}

/** MobileNetV2 1.0 for 224×224 images and 1,000 classes: convolutions without bias, each followed by a batch norm; random weights. */
export function mobileNetV2() {
  let seed = 0;
  const initializer = () => tfl.initializers.heNormal({ seed: ++seed });
  const finish = (x, active) => {
    const y = layers.batchNormalization().apply(x);
    return active ? layers.reLU({ maxValue: 6 }).apply(y) : y;
  };
  const same = { padding: 'same', useBias: false };
  const input = tfl.input({ shape: [224, 224, 3] });
  const output = wire(
    {
      conv: (x, filters, kernelSize, strides, active) =>
        finish(
          layers.conv2d({ filters, kernelSize, strides, kernelInitializer: initializer(), ...same }).apply(x),
          active,
        ),
      depthwise: (x, strides) =>
        finish(
          layers.depthwiseConv2d({ kernelSize: 3, strides, depthwiseInitializer: initializer(), ...same }).apply(x),
          true,
        ),
      add: (a, b) => layers.add().apply([a, b]),
      top: (x) =>
        layers
          .dense({ units: 1000, activation: 'softmax', kernelInitializer: initializer() })
          .apply(layers.globalAveragePooling2d({}).apply(x)),
    },
    input,
  );
  return tfl.model({ inputs: input, outputs: output });
}

/**
 * The same net once its batch norms are in the weights before them, written with TensorFlow.js's fused kernels: what somebody who folds by
 * hand gets from the stock backend. Weights are those of `model`, whose batch norms must be as new: they only divide by √1.001.
 */
export function folded(model) {
  const weights = model.getWeights();
  const kernels = weights.filter((w) => w.rank > 1);
  const scale = 1 / Math.sqrt(1 + 1e-3);
  const mine = tf.tidy(() => kernels.map((w, i) => tf.keep(i === kernels.length - 1 ? w.clone() : tf.mul(w, scale))));
  const bias = new Map();
  const zeros = (size) => {
    if (!bias.has(size)) bias.set(size, tf.keep(tf.zeros([size])));
    return bias.get(size);
  };
  const run = (input) => {
    let next = 0;
    const activation = (active) => (active ? 'relu6' : 'linear');
    return wire(
      {
        conv: (x, filters, _, strides, active) =>
          tf.fused.conv2d({
            x,
            filter: mine[next++],
            strides,
            pad: 'same',
            bias: zeros(filters),
            activation: activation(active),
          }),
        depthwise: (x, strides) =>
          tf.fused.depthwiseConv2d({
            x,
            filter: mine[next++],
            strides,
            pad: 'same',
            bias: zeros(x.shape[3]),
            activation: 'relu6',
          }),
        add: (a, b) => tf.add(a, b),
        top: (x) => tf.softmax(tf.fused.matMul({ a: tf.mean(x, [1, 2]), b: mine[next++], bias: zeros(1000) })),
      },
      input,
    );
  };
  return {
    predict: (x) => tf.tidy(() => run(x)),
    dispose: () => tf.dispose([...mine, ...bias.values()]),
  };
}
