import '@tensorflow/tfjs-backend-cpu';
import { tinyNetwork } from '@espalier/conformance';
import { countKept, cubic, isKept, type PrunableModel } from '@espalier/core';
import { unstructured } from '@espalier/strategy-unstructured';
import * as tf from '@tensorflow/tfjs-core';
import { type FineTuneOptions, fineTune, gradual, runningFisher, type TrainingRule } from './index.js';
import { data, withFresh } from '../testing/data.js';

beforeAll(() => tf.setBackend('cpu'));

const withModel = (body: (model: PrunableModel) => Promise<void>) => withFresh(tinyNetwork, body);
const KERNELS = ['hidden/kernel', 'out/kernel'];
const schedule = cubic({ sparsity: 0.75, end: 11, frequency: 3 });
const rule = () => gradual({ scorer: runningFisher(), strategy: unstructured(), schedule });
const settings: FineTuneOptions = { data, epochs: 6, batchSize: 10, learningRate: 0.05, rules: [rule()] };

test('is ½·w²·v, with the v of Adam at that step', () =>
  withModel(async (model) => {
    let adam!: tf.Optimizer;
    const compared: string[] = [];
    const spy: TrainingRule = {
      name: 'spy',
      async plan(moment) {
        if (moment.step !== 4) return undefined;
        const scores = await runningFisher().score({
          ...moment,
          batches() {
            throw new Error('no data is needed');
          },
        });
        const [iterations, ...all] = await adam.getWeights();
        iterations.tensor.dispose();
        for (const id of KERNELS) {
          const v = all.find(({ name }) => name === `${model.variable(id).name}/v`)!;
          const [w, squares, found] = [await model.read(id), await v.tensor.data(), await scores.read(id)];
          found.forEach((score, i) => expect(score / (0.5 * w[i] ** 2 * (squares[i] + 1e-12))).toBeCloseTo(1, 5));
          compared.push(id);
        }
        return undefined;
      },
    };
    await fineTune(model, { ...settings, rules: [spy], optimizer: (rate) => (adam = tf.train.adam(rate)) });
    expect(compared).toEqual(KERNELS);
  }));

test('prunes as many as the schedule says, asks for no data, and the rest goes on learning', () =>
  withModel(async (model) => {
    const { plan, handle, losses } = await fineTune(model, settings);
    const kept = await Promise.all(KERNELS.map(async (id) => countKept(await plan!.mask(id))));
    // 0.75 · 42 = 31.5, half to even.
    expect(kept.reduce((a, b) => a + b)).toBe(42 - 32);
    for (const id of KERNELS) {
      const bits = await plan!.mask(id);
      expect((await model.read(id)).every((w, i) => isKept(bits, i) || Object.is(w, 0))).toBe(true);
    }
    expect(losses[losses.length - 1]).toBeLessThan(losses[0]);
    handle!.makePermanent();
  }));

test('goes on from a checkpoint with the same bits', async () => {
  const checkpoints: Uint8Array[] = [];
  const train = async (more: Partial<FineTuneOptions>) => {
    const model = tinyNetwork();
    const { handle } = await fineTune(model, { ...settings, ...more });
    handle!.makePermanent();
    const weights = await Promise.all(KERNELS.map((id) => model.read(id)));
    model.dispose();
    return weights;
  };
  const whole = await train({ checkpoint: { write: (bytes) => void checkpoints.push(bytes) } });
  expect(await train({ resume: checkpoints[1] })).toEqual(whole);
});

test('takes the mean of RMSProp too, and says that SGD has none', () =>
  withModel(async (model) => {
    const { handle } = await fineTune(model, { ...settings, optimizer: (rate) => tf.train.rmsprop(rate) });
    handle!.makePermanent();
    await expect(fineTune(model, { ...settings, optimizer: tf.train.sgd })).rejects.toMatchObject({
      code: 'running-fisher',
      where: 'scorer',
    });
  }));
