import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { adaptLayers } from './index.js';
import { chain, Doubling, functional, L, type Layer, sequential, type Symbolic } from './testing.js';

beforeAll(async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
});

/** tfjs-core alone cannot draw orthogonal matrices, the default of recurrent kernels. */
const rnn = { recurrentInitializer: 'zeros' } as const;

describe('parameters', () => {
  const rowsOf = (model: tfl.LayersModel) =>
    adaptLayers(model).params.map(({ id, role, inAxis, uses, trainable, skip }) => [
      id,
      role,
      inAxis,
      uses,
      trainable,
      skip,
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
    expect(adaptLayers(model).groups[0].skip).toBe('model output');
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

describe('channel groups', () => {
  const groupsOf = (model: tfl.LayersModel) =>
    adaptLayers(model).groups.map(({ id, size, sites, skip }) => [
      id,
      size,
      sites.map((site) => `${site.param}@${site.axis}`).join(' '),
      skip,
    ]);

  test('a chain: batch norm and depthwise follow, flatten spreads, the output stays', () => {
    const model = sequential(
      L.conv2d({ inputShape: [5, 5, 2], filters: 3, kernelSize: 3, name: 'a' }),
      L.batchNormalization({ name: 'bn' }),
      L.reLU({ name: 'r' }),
      L.depthwiseConv2d({ kernelSize: 2, depthMultiplier: 2, name: 'dw' }),
      L.flatten({ name: 'f' }),
      L.dropout({ rate: 0.5, name: 'drop' }),
      L.dense({ units: 4, name: 'd' }),
    );
    expect(groupsOf(model)).toEqual([
      [
        'a',
        3,
        'a/kernel@3 a/bias@0 bn/gamma@0 bn/beta@0 bn/moving_mean@0 bn/moving_variance@0 dw/depthwise_kernel@2 dw/bias@0 d/kernel@0',
        undefined,
      ],
      ['d', 4, 'd/kernel@1 d/bias@0', 'model output'],
    ]);
    const { sites } = adaptLayers(model).groups[0];
    expect(Array.from(sites[7].unitOf)).toEqual([0, 0, 1, 1, 2, 2]);
    // Four positions of six channels.
    expect(Array.from(sites[8].unitOf)).toEqual(Array(4).fill([0, 0, 1, 1, 2, 2]).flat());
    model.dispose();
  });

  test('what starts groups, and along which axis', () => {
    const model = sequential(
      L.conv2dTranspose({ inputShape: [3, 3, 2], filters: 4, kernelSize: 2, useBias: false, name: 't' }),
      L.separableConv2d({ filters: 5, kernelSize: 1, depthMultiplier: 2, name: 's' }),
      L.globalAveragePooling2d({ name: 'g' }),
      L.repeatVector({ n: 3, name: 'rv' }),
      L.conv1d({ filters: 6, kernelSize: 2, useBias: false, name: 'c' }),
      L.dense({ units: 2, useBias: false, name: 'd' }),
    );
    expect(groupsOf(model)).toEqual([
      ['t', 4, 't/kernel@2 s/depthwise_kernel@2 s/pointwise_kernel@2', undefined],
      ['s', 5, 's/pointwise_kernel@3 s/bias@0 c/kernel@1', undefined],
      ['c', 6, 'c/kernel@2 d/kernel@0', undefined],
      ['d', 2, 'd/kernel@1', 'model output'],
    ]);
    expect(Array.from(adaptLayers(model).groups[0].sites[2].unitOf)).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
    model.dispose();
  });

  test('a residual block: what meets in the addition is one group', () => {
    const x = tfl.input({ shape: [6, 6, 4] });
    const stem = chain(x, L.conv2d({ filters: 4, kernelSize: 1, useBias: false, name: 'stem' }));
    const narrow = chain(
      stem,
      L.conv2d({ filters: 8, kernelSize: 1, useBias: false, name: 'expand' }),
      L.depthwiseConv2d({ kernelSize: 3, padding: 'same', useBias: false, name: 'dw' }),
      L.conv2d({ filters: 4, kernelSize: 1, useBias: false, name: 'project' }),
    );
    const sum = L.add({ name: 'sum' }).apply([stem, narrow]) as Symbolic;
    const model = functional(x, chain(sum, L.globalAveragePooling2d({}), L.dense({ units: 2, name: 'out' })));
    expect(groupsOf(model)).toEqual([
      ['stem', 4, 'stem/kernel@3 expand/kernel@2 project/kernel@3 out/kernel@0', undefined],
      ['expand', 8, 'expand/kernel@3 dw/depthwise_kernel@2 project/kernel@2', undefined],
      ['out', 2, 'out/kernel@1 out/bias@0', 'model output'],
    ]);
    const coupled = adaptLayers(model)
      .describe()
      .filter(({ channels }) => channels?.size === 4);
    expect(coupled.map(({ name }) => name)).toEqual(['stem', 'project']);
    model.dispose();
  });

  const unitsOf = (model: tfl.LayersModel) =>
    adaptLayers(model).groups.map(({ id, size, sites, skip }) => [
      id,
      size,
      Object.fromEntries(sites.map(({ param, axis, unitOf }) => [`${param}@${axis}`, unitOf.join(' ')])),
      ...(skip === undefined ? [] : [skip]),
    ]);
  const plain = (name: string, units: number) => L.dense({ units, useBias: false, name });
  const merge = (layer: Layer, ...tensors: Symbolic[]) => layer.apply(tensors) as Symbolic;

  test('a concatenation shifts indices', () => {
    const x = tfl.input({ shape: [3] });
    const both = merge(L.concatenate(), chain(x, plain('a', 2)), x, chain(x, plain('b', 3)));
    const model = functional(x, chain(both, plain('out', 1)));
    expect(unitsOf(model)).toEqual([
      ['a', 2, { 'a/kernel@1': '0 1', 'out/kernel@0': '0 1 -1 -1 -1 -1 -1 -1' }],
      ['b', 3, { 'b/kernel@1': '0 1 2', 'out/kernel@0': '-1 -1 -1 -1 -1 0 1 2' }],
      ['out', 1, { 'out/kernel@1': '0' }, 'model output'],
    ]);
    model.dispose();
  });

  test('two layers side by side, added to a third: its channels go with the one or with the other', () => {
    const x = tfl.input({ shape: [3] });
    const both = merge(L.concatenate(), chain(x, plain('a', 2)), chain(x, plain('b', 3)));
    const model = functional(x, chain(merge(L.add(), both, chain(x, plain('c', 5))), plain('out', 1)));
    expect(unitsOf(model)).toEqual([
      ['a', 2, { 'a/kernel@1': '0 1', 'c/kernel@1': '0 1 -1 -1 -1', 'out/kernel@0': '0 1 -1 -1 -1' }],
      ['b', 3, { 'b/kernel@1': '0 1 2', 'c/kernel@1': '-1 -1 0 1 2', 'out/kernel@0': '-1 -1 0 1 2' }],
      ['out', 1, { 'out/kernel@1': '0' }, 'model output'],
    ]);
    expect(
      adaptLayers(model)
        .describe()
        .find(({ name }) => name === 'c')!.channels,
    ).toEqual({ size: 5, prunable: true });
    model.dispose();
  });

  test('channels of one layer that can only go together are one unit', () => {
    const x = tfl.input({ shape: [3] });
    const [a, b] = [chain(x, plain('a', 4)), chain(x, plain('b', 2))];
    const crossed = merge(L.add(), merge(L.concatenate(), a, b), merge(L.concatenate(), b, a));
    const model = functional(x, chain(crossed, plain('out', 1)));
    // a0 b0, a1 b1, a2 a0, a3 a1, b0 a2, b1 a3
    expect(unitsOf(model)[0]).toEqual([
      'a',
      2,
      { 'a/kernel@1': '0 1 0 1', 'b/kernel@1': '0 1', 'out/kernel@0': '0 1 0 1 0 1' },
    ]);
    model.dispose();
  });

  test('what meets channels that stay, stays: an input, a map spread over channels', () => {
    const x = tfl.input({ shape: [4, 4, 3], name: 'image' });
    const conv = (name: string, filters: number) => L.conv2d({ filters, kernelSize: 1, useBias: false, name });
    const [a, one, wide] = [chain(x, conv('a', 3)), chain(x, conv('one', 1)), chain(x, conv('wide', 5))];
    const both = merge(
      L.concatenate(),
      merge(L.add({ name: 'sum' }), a, x),
      merge(L.multiply({ name: 'gate' }), wide, one),
    );
    const model = functional(x, chain(both, conv('out', 1)));
    expect(Object.fromEntries(adaptLayers(model).groups.map(({ id, skip }) => [id, skip]))).toEqual({
      a: "meets the model's input 'image' in 'sum' (Add)",
      one: "is spread over all channels by 'gate' (Multiply)",
      wide: undefined,
      out: 'model output',
    });
    model.dispose();
  });

  test('squeeze and excite: the gates go with the channels', () => {
    const x = tfl.input({ shape: [4, 4, 2] });
    const conv = chain(x, L.conv2d({ filters: 3, kernelSize: 1, useBias: false, name: 'conv' }));
    const inner = chain(conv, L.globalAveragePooling2d({}), plain('squeeze', 2));
    const gates = chain(inner, plain('excite', 3), L.reshape({ targetShape: [1, 1, 3] }));
    const model = functional(x, chain(merge(L.multiply(), conv, gates), plain('out', 1)));
    expect(groupsOf(model).map(([id, size, sites]) => [id, size, sites])).toEqual([
      ['conv', 3, 'conv/kernel@3 squeeze/kernel@0 excite/kernel@1 out/kernel@0'],
      ['squeeze', 2, 'squeeze/kernel@1 excite/kernel@0'],
      ['out', 1, 'out/kernel@1'],
    ]);
    model.dispose();
  });

  test('a channel shuffle ties a channel to its namesakes in the other groups', () => {
    const model = sequential(
      L.conv2d({ inputShape: [2, 2, 1], filters: 6, kernelSize: 1, useBias: false, name: 'a' }),
      L.reshape({ targetShape: [2, 2, 2, 3] }),
      L.permute({ dims: [1, 2, 4, 3] }),
      L.reshape({ targetShape: [2, 2, 6] }),
      L.conv2d({ filters: 1, kernelSize: 1, useBias: false, name: 'out' }),
    );
    expect(unitsOf(model)[0]).toEqual(['a', 3, { 'a/kernel@3': '0 1 2 0 1 2', 'out/kernel@2': '0 0 1 1 2 2' }]);
    model.dispose();
  });

  test('channels in front of places: flattened, each is a stretch', () => {
    const model = sequential(
      L.conv2d({ inputShape: [2, 2, 1], filters: 3, kernelSize: 1, useBias: false, name: 'a' }),
      L.permute({ dims: [3, 1, 2] }),
      L.flatten(),
      plain('out', 1),
    );
    expect(unitsOf(model)[0]).toEqual(['a', 3, { 'a/kernel@3': '0 1 2', 'out/kernel@0': '0 0 0 0 1 1 1 1 2 2 2 2' }]);
    model.dispose();
  });

  test('recurrent layers: a unit is a column of each gate and a row of the loop', () => {
    const model = sequential(
      L.embedding({ inputDim: 9, outputDim: 2, inputLength: 4, name: 'e' }),
      L.lstm({ ...rnn, units: 2, returnSequences: true, name: 'l' }),
      L.bidirectional({
        layer: L.gru({ ...rnn, units: 2, useBias: false, name: 'g' }) as tfl.RNN,
        name: 'bi',
        mergeMode: 'concat',
      }),
      plain('out', 1),
    );
    const [e, l, bi] = unitsOf(model);
    expect(e).toEqual(['e', 2, { 'e/embeddings@1': '0 1', 'l/kernel@0': '0 1' }]);
    expect(l).toEqual([
      'l',
      2,
      {
        'l/kernel@1': '0 1 0 1 0 1 0 1',
        'l/recurrent_kernel@0': '0 1',
        'l/recurrent_kernel@1': '0 1 0 1 0 1 0 1',
        'l/bias@0': '0 1 0 1 0 1 0 1',
        'bi/forward_g/kernel@0': '0 1',
        'bi/backward_g/kernel@0': '0 1',
      },
    ]);
    // The twins are built from one configuration, so they are of one size.
    expect(bi).toEqual([
      'bi',
      2,
      {
        'bi/forward_g/kernel@1': '0 1 0 1 0 1',
        'bi/forward_g/recurrent_kernel@0': '0 1',
        'bi/forward_g/recurrent_kernel@1': '0 1 0 1 0 1',
        'bi/backward_g/kernel@1': '0 1 0 1 0 1',
        'bi/backward_g/recurrent_kernel@0': '0 1',
        'bi/backward_g/recurrent_kernel@1': '0 1 0 1 0 1',
        'out/kernel@0': '0 1 0 1',
      },
    ]);
    model.dispose();
  });

  test('a tensor that several layers read: each is a site', () => {
    const x = tfl.input({ shape: [3] });
    const trunk = chain(x, L.dense({ units: 4, useBias: false, name: 'trunk' }));
    const model = functional(x, [
      chain(trunk, L.dense({ units: 1, useBias: false, name: 'one' })),
      chain(trunk, L.dense({ units: 2, useBias: false, name: 'two' })),
    ]);
    expect(groupsOf(model)).toEqual([
      ['trunk', 4, 'trunk/kernel@1 one/kernel@0 two/kernel@0', undefined],
      ['one', 1, 'one/kernel@1', 'model output'],
      ['two', 2, 'two/kernel@1', 'model output'],
    ]);
    model.dispose();
  });

  test('hidden channels that are an output too stay', () => {
    const x = tfl.input({ shape: [3] });
    const hidden = chain(x, L.dense({ units: 4, name: 'hidden' }));
    const model = functional(x, [hidden, chain(hidden, L.dense({ units: 2, name: 'out' }))]);
    expect(adaptLayers(model).groups.map(({ skip }) => skip)).toEqual(['model output', 'model output']);
    model.dispose();
  });

  const dense = (name: string, rest = {}) => L.dense({ units: 4, name, ...rest });
  const conv = (rest = {}) => L.conv2d({ inputShape: [4, 4, 2], filters: 3, kernelSize: 1, name: 'a', ...rest });
  const first = (rest = {}) => dense('a', { inputShape: [4], ...rest });
  test.each<[string, () => Layer[], string]>([
    ['softmax inside', () => [first({ activation: 'softmax' }), dense('b')], 'softmax'],
    ['a softmax layer inside', () => [first(), L.softmax({ name: 'sm' }), dense('b')], "'sm' (Softmax)"],
    [
      'a softmax activation inside',
      () => [first(), L.activation({ activation: 'softmax', name: 'act' }), dense('b')],
      "'act' (Activation)",
    ],
    ['layer norm', () => [first(), L.layerNormalization({ name: 'ln' }), dense('b')], "'ln' (LayerNormalization)"],
    [
      'pooling along the channels',
      () => [
        conv(),
        L.permute({ dims: [3, 1, 2] }),
        L.maxPooling2d({ poolSize: 1, name: 'mp' }),
        L.flatten(),
        dense('b'),
      ],
      "lie along an axis that 'mp' (MaxPooling2D) mixes",
    ],
    ['a mask', () => [first({ inputShape: [5, 4] }), L.masking({ name: 'mk' }), dense('b')], "'mk' (Masking)"],
    [
      'a recurrent activation over all units',
      () => [L.simpleRNN({ ...rnn, inputShape: [5, 4], units: 2, activation: 'softmax', name: 'a' }), dense('b')],
      "'a' (SimpleRNN) applies softmax",
    ],
    [
      'a model inside a wrapper',
      () => [
        first({ inputShape: [5, 4] }),
        L.timeDistributed({ layer: tfl.sequential({ layers: [dense('in', { inputShape: [4] })] }), name: 'td' }),
        dense('b'),
      ],
      "'td' (TimeDistributed), through whose inside",
    ],
    [
      'batch norm in front of the places',
      () => [
        conv({ inputShape: [2, 4, 4], dataFormat: 'channelsFirst' }),
        L.batchNormalization({ axis: 1, name: 'bn' }),
        L.flatten(),
        dense('b'),
      ],
      'normalises axis 1 of 4',
    ],
    [
      'batch norm along another axis',
      () => [conv(), L.batchNormalization({ axis: 1, name: 'bn' }), L.flatten(), dense('b')],
      'axis 1',
    ],
    [
      'batch norm without epsilon',
      () => [conv(), L.batchNormalization({ epsilon: 0, name: 'bn' }), L.flatten(), dense('b')],
      'epsilon',
    ],
    ['an unknown class', () => [first(), new Doubling({ name: 'own' }), dense('b')], "'own' (Doubling)"],
  ])('%s refuses the group, with the reason', (_name, layers, reason) => {
    const model = tfl.sequential({ layers: layers() });
    expect(adaptLayers(model).groups.find(({ id }) => id === 'a')!.skip).toContain(reason);
    model.dispose();
  });

  test('a layer used twice: what it reads and what it makes are one', () => {
    const x = tfl.input({ shape: [4] });
    const model = functional(
      x,
      chain(x, plain('first', 4), ...Array<Layer>(2).fill(plain('twice', 4)), plain('out', 1)),
    );
    expect(unitsOf(model)[0]).toEqual([
      'first',
      4,
      {
        'first/kernel@1': '0 1 2 3',
        'twice/kernel@0': '0 1 2 3',
        'twice/kernel@1': '0 1 2 3',
        'out/kernel@0': '0 1 2 3',
      },
    ]);
    model.dispose();
  });

  test('a layer that reads the input, too, reads all of it', () => {
    const x = tfl.input({ shape: [4] });
    const model = functional(x, chain(x, ...Array<Layer>(2).fill(plain('twice', 4)), plain('out', 1)));
    expect(adaptLayers(model).groups[0].skip).toContain("'twice/kernel' channels that stay");
    model.dispose();
  });

  test('nested models, in front, inside and called twice', () => {
    const inner = (name: string) =>
      tfl.sequential({
        name,
        layers: [L.dense({ units: 3, useBias: false, name: `${name}1`, inputShape: [4] }), plain(`${name}2`, 4)],
      });
    const twice = inner('b') as never;
    const model = sequential(inner('a'), twice, plain('out', 1));
    expect(groupsOf(model)).toEqual([
      ['a1', 3, 'a1/kernel@1 a2/kernel@0', undefined],
      ['a2', 4, 'a2/kernel@1 b1/kernel@0', undefined],
      ['b1', 3, 'b1/kernel@1 b2/kernel@0', undefined],
      ['b2', 4, 'b2/kernel@1 out/kernel@0', undefined],
      ['out', 1, 'out/kernel@1', 'model output'],
    ]);
    model.dispose();
    const x = tfl.input({ shape: [2] });
    const shared = inner('c') as never;
    const graph = functional(x, chain(x, plain('first', 4), shared, shared, plain('last', 1)));
    expect(groupsOf(graph)).toEqual([
      ['first', 4, 'first/kernel@1 c1/kernel@0 c2/kernel@1 last/kernel@0', undefined],
      ['c1', 3, 'c1/kernel@1 c2/kernel@0', undefined],
      ['last', 1, 'last/kernel@1', 'model output'],
    ]);
    graph.dispose();
  });

  test('an axis that Keras wrote as a list', () => {
    const model = sequential(conv(), L.batchNormalization({ axis: [3] as never, name: 'bn' }), L.flatten(), dense('b'));
    expect(adaptLayers(model).groups[0]).toMatchObject({ id: 'a' });
    expect(adaptLayers(model).groups[0].skip).toBeUndefined();
    model.dispose();
  });
});

test('describeLayers says what may be pruned and why the rest may not', () => {
  const inner = tfl.sequential({ name: 'inner', layers: [L.dense({ units: 4, inputShape: [8], name: 'in' })] });
  const model = sequential(
    L.conv2d({ inputShape: [3, 3, 4], filters: 2, kernelSize: 2, name: 'c' }),
    L.batchNormalization({ name: 'bn' }),
    L.flatten({ name: 'f' }),
    inner,
    L.dense({ units: 4, activation: 'softmax', name: 'd' }),
  );
  const rows = adaptLayers(model).describe();
  expect(rows).toEqual([
    {
      name: 'c',
      className: 'Conv2D',
      outputShape: [null, 2, 2, 2],
      params: 34,
      macs: 32 * 4,
      prunable: ['c/kernel'],
      channels: { size: 2, prunable: true },
    },
    {
      name: 'bn',
      className: 'BatchNormalization',
      outputShape: [null, 2, 2, 2],
      params: 8,
      macs: 0,
      prunable: [],
      reason: 'no kernel',
    },
    { name: 'f', className: 'Flatten', outputShape: [null, 8], params: 0, macs: 0, prunable: [], reason: 'no weights' },
    {
      name: 'inner/in',
      className: 'Dense',
      outputShape: [null, 4],
      params: 36,
      macs: 32,
      prunable: ['in/kernel'],
      channels: { size: 4, prunable: true },
    },
    {
      name: 'd',
      className: 'Dense',
      outputShape: [null, 4],
      params: 20,
      macs: 16,
      prunable: ['d/kernel'],
      channels: { size: 4, prunable: false, reason: 'model output' },
    },
  ]);
  expect(adaptLayers(model).describe()).toEqual(rows);
  model.dispose();
});

test('adapting and describing make no tensor', () => {
  const model = sequential(L.dense({ units: 4, inputShape: [3] }), L.dense({ units: 2 }));
  const tensors = tf.memory().numTensors;
  adaptLayers(model).describe();
  expect(tf.memory().numTensors).toBe(tensors);
  model.dispose();
});
