// The networks of the zoo, and how each is trained.
import * as tfl from '@tensorflow/tfjs-layers';

const { layers } = tfl;

/** Every layer's initialiser gets a seed of its own from one seed. */
function seeds(seed) {
  let next = seed * 1000;
  return { kernelInitializer: () => tfl.initializers.heNormal({ seed: next++ }) };
}

function lenet300100(seed) {
  const { kernelInitializer } = seeds(seed);
  const dense = (name, units, activation, more) =>
    layers.dense({ name, units, activation, kernelInitializer: kernelInitializer(), ...more });
  return tfl.sequential({
    name: 'lenet-300-100',
    layers: [dense('fc1', 300, 'relu', { inputShape: [784] }), dense('fc2', 100, 'relu'), dense('fc3', 10, 'softmax')],
  });
}

function lenet5(seed) {
  const { kernelInitializer } = seeds(seed);
  const conv = (name, filters, more) =>
    layers.conv2d({
      name,
      filters,
      kernelSize: 5,
      activation: 'relu',
      kernelInitializer: kernelInitializer(),
      ...more,
    });
  const dense = (name, units, activation) =>
    layers.dense({ name, units, activation, kernelInitializer: kernelInitializer() });
  return tfl.sequential({
    name: 'lenet-5',
    layers: [
      conv('conv1', 20, { inputShape: [28, 28, 1] }),
      layers.maxPooling2d({ name: 'pool1', poolSize: 2 }),
      conv('conv2', 50),
      layers.maxPooling2d({ name: 'pool2', poolSize: 2 }),
      layers.flatten({ name: 'flatten' }),
      dense('fc1', 500, 'relu'),
      dense('fc2', 10, 'softmax'),
    ],
  });
}

/** Inverted residuals: 1×1 expansion, 3×3 depthwise, 1×1 projection, and a skip where the shape stays (arXiv:1801.04381). */
function resnetDs(seed) {
  const { kernelInitializer } = seeds(seed);
  const norm = (name, x) => layers.batchNormalization({ name, momentum: 0.9 }).apply(x);
  const relu = (name, x) => layers.activation({ name, activation: 'relu' }).apply(x);
  const conv = (name, x, filters, kernelSize, strides) => {
    const config = { name, filters, kernelSize, strides, padding: 'same', useBias: false };
    return layers.conv2d({ ...config, kernelInitializer: kernelInitializer() }).apply(x);
  };
  const block = (name, x, { expand, filters, strides }) => {
    let y = relu(`${name}_relu1`, norm(`${name}_bn1`, conv(`${name}_expand`, x, expand, 1, 1)));
    const depthwiseInitializer = kernelInitializer();
    y = layers
      .depthwiseConv2d({
        name: `${name}_dw`,
        kernelSize: 3,
        strides,
        padding: 'same',
        useBias: false,
        depthwiseInitializer,
      })
      .apply(y);
    y = relu(`${name}_relu2`, norm(`${name}_bn2`, y));
    y = norm(`${name}_bn3`, conv(`${name}_project`, y, filters, 1, 1));
    return strides === 1 ? layers.add({ name: `${name}_add` }).apply([x, y]) : y;
  };

  const input = tfl.input({ name: 'input', shape: [28, 28, 1] });
  let x = relu('relu1', norm('bn1', conv('conv1', input, 16, 3, 2)));
  x = block('b1', x, { expand: 64, filters: 32, strides: 2 });
  x = block('b2', x, { expand: 96, filters: 32, strides: 1 });
  x = block('b3', x, { expand: 96, filters: 32, strides: 1 });
  x = block('b4', x, { expand: 96, filters: 32, strides: 1 });
  x = relu('relu2', norm('bn2', conv('conv2', x, 96, 1, 1)));
  x = layers.globalAveragePooling2d({ name: 'pool' }).apply(x);
  const output = layers
    .dense({ name: 'fc', units: 10, activation: 'softmax', kernelInitializer: kernelInitializer() })
    .apply(x);
  return tfl.model({ name: 'resnet-ds', inputs: input, outputs: output });
}

/**
 * Adam with decoupled weight decay on the kernels; the learning rate falls from `learningRate` to 0 along a half cosine, and
 * every digit moves by up to `shift` pixels each time it is seen.
 */
export const RECIPES = {
  'lenet-300-100': { build: lenet300100, epochs: 60, batchSize: 64, learningRate: 1e-3, decay: 0.02, shift: 2 },
  'lenet-5': { build: lenet5, epochs: 25, batchSize: 64, learningRate: 1e-3, decay: 0.02, shift: 2 },
  'resnet-ds': { build: resnetDs, epochs: 16, batchSize: 64, learningRate: 4e-3, decay: 0.02, shift: 2 },
};
