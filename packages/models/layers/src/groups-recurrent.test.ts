import { groupsOf, plain, unitsOf } from '../testing/groups.js';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { adaptLayers } from './index.js';
import { chain, Doubling, functional, L, type Layer, rnn, sequential } from '../testing/build.js';

beforeAll(async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
});

describe('channel groups', () => {
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
    expect(adaptLayers(model).groups.map(({ skip }) => skip?.text)).toEqual(['model output', 'model output']);
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
    expect(adaptLayers(model).groups.find(({ id }) => id === 'a')!.skip!.text).toContain(reason);
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
    expect(adaptLayers(model).groups[0].skip!.text).toContain("'twice/kernel' channels that stay");
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
