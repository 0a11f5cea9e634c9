import '@tensorflow/tfjs-backend-cpu';
import { bitsFrom, memoryPlan } from '@espalier/core';
import { biasCompensation } from '@espalier/train';
import * as tf from '@tensorflow/tfjs-core';
import { adaptGraph } from './index.js';
import { GraphBuilder, strings, window } from '../testing/build.js';

beforeAll(async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
});

const fused = { fused_ops: strings(['BiasAdd', 'Relu']), num_args: { i: '1' } };

test('biases are found where they are fused, added or shared; only what is a bias alone counts', () => {
  const g = new GraphBuilder(3);
  const a = g.node(
    '_FusedConv2D',
    [g.input([-1, 4, 4, 2]), g.floats([3, 3, 2, 4], 'ka'), g.floats([4], 'ba')],
    { ...window(), ...fused },
    'a',
  );
  const b = g.node('Conv2D', [a, g.floats([1, 1, 4, 4], 'kb')], window(), 'b');
  const sum = g.node('AddV2', [g.floats([1, 1, 1, 4], 'bb'), b]);
  const c = g.node('Conv2D', [sum, g.floats([1, 1, 4, 4], 'kc')], window(), 'c');
  const twice = g.node('AddV2', [g.node('BiasAdd', [c, g.floats([4], 'bc')]), c]);
  const mean = g.node('Mean', [twice, g.ints([1, 2])]);
  const out = g.node('MatMul', [mean, g.floats([4, 2], 'kd')], {}, 'out');
  const model = adaptGraph(g.artifacts([out]));
  const found = Object.fromEntries(model.params.map(({ id, bias }) => [id, bias]));
  expect(found).toMatchObject({ ka: 'ba', kb: 'bb' });
  expect([found.kc, found.kd]).toEqual([undefined, undefined]);
  model.dispose();
});

test('a channel that is constant goes, and the graph computes what it did', async () => {
  const g = new GraphBuilder(4);
  const first = g.node('BiasAdd', [
    g.node('MatMul', [g.input([-1, 3]), g.floats([3, 4], 'ka')], {}, 'a'),
    g.floats([4], 'ba'),
  ]);
  const second = g.node(
    '_FusedMatMul',
    [g.node('Relu', [first]), g.floats([4, 5], 'kb'), g.floats([5], 'bb')],
    fused,
    'b',
  );
  const model = adaptGraph(g.artifacts([g.node('MatMul', [second, g.floats([5, 2])], {}, 'out')]));
  const [kernel, bias] = [await model.read('ka'), await model.read('ba')];
  for (let i = 0; i < 3; i++) kernel[4 * i + 2] = 0;
  bias[2] = 3;
  model.write('ka', kernel);
  model.write('ba', bias);
  const x = tf.randomNormal([5, 3], 0, 1, 'float32', 2);
  const before = await model.predict(x).data();
  const batches = async function* () {
    yield { x, y: x };
  };
  const plan = memoryPlan({ units: { a: bitsFrom(4, (i) => i !== 2) } });
  const { values, notes } = await biasCompensation().repair({ model, batches }, plan);
  expect([Object.keys(values), notes]).toEqual([['bb'], undefined]);
  model.write('bb', values.bb);
  const smaller = await model.shrink(plan);
  (await smaller.predict(x).data()).forEach((value, i) => expect(value).toBeCloseTo(before[i], 4));
  smaller.dispose();
  model.dispose();
});
