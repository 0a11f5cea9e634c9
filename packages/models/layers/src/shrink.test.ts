import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import {
  bitsFrom,
  countKept,
  decodePlan,
  encodePlan,
  makeBits,
  memoryPlan,
  type Plan,
  seededRandom,
} from '@espalier/core';
import { readModel } from '@espalier/format';
import { magnitude } from '@espalier/scorer-magnitude';
import { structured } from '@espalier/strategy-structured';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { adaptLayers, type LayersPrunable, loadLayersModel, toArtifacts } from './index.js';
import {
  bytesOf,
  chain,
  functional,
  inputsFor,
  L,
  type Layer,
  relativeDifference,
  seeded,
  sequential,
  type Symbolic,
} from './testing.js';

beforeAll(async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
});

const outputsOf = (model: tfl.LayersModel, x: tf.Tensor[]) => [model.predict(x)].flat();

/** mask(plan) and shrink(plan) must be the same network, and both must leave the model as it was. */
async function checkLaw(model: tfl.LayersModel, plan: Plan): Promise<void> {
  const prunable = adaptLayers(model);
  const before = await bytesOf(model);
  const x = inputsFor(model);
  const handle = await prunable.mask(plan);
  const masked = outputsOf(model, x);
  handle.restore();
  const smaller = await prunable.shrink(plan);
  const shrunk = outputsOf(smaller.model, x);
  try {
    for (const [i, output] of shrunk.entries()) {
      expect(await relativeDifference(output, masked[i])).toBeLessThanOrEqual(1e-5);
    }
    expect(smaller.groups.map(({ id, size, skip }) => ({ id, size, skip }))).toEqual(
      prunable.groups.map(({ id, size, skip }) => ({
        id,
        size: plan.units[id] ? countKept(plan.units[id]) : size,
        skip,
      })),
    );
    expect(await bytesOf(model)).toEqual(before);
  } finally {
    tf.dispose([x, masked, shrunk]);
    smaller.dispose();
  }
}

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
const dense = (name: string, units: number, rest = {}) => L.dense({ units, name, ...rest });

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

describe('the smaller model', () => {
  const make = () =>
    sequential(
      dense('a', 4, { inputShape: [3], kernelConstraint: tfl.constraints.unitNorm({ axis: 0 }) }),
      L.batchNormalization({ name: 'bn' }),
      dense('b', 2, { trainable: false }),
    );
  const plan = () => memoryPlan({ units: { a: bitsFrom(4, (i) => i !== 1) } });

  test('its weights are the kept ones, to the bit, whatever constraints say', async () => {
    const model = make();
    const smaller = await adaptLayers(model).shrink(plan());
    const [before, after] = [await adaptLayers(model).read('a/kernel'), await smaller.read('a/kernel')];
    expect(after).toEqual(before.filter((_, i) => i % 4 !== 1));
    expect(smaller.params.map(({ id, shape, trainable }) => [id, shape, trainable])).toEqual([
      ['a/kernel', [3, 3], true],
      ['a/bias', [3], true],
      ['bn/gamma', [3], true],
      ['bn/beta', [3], true],
      ['bn/moving_mean', [3], false],
      ['bn/moving_variance', [3], false],
      ['b/kernel', [3, 2], false],
      ['b/bias', [2], false],
    ]);
    for (const owner of [model, smaller]) owner.dispose();
  });

  test('it says what was removed where; the plan, out of a file, makes the same bytes of another copy', async () => {
    const build = () => {
      const x = tfl.input({ shape: [3], name: 'x' });
      const [a, b] = [chain(x, dense('a', 2, { useBias: false })), chain(x, dense('b', 3, { useBias: false }))];
      const both = L.concatenate({ name: 'both' }).apply([a, b]) as Symbolic;
      return functional(x, chain(both, dense('out', 1)));
    };
    const [model, copy] = [build(), await loadLayersModel(await toArtifacts(build()))];
    const units = { a: bitsFrom(2, (i) => i !== 0), b: bitsFrom(3, (i) => i !== 1) };
    const cut = memoryPlan({ units, masks: { 'out/kernel': bitsFrom(5, (i) => i !== 4) } });
    const [first, second] = [
      await adaptLayers(model).shrink(cut),
      await adaptLayers(copy).shrink(decodePlan(await encodePlan(cut))),
    ];
    expect(first.history).toEqual([
      {
        units: { a: [0], b: [1] },
        removals: [
          { param: 'a/kernel', axis: 1, size: 2, removed: [0] },
          { param: 'b/kernel', axis: 1, size: 3, removed: [1] },
          { param: 'out/kernel', axis: 0, size: 5, removed: [0, 3] },
        ],
      },
    ]);
    expect(JSON.parse(JSON.stringify(first.history))).toEqual(first.history);
    expect(await bytesOf(second.model)).toEqual(await bytesOf(first.model));
    expect((await toArtifacts(second)).weightData).toEqual((await toArtifacts(first)).weightData);
    // A second cut counts from the first one's result.
    const third = await first.shrink(memoryPlan({ units: { b: bitsFrom(2, (i) => i !== 0) } }));
    expect(third.history!.slice(1)).toEqual([
      {
        units: { b: [0] },
        removals: [
          { param: 'b/kernel', axis: 1, size: 2, removed: [0] },
          { param: 'out/kernel', axis: 0, size: 3, removed: [1] },
        ],
      },
    ]);
    expect(adaptLayers(model).history).toBeUndefined();
    for (const owner of [model, copy, first, second, third]) owner.dispose();
  });

  test('metadata, a frozen model and the loss come along', async () => {
    const model = make();
    model.setUserDefinedMetadata({ author: 'somebody' });
    model.trainable = false;
    const smaller = await adaptLayers(model, { loss: 'meanSquaredError' }).shrink(plan());
    expect(smaller.loss).toBe('meanSquaredError');
    expect(smaller.model.getUserDefinedMetadata()).toEqual({ author: 'somebody' });
    expect(smaller.params.some(({ trainable }) => trainable)).toBe(false);
    for (const owner of [model, smaller]) owner.dispose();
  });

  test('it saves and loads like any other', async () => {
    const model = make();
    const smaller = await adaptLayers(model).shrink(plan());
    const loaded = await loadLayersModel(await toArtifacts(smaller));
    expect(await bytesOf(loaded)).toEqual(await bytesOf(smaller.model));
    for (const owner of [model, smaller, loaded]) owner.dispose();
  });

  test.each<[string, () => Plan, string, string]>([
    [
      'channels that must stay',
      () => memoryPlan({ units: { b: bitsFrom(2, (i) => i > 0) } }),
      'group-fixed',
      'model output',
    ],
    ['all channels', () => memoryPlan({ units: { a: makeBits(4, false) } }), 'group-empty', 'at least one'],
    ['a plan of another model', () => memoryPlan({ units: { z: makeBits(4) } }), 'plan-mismatch', "'z'"],
    ['bits for another size', () => memoryPlan({ units: { a: makeBits(5) } }), 'plan-mismatch', "'a'"],
  ])('%s: refused, and nothing is left behind', async (_name, bad, code, message) => {
    const model = make();
    const before = await bytesOf(model);
    const tensors = tf.memory().numTensors;
    await expect(adaptLayers(model).shrink(bad())).rejects.toMatchObject({
      name: 'InputError',
      code,
      message: expect.stringContaining(message),
    });
    expect(tf.memory().numTensors).toBe(tensors);
    expect(await bytesOf(model)).toEqual(before);
    model.dispose();
  });

  test('a layer in two models at once: refused here and in files, nothing is left behind', async () => {
    const x = tfl.input({ shape: [3] });
    const both = dense('both', 3);
    const inner = tfl.model({ inputs: x, outputs: both.apply(x) as Symbolic, name: 'inner' });
    const y = tfl.input({ shape: [3] });
    const model = functional(y, chain(chain(y, both), inner as never, dense('out', 1)));
    const tensors = tf.memory().numTensors;
    const refused = { name: 'InputError', code: 'layer-shared', where: 'both' };
    await expect(adaptLayers(model).shrink(memoryPlan({}))).rejects.toMatchObject(refused);
    await expect(toArtifacts(model)).rejects.toMatchObject(refused);
    expect(tf.memory().numTensors).toBe(tensors);
    // Masks need no copy.
    expect(adaptLayers(model).groups[0].skip).toContain('channels that stay');
  });

  test('weights of rank 0, in a layer that is not known, come along', async () => {
    class Scale extends tfl.layers.Layer {
      static readonly className = 'Scale';
      override build(): void {
        this.addWeight('by', [], 'float32', tfl.initializers.ones());
        this.built = true;
      }
      override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
        return tf.tidy(() => tf.mul([inputs].flat()[0], this.weights[0].read()));
      }
    }
    tf.serialization.registerClass(Scale);
    const model = sequential(
      dense('a', 4, { inputShape: [3] }),
      dense('b', 4),
      new Scale({ name: 's' }),
      dense('c', 1),
    );
    expect(adaptLayers(model).params.find(({ id }) => id === 's/by')).toMatchObject({ shape: [], skip: 'a bias' });
    await checkLaw(model, memoryPlan({ units: { a: bitsFrom(4, (i) => i !== 2) } }));
    model.dispose();
  });

  test('a layer whose class is not registered', async () => {
    class Secret extends tfl.layers.Layer {
      static readonly className = 'Secret';
    }
    const model = sequential(dense('a', 4, { inputShape: [3] }), new Secret({ name: 'own' }));
    const tensors = tf.memory().numTensors;
    await expect(adaptLayers(model).shrink(memoryPlan({}))).rejects.toMatchObject({
      code: 'layer-unknown',
      where: 'own',
      message: expect.stringContaining('registerClass'),
    });
    expect(tf.memory().numTensors).toBe(tensors);
    model.dispose();
  });
});
