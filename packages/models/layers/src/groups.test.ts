import { groupsOf, plain, unitsOf } from '../testing/groups.js';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { adaptLayers } from './index.js';
import { chain, functional, L, type Layer, sequential, type Symbolic } from '../testing/build.js';

beforeAll(async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
});

describe('channel groups', () => {
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
    expect(Object.fromEntries(adaptLayers(model).groups.map(({ id, skip }) => [id, skip?.text]))).toEqual({
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
      reason: { code: 'no-kernel', text: 'no kernel' },
    },
    {
      name: 'f',
      className: 'Flatten',
      outputShape: [null, 8],
      params: 0,
      macs: 0,
      prunable: [],
      reason: { code: 'no-weights', text: 'no weights' },
    },
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
      channels: { size: 4, prunable: false, reason: { code: 'model-output', text: 'model output' } },
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
