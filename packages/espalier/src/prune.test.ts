import '@tensorflow/tfjs-backend-cpu';
import { dirname, join } from 'node:path';
import { readModel } from '@espalier/format';
import { type GraphModel, loadGraphModelSync } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { adapt, gradient, nm, prune, structured } from './index.js';

beforeAll(async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
});

const net = () =>
  tfl.sequential({
    layers: [
      tfl.layers.dense({ units: 8, inputShape: [4], activation: 'relu', name: 'fc1' }),
      tfl.layers.dense({ units: 2, activation: 'softmax', name: 'fc2' }),
    ],
  });
const zerosOf = async (model: tfl.LayersModel) =>
  (await Promise.all(model.weights.filter((w) => w.originalName.endsWith('kernel')).map((w) => w.read().data())))
    .flatMap((values) => [...values])
    .filter((w) => w === 0).length;

test('prune(model) masks half of the kernel weights, the smallest of the whole network', async () => {
  const model = net();
  const tensors = tf.memory().numTensors;
  const result = await prune(model);
  expect(result.model).toBe(model);
  expect(await zerosOf(model)).toBe(24);
  expect(new Set(result.layers.map((layer) => layer.threshold)).size).toBe(1);
  result.handle.restore();
  expect([await zerosOf(model), tf.memory().numTensors]).toEqual([0, tensors]);
  model.dispose();
});

test('channels: a new, smaller model, and the one given is as it was', async () => {
  const model = net();
  const { model: smaller, channels } = await prune(model, { strategy: structured() });
  expect(channels).toEqual({ total: 8, kept: 4 });
  expect([model.countParams(), smaller.countParams()]).toEqual([58, 30]);
  expect(await zerosOf(model)).toBe(0);
  smaller.dispose();
  const masked = await prune(model, { strategy: structured(), shrink: false });
  expect([masked.model, await zerosOf(model)]).toEqual([model, 24]);
  masked.handle.makePermanent();
  model.dispose();
});

test('other scorers and patterns; an N:M pattern brings its own sparsity', async () => {
  const model = net();
  const batch = {
    x: tf.randomNormal([6, 4], 0, 1, 'float32', 1),
    y: tf.tensor2d(
      [...Array(6)].flatMap((_, i) => [i % 2, 1 - (i % 2)]),
      [6, 2],
    ),
  };
  const data = async function* () {
    yield batch;
  };
  const first = await prune(model, { scorer: gradient(), sparsity: 0.25, data });
  expect(await zerosOf(model)).toBe(12);
  first.handle.restore();
  const second = await prune(model, { strategy: nm({ keep: 1, group: 4 }) });
  expect(second.sparsity).toEqual({ requested: 0.75, achieved: 0.75 });
  second.handle.makePermanent();
  tf.dispose(batch);
  model.dispose();
});

test('an adapted model may be given; what is no model is refused', async () => {
  const model = net();
  const prunable = await adapt(model);
  expect(await adapt(prunable)).toBe(prunable);
  const { model: smaller } = await prune(prunable, { strategy: structured() });
  expect(smaller.params.map(({ shape }) => shape)).toEqual([[4, 4], [4], [4, 2], [2]]);
  smaller.dispose();
  prunable.dispose();
  await expect(prune({} as never)).rejects.toMatchObject({ name: 'UsageError', code: 'model-kind' });
  await expect(prune(null as never)).rejects.toMatchObject({ code: 'model-kind' });
});

test('a graph model: masked in place, or a smaller graph model of its own', async () => {
  const models = join(dirname(require.resolve('@vladmandic/human')), '..', 'models');
  const { artifacts } = await readModel(join(models, 'liveness.json'));
  const model = loadGraphModelSync(artifacts) as never as GraphModel;
  const masked = await prune(model, { sparsity: 0.75 });
  expect(masked.model).toBe(model);
  expect(masked.params.kept).toBeLessThan(0.3 * masked.params.total);
  masked.handle.restore();
  const { model: smaller, channels } = await prune(model, { strategy: structured() });
  expect(channels!.kept).toBe(channels!.total / 2);
  expect(Object.keys(smaller.weights)).toEqual(Object.keys(model.weights));
  smaller.dispose();
  model.dispose();
});

test('what is left alone stays, whatever the kind of model; no option of an adapter is dropped', async () => {
  const model = net();
  const spared = model.weights.find((w) => w.originalName === 'fc1/kernel')!;
  const before = await spared.read().data();
  const { layers, handle } = await prune(model, { leaveAlone: { 'fc1/kernel': 'it is mine' } });
  expect(layers.map(({ id }) => id)).toEqual(['fc2/kernel']);
  expect(await spared.read().data()).toEqual(before);
  handle.restore();
  const prunable = await adapt(model);
  const again = await prune(prunable, { leaveAlone: { 'fc1/kernel': 'it is mine' } });
  expect(again.layers.map(({ id }) => id)).toEqual(['fc2/kernel']);
  again.handle.restore();
  await expect(prune(model, { inputShape: [1, 5] })).rejects.toMatchObject({ code: 'input-shape' });
  await expect(prune(model, { output: 'nowhere' })).rejects.toMatchObject({ code: 'output-unknown' });
  model.dispose();
});

test('reestimateNorms: batch norms see the pruned model, masked or smaller; without data it is refused', async () => {
  const layers = () => [
    tfl.layers.dense({ units: 8, inputShape: [4], useBias: false, name: 'fc1' }),
    tfl.layers.batchNormalization({ name: 'norm' }),
    tfl.layers.dense({ units: 2, activation: 'softmax', name: 'fc2' }),
  ];
  const model = tfl.sequential({ layers: layers() });
  const batch = { x: tf.randomNormal([64, 4], 0, 1, 'float32', 1), y: tf.zeros([64, 2]) };
  const data = async function* () {
    yield batch;
  };
  const meanOf = async (of: tfl.LayersModel) => {
    const wanted = tf.tidy(() => tf.mean(of.layers[0].apply(batch.x) as tf.Tensor, 0));
    const found = of.weights.find((w) => w.name.includes('moving_mean'))!.read();
    const both = [await wanted.data(), await found.data()].map((values) => Array.from(values));
    wanted.dispose();
    return both;
  };
  for (const strategy of [undefined, structured()]) {
    const { model: pruned, handle } = await prune(model, {
      ...(strategy && { strategy }),
      data,
      reestimateNorms: true,
    });
    const [wanted, found] = await meanOf(pruned);
    found.forEach((value, i) => expect(value).toBeCloseTo(wanted[i], 5));
    if (pruned === model) handle.restore();
    else pruned.dispose();
  }
  await expect(prune(model, { reestimateNorms: true })).rejects.toMatchObject({ code: 'data-missing' });
  tf.dispose(batch);
  model.dispose();
});
