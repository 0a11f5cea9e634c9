import { adaptLayers } from '@espalier/adapter-layers';
import { describeRepair } from '@espalier/conformance';
import { type Batch, bitsFrom, memoryPlan, type Plan } from '@espalier/core';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { biasCompensation } from './index.js';

beforeAll(async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
});

describeRepair('bias compensation', biasCompensation, { mends: ['units'] });

const L = tfl.layers;
const init = { kernelInitializer: tfl.initializers.randomUniform({ minval: -1, maxval: 1, seed: 3 }) };
const conv = (name: string, rest = {}) => L.conv2d({ filters: 3, kernelSize: 3, name, ...init, ...rest });

/** The first convolution's channel 1 has no weights, so it emits the sigmoid of its bias everywhere. */
function make(rest = {}) {
  const model = tfl.sequential({
    layers: [
      conv('a', { inputShape: [6, 6, 2], activation: 'sigmoid' }),
      conv('b', rest),
      L.flatten(),
      L.dense({ units: 2, name: 'out', ...init }),
    ],
  });
  const prunable = adaptLayers(model);
  tf.tidy(() => {
    const kernel = prunable.variable('a/kernel');
    kernel.assign(tf.mul(kernel, tf.tensor([1, 0, 1])));
    prunable.variable('a/bias').assign(tf.tensor([0.1, 2, -0.3]));
  });
  return prunable;
}
const plan = memoryPlan({ units: { a: bitsFrom(3, (i) => i !== 1) } });
const x = () => tf.randomNormal([5, 6, 6, 2], 0, 1, 'float32', 7);

const contextOf = (model: ReturnType<typeof make>, input: tf.Tensor) => ({
  model,
  async *batches(): AsyncGenerator<Batch> {
    yield { x: input, y: input };
  },
});

async function largestGap(
  model: ReturnType<typeof make>,
  by: Plan,
  values: Record<string, Float32Array>,
  input: tf.Tensor,
) {
  const before = model.predict(input);
  for (const [id, value] of Object.entries(values)) model.write(id, value);
  const smaller = await model.shrink(by);
  const after = smaller.predict(input);
  const gap = (await tf.tidy(() => tf.max(tf.abs(tf.sub(before, after)))).data())[0];
  smaller.dispose();
  tf.dispose([before, after]);
  return gap;
}

test('a constant channel is folded away, exactly without padding and on average with it', async () => {
  const input = x();
  for (const [padding, exact] of [
    ['valid', true],
    ['same', false],
  ] as const) {
    const [plain, model] = [make({ padding }), make({ padding })];
    const tensors = tf.memory().numTensors;
    const update = await biasCompensation().repair(contextOf(model, input), plan);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(Object.keys(update.values)).toEqual(['b/bias']);
    const [without, withIt] = [
      await largestGap(plain, plan, {}, input),
      await largestGap(model, plan, update.values, input),
    ];
    if (exact) expect(withIt).toBeLessThan(1e-5);
    expect(withIt).toBeLessThan(without);
    for (const owner of [plain, model]) owner.dispose();
  }
  input.dispose();
});

test('by hand: two inputs removed, their means times their weights', async () => {
  const model = adaptLayers(
    tfl.sequential({
      layers: [
        L.dense({ units: 3, inputShape: [3], name: 'a', useBias: false, kernelInitializer: 'identity' }),
        L.dense({ units: 2, name: 'b' }),
      ],
    }),
  );
  model.write('b/kernel', Float32Array.from([1, 2, 3, 4, 5, 6]));
  model.write('b/bias', Float32Array.from([0.5, -0.5]));
  const input = tf.tensor2d([1, 2, 3, 3, 4, 9], [2, 3]);
  const cut = memoryPlan({ units: { a: bitsFrom(3, (i) => i === 0) } });
  const { values } = await biasCompensation().repair(contextOf(model, input), cut);
  // Means 3 and 6: 0.5 + 3 · 3 + 6 · 5, −0.5 + 3 · 4 + 6 · 6
  expect(Array.from(values['b/bias'])).toEqual([39.5, 47.5]);
  input.dispose();
  model.dispose();
});

test('what cannot take it up is named; biases that go stay zero', async () => {
  const model = make({ useBias: false });
  const input = x();
  const update = await biasCompensation().repair(contextOf(model, input), plan);
  expect(update).toEqual({
    plan,
    values: {},
    notes: [
      {
        code: 'not-compensated',
        params: { id: 'b/kernel', why: { code: 'no-bias', text: 'it has no bias' } },
        text: 'b/kernel: not compensated, it has no bias',
      },
    ],
  });
  const both = memoryPlan({ units: { a: bitsFrom(3, (i) => i !== 1), b: bitsFrom(3, (i) => i !== 0) } });
  const other = make();
  const { values } = await biasCompensation().repair(contextOf(other, input), both);
  expect(values['b/bias'][0]).toBe(0);
  expect(Object.keys(values).sort()).toEqual(['b/bias', 'out/bias']);
  input.dispose();
  for (const owner of [model, other]) owner.dispose();
});
