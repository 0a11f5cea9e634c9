import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { compile } from './compile.js';

tf.env().set('PROD', true);
test('try', async () => {
  await tf.setBackend('wasm');
  const { layers } = tfl;
  const inp = tfl.input({ shape: [32, 32, 3] });
  let x: any = layers
    .zeroPadding2d({
      padding: [
        [0, 1],
        [0, 1],
      ],
    })
    .apply(inp);
  x = layers.conv2d({ filters: 8, kernelSize: 3, strides: 2, useBias: false }).apply(x);
  x = layers.batchNormalization().apply(x);
  x = layers.reLU({ maxValue: 6 }).apply(x);
  x = layers.depthwiseConv2d({ kernelSize: 3, padding: 'same', useBias: false }).apply(x);
  x = layers.batchNormalization().apply(x);
  x = layers.activation({ activation: 'relu6' }).apply(x);
  x = layers.separableConv2d({ filters: 16, kernelSize: 3, activation: 'elu' }).apply(x);
  x = layers.prelu({ sharedAxes: [1, 2] }).apply(x);
  x = layers.leakyReLU().apply(x);
  let s: any = layers.globalAveragePooling2d({}).apply(x);
  s = layers.reshape({ targetShape: [1, 1, 16] }).apply(s);
  s = layers.dense({ units: 16, activation: 'sigmoid' }).apply(s);
  x = layers.multiply().apply([x, s]);
  x = layers.maxPooling2d({ poolSize: 2 }).apply(x);
  x = layers.averagePooling2d({ poolSize: 2, padding: 'same' }).apply(x);
  x = layers.upSampling2d({ size: [2, 2] }).apply(x);
  x = layers.conv2dTranspose({ filters: 4, kernelSize: 2, strides: 2, activation: 'swish' }).apply(x);
  const y = layers.conv2d({ filters: 4, kernelSize: 1, activation: 'tanh' }).apply(x);
  x = layers.concatenate().apply([x, y as any]);
  x = layers.average().apply([x, x]);
  x = layers.flatten().apply(x);
  x = layers.dense({ units: 10, activation: 'softmax' }).apply(x);
  const m = tfl.model({ inputs: inp, outputs: x });
  const net = await compile(m as any);
  const t = tf.randomNormal([2, 32, 32, 3]);
  const a = await (net.predict(t) as tf.Tensor).data();
  const b = await (m.predict(t) as tf.Tensor).data();
  console.log(Array.from(a).slice(0, 5), Array.from(b).slice(0, 5));
  const [c] = net.compilations;
  console.log(
    c.runtime,
    c.reason,
    c.arenaBytes,
    c.weightBytes,
    c.steps.map((q) => `${q.name} ${q.operation} ${q.kernel}`),
  );
});
