import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { adaptLayers } from './index.js';
import { chain, Doubling, functional, L, rnn, sequential, type Symbolic } from '../testing/build.js';

beforeAll(async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
});

describe('parameters', () => {
  const rowsOf = (model: tfl.LayersModel) =>
    adaptLayers(model).params.map(({ id, role, inAxis, uses, trainable, skip }) => [
      id,
      role,
      inAxis,
      uses,
      trainable,
      skip?.text,
    ]);

  test('kinds, input axes, uses and reasons', () => {
    const model = sequential(
      L.conv2d({ inputShape: [8, 8, 3], filters: 4, kernelSize: 3, strides: 2, name: 'c' }),
      L.batchNormalization({ name: 'bn' }),
      L.depthwiseConv2d({ kernelSize: 2, depthMultiplier: 2, name: 'dw' }),
      L.separableConv2d({ filters: 5, kernelSize: 1, name: 's' }),
      L.prelu({ sharedAxes: [1, 2], name: 'p' }),
      L.conv2dTranspose({ filters: 2, kernelSize: 2, name: 't' }),
      L.flatten({ name: 'f' }),
      L.dense({ units: 6, name: 'd' }),
    );
    expect(rowsOf(model)).toEqual([
      ['c/kernel', 'kernel', 2, 9, true, undefined],
      ['c/bias', 'bias', -1, 0, true, 'a bias'],
      ['bn/gamma', 'norm', -1, 0, true, 'gamma of a BatchNormalization'],
      ['bn/beta', 'norm', -1, 0, true, 'beta of a BatchNormalization'],
      ['bn/moving_mean', 'norm', -1, 0, false, 'moving_mean of a BatchNormalization'],
      ['bn/moving_variance', 'norm', -1, 0, false, 'moving_variance of a BatchNormalization'],
      ['dw/depthwise_kernel', 'kernel', -1, 4, true, undefined],
      ['dw/bias', 'bias', -1, 0, true, 'a bias'],
      ['s/depthwise_kernel', 'kernel', -1, 4, true, undefined],
      ['s/pointwise_kernel', 'kernel', 2, 4, true, undefined],
      ['s/bias', 'bias', -1, 0, true, 'a bias'],
      ['p/alpha', 'norm', -1, 0, true, 'alpha of a PReLU'],
      ['t/kernel', 'kernel', 3, 4, true, undefined],
      ['t/bias', 'bias', -1, 0, true, 'a bias'],
      ['d/kernel', 'kernel', 0, 1, true, undefined],
      ['d/bias', 'bias', -1, 0, true, 'a bias'],
    ]);
    model.dispose();
  });

  test('sequences: a kernel is used at every step, an embedding is looked up', () => {
    const model = sequential(
      L.embedding({ inputDim: 9, outputDim: 4, inputLength: 6, name: 'e' }),
      L.conv1d({ filters: 3, kernelSize: 2, name: 'c' }),
      L.timeDistributed({ layer: L.dense({ units: 2, useBias: false }), name: 'td' }),
      L.dense({ units: 3, useBias: false, name: 'd' }),
      L.bidirectional({
        layer: L.gru({ ...rnn, units: 2, useBias: false, returnSequences: true }) as tfl.RNN,
        mergeMode: 'concat',
        name: 'bi',
      }),
      L.lstm({ ...rnn, units: 2, useBias: false, name: 'l' }),
    );
    const kernels = rowsOf(model).filter(([, role]) => role === 'kernel');
    expect(kernels.map(([, , inAxis, uses]) => [inAxis, uses])).toEqual([
      [-1, 0],
      [1, 5],
      [0, 5],
      [0, 5],
      ...Array(4).fill([0, 5]),
      ...Array(2).fill([0, 5]),
    ]);
    expect(kernels.map(([, , , , , skip]) => skip)).toEqual([
      expect.stringContaining('looked up'),
      ...Array(9).fill(undefined),
    ]);
    model.dispose();
  });

  test('channels first, open sizes, shared layers', () => {
    const first = sequential(
      L.conv2d({ inputShape: [2, 6, 5], filters: 4, kernelSize: 2, dataFormat: 'channelsFirst', name: 'c' }),
    );
    expect(adaptLayers(first).params[0].uses).toBe(5 * 4);
    const open = sequential(L.conv2d({ inputShape: [null, null, 2] as never, filters: 4, kernelSize: 2, name: 'c' }));
    expect(adaptLayers(open).params[0].uses).toBeNull();
    const x = tfl.input({ shape: [3, 4] });
    const twice = L.dense({ units: 4, useBias: false, name: 'twice' });
    const shared = functional(x, chain(x, twice, twice));
    expect(adaptLayers(shared).params.map(({ id, uses }) => [id, uses])).toEqual([['twice/kernel', 6]]);
    for (const model of [first, open, shared]) model.dispose();
  });

  test('calls that do not lead to the model count nothing', () => {
    const x = tfl.input({ shape: [4] });
    const hidden = L.dense({ units: 4, name: 'hidden' });
    const features = hidden.apply(x) as Symbolic;
    hidden.apply(features);
    const model = functional(x, features);
    expect(adaptLayers(model).params[0].uses).toBe(1);
    expect(adaptLayers(model).groups[0].skip!.text).toBe('model output');
    model.dispose();
  });

  test('weights of unknown classes are left alone', () => {
    const model = sequential(L.dense({ units: 2, inputShape: [2], name: 'd' }), new Doubling({ name: 'own' }));
    expect(rowsOf(model)[2]).toEqual([
      'own/table',
      'kernel',
      -1,
      null,
      true,
      expect.stringContaining("'Doubling' is not known"),
    ]);
    model.dispose();
  });

  test('freezing a layer changes what is trainable, not the order', () => {
    const make = (trainable: boolean) =>
      sequential(
        L.dense({ units: 2, inputShape: [2], trainable, name: 'a' }),
        L.batchNormalization({ name: 'bn' }),
        L.dense({ units: 2, name: 'b' }),
      );
    const [all, some] = [make(true), make(false)];
    const ids = adaptLayers(all).params.map(({ id }) => id);
    expect(adaptLayers(some).params.map(({ id }) => id)).toEqual(ids);
    expect(
      adaptLayers(some)
        .params.filter(({ trainable }) => !trainable)
        .map(({ id }) => id),
    ).toEqual(['a/kernel', 'a/bias', 'bn/moving_mean', 'bn/moving_variance']);
    for (const model of [all, some]) model.dispose();
  });

  test('two weights of one name, an empty model, an unknown parameter', async () => {
    const inner = tfl.sequential({ name: 'inner', layers: [L.dense({ units: 2, inputShape: [2], name: 'd' })] });
    const model = sequential(L.dense({ units: 2, inputShape: [2], name: 'd' }), inner);
    expect(() => adaptLayers(model)).toThrow(expect.objectContaining({ code: 'weight-duplicate', where: 'd/kernel' }));
    expect(() => adaptLayers(tfl.sequential())).toThrow(expect.objectContaining({ code: 'model-empty' }));
    const one = adaptLayers(sequential(L.dense({ units: 2, inputShape: [2], name: 'd' })));
    const first = await one.read('d/kernel');
    const before = first[0];
    first[0] = 99;
    expect((await one.read('d/kernel'))[0]).toBe(before);
    await expect(one.read('e/kernel')).rejects.toMatchObject({ code: 'param-unknown', where: 'e/kernel' });
    one.dispose();
    model.dispose();
  });
});
