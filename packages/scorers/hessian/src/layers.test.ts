import '@tensorflow/tfjs-backend-cpu';
import { adaptLayers } from '@espalier/adapter-layers';
import { describeScorer, tinyBatches } from '@espalier/conformance';
import type { Batch } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { empiricalFisher } from './empirical-fisher.js';
import { gaussNewton } from './gauss-newton.js';

beforeAll(() => tf.setBackend('cpu'));

/** A convolution, batch norm with statistics of its own, and a softmax, on 4×4 images. */
function network() {
  const seeded = (seed: number) => tfl.initializers.randomNormal({ seed, stddev: 0.5 });
  const positive = (seed: number) => tfl.initializers.randomUniform({ seed, minval: 0.5, maxval: 2 });
  return adaptLayers(
    tfl.sequential({
      layers: [
        tfl.layers.conv2d({
          name: 'conv',
          filters: 3,
          kernelSize: 2,
          inputShape: [4, 4, 1],
          activation: 'relu',
          kernelInitializer: seeded(1),
        }),
        tfl.layers.batchNormalization({
          name: 'norm',
          gammaInitializer: positive(2),
          movingMeanInitializer: seeded(3),
          movingVarianceInitializer: positive(4),
        }),
        tfl.layers.flatten(),
        tfl.layers.dense({ name: 'out', units: 3, activation: 'softmax', kernelInitializer: seeded(5) }),
      ],
    }),
  );
}

const flat = tinyBatches({ inputs: 16 });
async function* batches(): AsyncIterable<Batch> {
  for await (const { x, y } of flat()) {
    const image = tf.reshape(x, [-1, 4, 4, 1]);
    try {
      yield { x: image, y };
    } finally {
      image.dispose();
    }
  }
}

describeScorer('empirical Fisher on a layers model', () => empiricalFisher(), { model: network, batches });
describeScorer('Gauss-Newton on a layers model', () => gaussNewton({ samples: 3 }), { model: network, batches });

test('the last layer in closed form: its inputs squared, times (p − y)² or p·(1 − p)', async () => {
  const model = network();
  const hidden = tfl.model({ inputs: model.model.inputs, outputs: model.model.layers[2].output as tfl.SymbolicTensor });
  const weights = await model.read('out/kernel');
  const [fisher, newton] = [new Float64Array(weights.length), new Float64Array(weights.length)];
  let samples = 0;
  for await (const { x, y } of batches()) {
    const tensors = [hidden.predict(x) as tf.Tensor, model.predict(x), y];
    const [a, p, t] = await Promise.all(tensors.map((tensor) => tensor.data()));
    tf.dispose(tensors.slice(0, 2));
    const width = weights.length / 3;
    for (let s = 0; s < x.shape[0]; s++, samples++)
      for (let i = 0; i < weights.length; i++) {
        const [input, c] = [a[s * width + Math.floor(i / 3)], s * 3 + (i % 3)];
        fisher[i] += (input * (p[c] - t[c])) ** 2;
        newton[i] += input * input * p[c] * (1 - p[c]);
      }
  }
  for (const [scorer, diagonal] of [
    [empiricalFisher(), fisher],
    [gaussNewton(), newton],
  ] as const) {
    const scores = await (await scorer.score({ model, batches })).read('out/kernel');
    const expected = Array.from(diagonal, (h, i) => (0.5 * weights[i] ** 2 * h) / samples);
    const scale = Math.max(...expected);
    scores.forEach((score, i) => expect(score / scale).toBeCloseTo(expected[i] / scale, 5));
  }
  model.dispose();
});
