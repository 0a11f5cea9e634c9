import '@tensorflow/tfjs-backend-cpu';
import { adaptLayers } from '@espalier/adapter-layers';
import { describeScorer, tinyBatches } from '@espalier/conformance';
import type { Batch } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { gradient } from './gradient.js';

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

describeScorer('gradient on a layers model', () => gradient(), { model: network, batches });

test('|w·∂L/∂w| as differences of the loss give it; batch-norm statistics get no opinion', async () => {
  const model = network();
  const scores = await gradient().score({ model, batches });
  expect(scores.params).toEqual(['conv/kernel', 'conv/bias', 'norm/gamma', 'norm/beta', 'out/kernel', 'out/bias']);
  // L(w·(1 + h)) − L(w·(1 − h)) ≈ 2h·w·∂L/∂w, with L the mean over all samples.
  const meanLoss = async () => {
    let [sum, samples] = [0, 0];
    for await (const batch of batches()) {
      const { loss, grads } = await model.gradients(batch);
      tf.dispose(grads);
      sum += loss * batch.x.shape[0];
      samples += batch.x.shape[0];
    }
    return sum / samples;
  };
  const h = 1e-2;
  for (const id of ['conv/kernel', 'norm/gamma', 'out/kernel']) {
    const [weights, score] = [await model.read(id), await scores.read(id)];
    const top = score.indexOf(Math.max(...score));
    const at = (factor: number) => {
      const moved = weights.map((w, i) => (i === top ? w * factor : w));
      tf.tidy(() => model.variable(id).assign(tf.tensor(moved, model.variable(id).shape)));
      return meanLoss();
    };
    const difference = ((await at(1 + h)) - (await at(1 - h))) / (2 * h);
    await at(1);
    expect(Math.abs(difference) / score[top]).toBeCloseTo(1, 1);
  }
  model.dispose();
});
