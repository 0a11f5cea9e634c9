import '@tensorflow/tfjs-backend-cpu';
import { adaptLayers } from '@espalier/adapter-layers';
import { describeRepair, describeScorer, tinyBatches, tinyNetwork } from '@espalier/conformance';
import { type Batch, bitsFrom, isKept, memoryPlan, type Plan, prune, type PrunableModel } from '@espalier/core';
import { magnitude } from '@espalier/scorer-magnitude';
import { nm } from '@espalier/strategy-nm';
import { unstructured } from '@espalier/strategy-unstructured';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { halving, obsRepair } from './obs-repair.js';
import { obsScorer } from './obs-scorer.js';

beforeAll(async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
});

describeScorer('obs', () => obsScorer());
describeRepair('obs', () => obsRepair({ steps: 2 }));
describeRepair('obs with exchanges', () => obsRepair({ steps: 0, exchanges: 8 }));
describeRepair('obs without labels', () => obsRepair({ steps: 0 }));
describeRepair('obs by blocked passes', () => obsRepair({ steps: 0, work: 0 }));

const batches = tinyBatches({ sizes: [32, 32] });

/** Mean squared distance of the outputs from those that the model had. */
async function distance(model: PrunableModel, wanted: readonly Float32Array[]): Promise<number> {
  let [sum, count] = [0, 0];
  for await (const { x } of batches()) {
    const output = await tf.tidy(() => model.predict(x)).data<'float32'>();
    output.forEach((v, i) => (sum += (v - wanted[count][i]) ** 2));
    count++;
  }
  return sum;
}
async function outputs(model: PrunableModel): Promise<Float32Array[]> {
  const all: Float32Array[] = [];
  for await (const { x } of batches()) all.push((await tf.tidy(() => model.predict(x)).data<'float32'>()).slice());
  return all;
}
async function lossOf(model: PrunableModel): Promise<number> {
  let sum = 0;
  for await (const batch of batches()) {
    const { loss, grads } = await model.gradients(batch);
    tf.dispose(grads);
    sum += loss / 2;
  }
  return sum;
}

test('with the same 2:4 mask, repaired outputs are nearer to what they were', async () => {
  const model = tinyNetwork();
  const wanted = await outputs(model);
  const options = { scorer: obsScorer(), strategy: nm({ tail: 'dense' }), data: batches };
  const plain = await prune(model, options);
  const before = await distance(model, wanted);
  plain.handle.restore();
  await prune(model, { ...options, repair: obsRepair({ steps: 0 }) });
  expect(await distance(model, wanted)).toBeLessThan(0.8 * before);
  model.dispose();
});

test('steps along the loss of the labels lower it', async () => {
  const plan = memoryPlan({ masks: { 'hidden/kernel': bitsFrom(24, (i) => i % 3 > 0) } });
  const loss: number[] = [];
  for (const steps of [0, 1, 4]) {
    const model = tinyNetwork();
    const update = await obsRepair({ steps }).repair({ model, batches }, plan);
    for (const [id, values] of Object.entries(update.values)) model.write(id, values);
    loss.push(await lossOf(model));
    model.dispose();
  }
  expect(loss[1]).toBeLessThan(loss[0]);
  expect(loss[2]).toBeLessThan(loss[1]);
});

test('exchanges: as many weights stay, outputs of one layer are nearer to what they were, and plans of patterns stay', async () => {
  const model = tinyNetwork();
  const wanted = await outputs(model);
  const options = { scorer: magnitude(), strategy: unstructured(), sparsity: 0.6, data: batches, ignore: ['hidden'] };
  const plain = await prune(model, { ...options, repair: obsRepair({ steps: 0 }) });
  const before = await distance(model, wanted);
  plain.handle.restore();
  const refined = await prune(model, { ...options, repair: obsRepair({ steps: 0, exchanges: 8 }) });
  expect(refined.params.kept).toBe(plain.params.kept);
  expect(await masksOf(refined.plan)).not.toEqual(await masksOf(plain.plan));
  expect(await distance(model, wanted)).toBeLessThan(before);
  refined.handle.restore();
  const pattern = { ...options, strategy: nm({ tail: 'dense' }), sparsity: 0.5 };
  const kept = await prune(model, { ...pattern, repair: obsRepair({ steps: 0, exchanges: 8 }) });
  const masks = await masksOf(kept.plan);
  kept.handle.restore();
  expect(masks).toEqual(await masksOf((await prune(model, pattern)).plan));
  model.dispose();
});

test('a loss that is not finite on the way: the values before it, and a note says where', async () => {
  const model = tinyNetwork();
  let calls = 0;
  const broken: PrunableModel = {
    ...model,
    read: (id) => model.read(id),
    write: (id, values) => model.write(id, values),
    inputs: (batch, id) => model.inputs(batch, id),
    predict: (x) => model.predict(x),
    gradients: async (batch) => {
      const result = await model.gradients(batch);
      // One sample of a factor is a batch of one; whole batches come from looking at the loss.
      if (batch.x.shape[0] > 1 && ++calls > 2) return { ...result, loss: NaN };
      return result;
    },
  };
  const plan = memoryPlan({ masks: { 'hidden/kernel': bitsFrom(24, (i) => i % 3 > 0) } });
  const context = { model: broken, batches };
  const { values, notes } = await obsRepair({ steps: 3 }).repair(context, plan);
  expect(notes?.map(({ text }) => text).join()).toContain(
    'the loss of step 1 of 3 along the labels is not finite; kept the values before it',
  );
  const fitted = await obsRepair({ steps: 0 }).repair({ model, batches }, plan);
  expect(values['hidden/kernel']).toEqual(fitted.values['hidden/kernel']);
  calls = 1;
  broken.gradients = async (batch) => ({ ...(await model.gradients(batch)), loss: NaN });
  await expect(obsRepair({ steps: 3 }).repair(context, plan)).rejects.toMatchObject({ code: 'loss-not-finite' });
  model.dispose();
});

const masksOf = async (plan: Plan) =>
  Promise.all(plan.params.map(async (id) => [id, Array.from((await plan.mask(id)).bytes)] as const));

test('stages: what an earlier one pruned stays pruned, and the count is exact', async () => {
  const model = tinyNetwork();
  const reached: number[] = [];
  const { plan } = await prune(model, {
    scorer: obsScorer(),
    strategy: unstructured(),
    repair: obsRepair({ steps: 1 }),
    sparsity: 0.9,
    data: batches,
    onStep: ({ sparsity }) => void reached.push(sparsity),
  });
  expect(reached.map((s) => s.toFixed(3))).toEqual(['0.000', '0.438', '0.684', '0.822', '0.900']);
  let kept = 0;
  for (const id of plan.params) {
    const [bits, values] = [await plan.mask(id), await model.read(id)];
    values.forEach((w, i) => (isKept(bits, i) ? kept++ : expect(Object.is(w, 0)).toBe(true)));
  }
  expect(kept).toBe(4);
  model.dispose();
});

test.each([
  [0, [0]],
  [0.5, [0, 0.5]],
  [0.75, [0, 0.5, 0.75]],
  [1, 9],
])('halving to %f', (sparsity, expected) => {
  const schedule = halving(sparsity);
  const all = Array.from({ length: schedule.steps }, (_, step) => schedule(step));
  if (typeof expected === 'number') expect(all).toHaveLength(expected);
  else expect(all).toEqual(expected);
  expect(all[all.length - 1]).toBe(sparsity);
  expect(schedule(schedule.steps)).toBeUndefined();
});

const seeded = (seed: number) => tfl.initializers.randomNormal({ seed, stddev: 0.5 });
const images = (count: number) =>
  async function* (): AsyncGenerator<Batch> {
    const batch = {
      x: tf.randomNormal([count, 6, 6, 2], 0, 1, 'float32', 3),
      y: tf.tensor2d(Array.from({ length: count }, (_, i) => [0, 1, 2].map((c) => Number(c === i % 3)))),
    };
    try {
      yield batch;
    } finally {
      tf.dispose([batch.x, batch.y]);
    }
  };

function network(lstm = false) {
  const layers: tfl.layers.Layer[] = [
    tfl.layers.conv2d({ name: 'conv', filters: 4, kernelSize: 3, inputShape: [6, 6, 2], kernelInitializer: seeded(1) }),
    tfl.layers.depthwiseConv2d({ name: 'dw', kernelSize: 3, depthwiseInitializer: seeded(2) }),
  ];
  if (lstm)
    layers.push(
      tfl.layers.reshape({ targetShape: [4, 4] }),
      tfl.layers.simpleRNN({ name: 'rnn', units: 3, recurrentInitializer: 'zeros' }),
    );
  else layers.push(tfl.layers.flatten());
  layers.push(tfl.layers.dense({ name: 'out', units: 3, activation: 'softmax', kernelInitializer: seeded(3) }));
  return adaptLayers(tfl.sequential({ layers }));
}

test('convolutions and depthwise kernels; too little data is said with its number; nothing leaks', async () => {
  const model = network();
  const tensors = tf.memory().numTensors;
  const run = () =>
    prune(model, {
      scorer: obsScorer(),
      strategy: unstructured({ scope: 'local' }),
      repair: obsRepair({ steps: 0 }),
      sparsity: 0.5,
      data: images(8),
    });
  const { notes, layers, handle } = await run();
  expect(layers.map(({ kept }) => kept)).toEqual([36, 18, 24]);
  // Said once, though the scorer and the repair both meet it.
  expect(
    notes.filter(({ text }) => text.startsWith('out/kernel: 8 rows of calibration data for 16 inputs')),
  ).toHaveLength(1);
  handle.restore();
  expect(tf.memory().numTensors).toBe(tensors);
  model.dispose();
});

test('kernels that are no products of their inputs are left alone, and a note says so', async () => {
  const model = network(true);
  const scores = await obsScorer().score({ model, batches: images(4) });
  expect(scores.params).toEqual(['conv/kernel', 'dw/depthwise_kernel', 'out/kernel']);
  expect(scores.notes?.map(({ text }) => text).join()).toContain(
    "rnn/kernel is left as it is: it is a weight of the layer class 'SimpleRNN'",
  );
  await expect(scores.read('rnn/kernel')).rejects.toMatchObject({ code: 'score-param' });
  model.dispose();
});

const one = (x: number[][]) =>
  async function* (): AsyncGenerator<Batch> {
    const batch = { x: tf.tensor2d(x), y: tf.tensor2d(x.map(() => [1, 0, 0])) };
    yield batch;
    tf.dispose([batch.x, batch.y]);
  };

test('dead inputs, singular Hessians and broken data are said', async () => {
  const model = tinyNetwork();
  const dead = await obsScorer().score({ model, batches: one([[0, 1, 2, 3], [0, 2, 1, 1], [0, 1, 1, 1], [0, 5, 1, 2]]) }); // prettier-ignore
  expect(dead.notes?.map(({ text }) => text).join()).toContain(
    'hidden/kernel: 1 of its inputs is zero in all calibration data',
  );
  expect(Array.from((await dead.read('hidden/kernel')).subarray(0, 6)).every((s) => s >= 0)).toBe(true);
  const twins = [[1, 1, 0, 1], [2, 2, 1, 0], [3, 3, 1, 1], [1, 1, 5, 2]]; // prettier-ignore
  const singular = await obsScorer({ damping: 0 }).score({ model, batches: one(twins) });
  expect(singular.notes?.map(({ text }) => text).join()).toMatch(
    /hidden\/kernel: its Hessian is singular, dampened by 1.*e-7/,
  );
  const usual = await obsScorer().score({ model, batches: one(twins) });
  expect(usual.notes?.map(({ text }) => text).join()).toContain(
    'hidden/kernel: its Hessian is singular, dampened by 0.01 of its mean diagonal',
  );
  const regular = [[1, 0, 0, 1], [0, 2, 1, 0], [3, 3, 0, 1], [1, 1, 5, 2], [0, 0, 1, 4]]; // prettier-ignore
  const notes = (await obsScorer().score({ model, batches: one(regular) })).notes!.filter(({ text }) =>
    text.startsWith('hidden'),
  );
  expect(notes).toEqual([]);
  await expect(obsScorer().score({ model, batches: one([[NaN, 1, 1, 1]]) })).rejects.toMatchObject({
    code: 'inputs-not-finite',
    where: 'hidden/kernel',
  });
  const none = async function* (): AsyncGenerator<Batch> {};
  await expect(obsScorer().score({ model, batches: none })).rejects.toMatchObject({ code: 'data-empty' });
  model.dispose();
});
