import { tinyNetwork } from '@espalier/conformance';
import { countKept, isKept, type Plan, type PrunableModel } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { type FineTuneOptions, fineTune } from '../src/index.js';
import { data, withFresh } from './data.js';

export const withModel = (body: (model: PrunableModel) => Promise<void>) => withFresh(tinyNetwork, body);

export const KERNELS = ['hidden/kernel', 'out/kernel'];

export const keptOf = async (plan: Plan) => Promise.all(KERNELS.map(async (id) => countKept(await plan.mask(id))));

/** Trains and watches the optimizer: moments of weights that the plan prunes are +0 at every epoch's end. */
export async function trained(model: PrunableModel, options: Partial<FineTuneOptions>) {
  let adam!: tf.Optimizer;
  const moments: { name: string; values: Float32Array }[] = [];
  const result = await fineTune(model, {
    data,
    epochs: 6,
    batchSize: 10,
    learningRate: 0.05,
    optimizer: (rate) => (adam = tf.train.adam(rate)),
    async onEpoch() {
      const [iterations, ...all] = await adam.getWeights();
      iterations.tensor.dispose();
      moments.length = 0;
      for (const { name, tensor } of all) moments.push({ name, values: (await tensor.data<'float32'>()).slice() });
    },
    ...options,
  });
  return { ...result, moments };
}

export async function checkZeros(
  model: PrunableModel,
  plan: Plan,
  moments: readonly { name: string; values: Float32Array }[],
) {
  for (const id of plan.params) {
    const bits = await plan.mask(id);
    const slots = moments.filter(({ name }) => name.startsWith(`${model.variable(id).name}/`));
    expect(slots).toHaveLength(2);
    for (const values of [await model.read(id), ...slots.map((slot) => slot.values)]) {
      expect(values.every((v, i) => isKept(bits, i) || Object.is(v, 0))).toBe(true);
      expect(values.some((v) => v !== 0)).toBe(true);
    }
  }
}
