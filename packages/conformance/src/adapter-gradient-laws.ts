import { type Batch, type PrunableModel, sizeOf } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { type AdapterSubject, onModel, readWeights, write } from './adapter-subject.js';
import { firstDifference, type Law, law } from './law.js';

/** Weights tried per parameter: those with the largest gradients, which float32 differences can see. */
const TRIED = 3;
const TOLERANCE = 0.05;

async function lossOf(model: PrunableModel, batch: Batch): Promise<number> {
  const { loss, grads } = await model.gradients(batch);
  tf.dispose(grads);
  return loss;
}

const differences = law<AdapterSubject>('has gradients that agree with differences of the loss', (subject, claim) =>
  onModel(subject, async (model, batch) => {
    const { grads } = await model.gradients(batch);
    const values = new Map<string, Float32Array>();
    for (const [id, grad] of Object.entries(grads)) values.set(id, (await grad.data<'float32'>()).slice());
    tf.dispose(grads);
    for (const [id, gradient] of values) {
      const largest = [...gradient.keys()].sort((a, b) => Math.abs(gradient[b]) - Math.abs(gradient[a]));
      const weights = await model.read(id);
      for (const i of largest.slice(0, TRIED)) {
        // A long and a short step: truncation spoils the one, float32 rounding or a kink of ReLU the other.
        const tried: number[] = [];
        for (const step of [1e-2, 2e-3]) {
          const at = async (by: number) => {
            write(
              model,
              id,
              weights.map((w, k) => (k === i ? w + by : w)),
            );
            return lossOf(model, batch);
          };
          tried.push(((await at(step)) - (await at(-step))) / (2 * step));
        }
        write(model, id, weights);
        const limit = TOLERANCE * Math.abs(gradient[largest[0]]) + 1e-4;
        const gap = Math.min(...tried.map((d) => Math.abs(d - gradient[i])));
        claim(gap <= limit, () => `'${id}' at index ${i}: ${gradient[i]}, differences give ${tried.join(' or ')}`);
      }
    }
  }),
);

const shapes = law<AdapterSubject>('has a gradient of the right shape for every trainable weight', (subject, claim) =>
  onModel(subject, async (model, batch) => {
    const { loss, grads } = await model.gradients(batch);
    claim(Number.isFinite(loss), () => `the loss is ${loss}`);
    for (const { id, shape, trainable } of model.params) {
      claim(!trainable || id in grads, () => `'${id}' has none`);
      if (id in grads) claim(sizeOf(grads[id].shape) === sizeOf(shape), () => `'${id}' has [${grads[id].shape}]`);
    }
    tf.dispose(grads);
  }),
);

const pure = law<AdapterSubject>('works out gradients without changing weights, batch or memory', (subject, claim) =>
  onModel(subject, async (model, batch) => {
    await lossOf(model, batch);
    const before = await readWeights(model);
    const tensors = tf.memory().numTensors;
    await lossOf(model, batch);
    claim(tf.memory().numTensors === tensors, () => `${tf.memory().numTensors - tensors} tensors more than before`);
    claim(!batch.x.isDisposed && !batch.y.isDisposed, () => 'it disposed the batch');
    for (const [id, values] of before) {
      const at = firstDifference(values, await model.read(id));
      claim(at < 0, () => `'${id}' changed at index ${at}`);
    }
  }),
);

const mean = law<AdapterSubject>('has a loss that is the mean over the batch', (subject, claim) =>
  onModel(subject, async (model, batch) => {
    const [x, y] = tf.tidy(() => [tf.concat([batch.x, batch.x]), tf.concat([batch.y, batch.y])]);
    const [once, twice] = [await lossOf(model, batch), await lossOf(model, { x, y })];
    tf.dispose([x, y]);
    claim(Math.abs(once - twice) <= 1e-4 * Math.abs(once) + 1e-6, () => `${once}, and ${twice} with each sample twice`);
  }),
);

export const GRADIENT_LAWS: readonly Law<AdapterSubject>[] = [shapes, differences, pure, mean];
