import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { bitsFrom, countKept, memoryPlan, type Plan, seededRandom } from '@espalier/core';
import { readModel } from '@espalier/format';
import { magnitude } from '@espalier/scorer-magnitude';
import { structured } from '@espalier/strategy-structured';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { adaptLayers, type LayersPrunable, loadLayersModel } from './index.js';
import { chain, dense, functional, L, type Layer, seeded, sequential, type Symbolic } from '../testing/build.js';
import { checkLaw } from '../testing/shrunk.js';

beforeAll(async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
});

/** Keeps the last unit of each group that may lose some, and every other one with even odds. */
function randomUnits({ groups }: LayersPrunable, seed = 3): Plan {
  const random = seededRandom(seed);
  const free = groups.filter(({ skip }) => skip === undefined);
  return memoryPlan({
    units: Object.fromEntries(
      free.map(({ id, size }) => [id, bitsFrom(size, (i) => i === size - 1 || random() < 0.5)]),
    ),
  });
}

const conv = (name: string, filters: number, rest = {}) =>
  L.conv2d({ filters, kernelSize: 3, padding: 'same', name, ...rest });

describe('mask ≡ shrink', () => {
  test('random chains of convolutions, norms, activations, pooling and dense layers', async () => {
    const bool = fc.boolean();
    const block = fc.record({
      kind: fc.constantFrom('conv', 'separable', 'depthwise', 'transpose', 'dense'),
      filters: fc.integer({ min: 1, max: 5 }),
      size: fc.integer({ min: 1, max: 3 }),
      bias: bool,
      activation: fc.constantFrom('relu', 'sigmoid', 'tanh', 'linear', 'softplus', 'elu'),
      norm: fc.constantFrom('none', 'plain', 'no scale', 'no center', 'neither'),
      then: fc.constantFrom('nothing', 'pool', 'max', 'prelu', 'pad', 'upsample', 'dropout', 'leaky'),
    });
    const build = (blocks: (typeof block extends fc.Arbitrary<infer T> ? T : never)[], units: number, gap: boolean) => {
      const layers: Layer[] = [L.inputLayer({ inputShape: [7, 7, 2] })];
      for (const { kind, filters, size, bias, activation, norm, then } of blocks) {
        const common = { padding: 'same', useBias: bias, activation: activation as 'relu', kernelSize: size } as const;
        if (kind === 'conv') layers.push(L.conv2d({ ...common, filters }));
        if (kind === 'separable') layers.push(L.separableConv2d({ ...common, filters, depthMultiplier: 2 }));
        if (kind === 'depthwise') layers.push(L.depthwiseConv2d({ ...common, depthMultiplier: 1 + (filters % 2) }));
        if (kind === 'transpose') layers.push(L.conv2dTranspose({ ...common, filters }));
        if (kind === 'dense') layers.push(L.dense({ units: filters, useBias: bias, activation: activation as 'relu' }));
        const [scale, center] = [norm === 'plain' || norm === 'no center', norm === 'plain' || norm === 'no scale'];
        if (norm !== 'none') layers.push(L.batchNormalization({ scale, center }));
        if (then === 'pool') layers.push(L.averagePooling2d({ poolSize: 2, strides: 1, padding: 'same' }));
        if (then === 'max') layers.push(L.maxPooling2d({ poolSize: 2, strides: 1, padding: 'same' }));
        if (then === 'prelu') layers.push(L.prelu({ sharedAxes: [1, 2] }));
        if (then === 'pad') layers.push(L.zeroPadding2d({ padding: 1 }));
        if (then === 'upsample') layers.push(L.upSampling2d({ size: [1, 2] }));
        if (then === 'dropout') layers.push(L.dropout({ rate: 0.5 }));
        if (then === 'leaky') layers.push(L.leakyReLU());
      }
      layers.push(gap ? L.globalMaxPooling2d({}) : L.flatten(), L.dense({ units, activation: 'sigmoid' }));
      layers.push(L.batchNormalization({}), L.prelu(), L.dense({ units: 3 }));
      return layers;
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(block, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 6 }),
        bool,
        fc.integer({ min: 0, max: 1e6 }),
        async (blocks, units, gap, seed) => {
          const model = seeded(tfl.sequential({ layers: build(blocks, units, gap) }), seed);
          const tensors = tf.memory().numTensors;
          await checkLaw(model, randomUnits(adaptLayers(model), seed));
          expect(tf.memory().numTensors).toBe(tensors);
          model.dispose();
        },
      ),
      { numRuns: 40, seed: 4 },
    );
  });

  test.each<[string, () => Layer[]]>([
    [
      'one dimension',
      () => [
        L.conv1d({ inputShape: [8, 2], filters: 5, kernelSize: 3, name: 'a' }),
        L.maxPooling1d({ poolSize: 2 }),
        L.spatialDropout1d({ rate: 0.5 }),
        L.conv1d({ filters: 4, kernelSize: 2, name: 'b' }),
        L.globalAveragePooling1d({}),
        dense('c', 6),
        L.repeatVector({ n: 3 }),
        dense('d', 2),
      ],
    ],
    [
      'three dimensions',
      () => [
        L.conv3d({ inputShape: [4, 4, 4, 2], filters: 5, kernelSize: 2, name: 'a' }),
        L.conv3dTranspose({ filters: 4, kernelSize: 2, name: 'b' }),
        L.flatten(),
        dense('c', 2),
      ],
    ],
    [
      'reshapes that keep channels last',
      () => [
        conv('a', 4, { inputShape: [3, 3, 2] }),
        L.reshape({ targetShape: [9, 4] }),
        dense('b', 5),
        L.reshape({ targetShape: [3, -1] }),
        L.reshape({ targetShape: [3, 3, 5] }),
        L.permute({ dims: [2, 1, 3] }),
        L.reshape({ targetShape: [45] }),
        dense('c', 2),
      ],
    ],
    [
      'slopes for each entry, behind a flatten',
      () => [conv('a', 4, { inputShape: [3, 3, 2] }), L.prelu(), L.flatten(), L.prelu(), dense('b', 2)],
    ],
    [
      'an input shape on every layer',
      () => [
        dense('a', 6, { inputShape: [4] }),
        dense('b', 5, { batchInputShape: [null, 6] }),
        dense('c', 2, { batchInputShape: [null, 5] }),
      ],
    ],
    ['a single layer', () => [dense('a', 3, { inputShape: [4] })]],
  ])('%s', async (_name, layers) => {
    const warn = jest.spyOn(console, 'warn');
    const model = sequential(...layers());
    warn.mockClear();
    await checkLaw(model, randomUnits(adaptLayers(model)));
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
    model.dispose();
  });

  test('with element masks in the same plan', async () => {
    const model = sequential(dense('a', 6, { inputShape: [5], activation: 'sigmoid' }), dense('b', 3));
    const plan = memoryPlan({
      units: { a: bitsFrom(6, (i) => i % 3 !== 0) },
      masks: { 'a/kernel': bitsFrom(30, (i) => i % 4 !== 0), 'b/kernel': bitsFrom(18, (i) => i % 5 !== 0) },
    });
    await checkLaw(model, plan);
    await checkLaw(model, memoryPlan({ masks: { 'b/kernel': bitsFrom(18, (i) => i % 2 !== 0) } }));
    model.dispose();
  });

  test('the inside of a residual block, two inputs, two outputs, a nested model', async () => {
    const [x, z] = [tfl.input({ shape: [6, 6, 3] }), tfl.input({ shape: [4] })];
    const stem = chain(x, conv('stem', 4, { activation: 'relu' }));
    const inner = chain(
      stem,
      conv('expand', 7),
      L.depthwiseConv2d({ kernelSize: 3, padding: 'same', activation: 'sigmoid', name: 'dw' }),
      L.batchNormalization({}),
      conv('project', 4),
    );
    const pooled = chain(
      L.add().apply([stem, inner]) as Symbolic,
      L.globalMaxPooling2d({}),
      dense('tail', 9),
      dense('t', 3),
    );
    const nested = tfl.sequential({ name: 'nested', layers: [dense('in', 3, { inputShape: [3] })] });
    const side = chain(z, dense('side', 6, { activation: 'tanh' }), dense('s', 3));
    const both = chain(L.concatenate().apply([chain(pooled, nested as never), side]) as Symbolic, dense('wide', 5));
    const model = functional([x, z], [chain(both, dense('one', 2)), chain(both, dense('two', 1))]);
    const plan = randomUnits(adaptLayers(model));
    expect(Object.keys(plan.units).sort()).toEqual(['expand', 'in', 's', 'side', 'stem', 't', 'tail', 'wide']);
    await checkLaw(model, plan);
    model.dispose();
  });

  const noData = () => {
    throw new Error('magnitude needs no data');
  };
  const models = join(__dirname, '../../../zoo/models');
  const shared = join(__dirname, '../../../../shared/data/mlpnet-mnist');
  const trained: [string, string, number][] = [
    ['LeNet-300-100', join(models, 'lenet-300-100'), 400],
    ['LeNet-5', join(models, 'lenet-5'), 570],
    ['the residual net', join(models, 'resnet-ds'), 496],
    ['a published MLP', shared, 60],
  ];
  for (const [name, dir, total] of trained) {
    const run = existsSync(dir) ? test : test.skip;
    run(`trained: ${name}, pruned by its own scores (needs ${relative(models, dir)})`, async () => {
      const { artifacts } = await readModel(dir);
      const model = await loadLayersModel(artifacts);
      const prunable = adaptLayers(model);
      const { params, groups } = prunable;
      const scores = await magnitude().score({ model: prunable, batches: noData });
      const plan = await structured().select({ params, groups, scores, sparsity: 0.5 });
      const sizes = Object.values(plan.units).map((bits) => [bits.length, countKept(bits)]);
      expect([0, 1].map((i) => sizes.reduce((sum, size) => sum + size[i], 0))).toEqual([total, total / 2]);
      await checkLaw(model, plan);
      model.dispose();
    });
  }
});
