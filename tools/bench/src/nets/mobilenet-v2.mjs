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

/**
 * MobileNetV2 1.0 for 224×224 images and 1,000 classes, with random weights. With `fold`, as it is once its batch norms are in the
 * weights before them: biases instead of norms, and activations that TensorFlow.js fuses.
 */
export function mobileNetV2({ fold = false } = {}) {
  let seed = 0;
  const initializer = () => tfl.initializers.heNormal({ seed: ++seed });
  const finish = (x, active) => {
    if (fold) return x;
    const y = layers.batchNormalization().apply(x);
    return active ? layers.reLU({ maxValue: 6 }).apply(y) : y;
  };
  const common = (active) => ({
    padding: 'same',
    useBias: fold,
    ...(fold && active && { activation: 'relu6' }),
  });
  const conv = (x, filters, kernelSize, strides, active) =>
    finish(
      layers
        .conv2d({ filters, kernelSize, strides, kernelInitializer: initializer(), ...common(active) })
        .apply(x),
      active,
    );
  const depthwise = (x, strides) =>
    finish(
      layers
        .depthwiseConv2d({ kernelSize: 3, strides, depthwiseInitializer: initializer(), ...common(true) })
        .apply(x),
      true,
    );

  const input = tfl.input({ shape: [224, 224, 3] });
  let x = conv(input, 32, 3, 2, true);
  let channels = 32;
  for (const [expansion, filters, repeats, first] of STAGES) {
    for (let i = 0; i < repeats; i++) {
      const strides = i === 0 ? first : 1;
      let y = expansion === 1 ? x : conv(x, channels * expansion, 1, 1, true);
      y = conv(depthwise(y, strides), filters, 1, 1, false);
      x = strides === 1 && channels === filters ? layers.add().apply([x, y]) : y;
      channels = filters;
    }
  }
  x = layers.globalAveragePooling2d({}).apply(conv(x, 1280, 1, 1, true));
  const output = layers.dense({ units: 1000, activation: 'softmax', kernelInitializer: initializer() }).apply(x);
  return tfl.model({ inputs: input, outputs: output });
}
