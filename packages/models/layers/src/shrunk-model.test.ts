import { bitsFrom, decodePlan, encodePlan, makeBits, memoryPlan, type Plan } from '@espalier/core';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { adaptLayers, loadLayersModel, toArtifacts } from './index.js';
import { bytesOf, chain, dense, functional, L, sequential, type Symbolic } from '../testing/build.js';
import { checkLaw } from '../testing/shrunk.js';

beforeAll(async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
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
    expect(adaptLayers(model).groups[0].skip!.text).toContain('channels that stay');
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
    expect(adaptLayers(model).params.find(({ id }) => id === 's/by')).toMatchObject({
      shape: [],
      skip: { text: 'a bias' },
    });
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
