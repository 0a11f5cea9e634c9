import '@tensorflow/tfjs-backend-cpu';
import { type Bits, bitsFrom, checkPlan, memoryPlan } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { adaptLayers, toArtifacts } from './index.js';

beforeAll(() => tf.setBackend('cpu'));

const { layers } = tfl;
type Symbolic = tfl.SymbolicTensor;
const at = (layer: tfl.layers.Layer, x: Symbolic | Symbolic[]) => layer.apply(x) as Symbolic;
let seed = 0;
const init = () => tfl.initializers.randomNormal({ seed: ++seed, stddev: 0.4 });
const conv = (name: string, x: Symbolic, rest = {}) =>
  at(layers.conv2d({ name, filters: 4, kernelSize: 3, padding: 'same', kernelInitializer: init(), ...rest }), x);
const norm = (name: string, x: Symbolic, rest = {}) =>
  at(layers.batchNormalization({ name, gammaInitializer: init(), betaInitializer: init(), ...rest }), x);
const add = (name: string, ...xs: Symbolic[]) => at(layers.add({ name }), xs);

function network(body: (x: Symbolic) => Symbolic) {
  const input = tfl.input({ name: 'input', shape: [5, 5, 3] });
  const y = body(conv('stem', input, { activation: 'relu' }));
  const output = at(layers.dense({ name: 'fc', units: 3 }), at(layers.globalAveragePooling2d({ name: 'pool' }), y));
  return adaptLayers(tfl.model({ inputs: input, outputs: output }));
}
const block = (name: string, x: Symbolic) => {
  const inner = norm(`${name}_bn1`, conv(`${name}_c1`, x, { filters: 6, activation: 'sigmoid' }));
  return add(`${name}_add`, x, norm(`${name}_bn2`, conv(`${name}_c2`, inner)));
};
const branchesOf = (body: (x: Symbolic) => Symbolic) => (network(body).branches ?? []).map(({ id }) => id);

test('a chain of residual blocks: removed branches leave what masked ones give, in any combination', async () => {
  const model = network((x) => block('b3', block('b2', block('b1', x))));
  expect(model.branches!.map(({ id }) => id)).toEqual(['b1_add', 'b2_add', 'b3_add']);
  const x = tf.randomNormal([3, 5, 5, 3], 0, 1, 'float32', 1);
  const before = tf.memory().numTensors;
  for (const gone of [['b2_add'], ['b1_add', 'b2_add'], ['b1_add', 'b2_add', 'b3_add']]) {
    const units = Object.fromEntries(gone.map((id) => [id, bitsFrom(1, () => false)]));
    // Channels of a branch that stays go as well.
    const some: Record<string, Bits> = gone.includes('b3_add') ? {} : { b3_c1: bitsFrom(6, (i) => i % 2 === 0) };
    const plan = memoryPlan({ units: { ...units, ...some } });
    await checkPlan(plan, model);
    const smaller = await model.shrink(plan);
    const handle = await model.mask(plan);
    handle.apply();
    const [masked, left] = [model.predict(x), smaller.predict(x)];
    const [a, b] = [await masked.data<'float32'>(), await left.data<'float32'>()];
    const largest = a.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(largest).toBeGreaterThan(0);
    a.forEach((value, i) => expect(Math.abs(value - b[i])).toBeLessThanOrEqual(1e-4 * largest));
    handle.restore();
    expect(smaller.params.some(({ id }) => gone.some((add) => id.startsWith(add.slice(0, 3))))).toBe(false);
    expect(Object.keys(smaller.history!.at(-1)!.units)).toEqual(expect.arrayContaining(gone));
    expect(smaller.branches!.map(({ id }) => id)).toEqual(
      ['b1_add', 'b2_add', 'b3_add'].filter((id) => !gone.includes(id)),
    );
    await expect(toArtifacts(smaller.model)).resolves.toBeDefined();
    tf.dispose([masked, left]);
    smaller.dispose();
  }
  expect(tf.memory().numTensors).toBe(before);
});

test('the last thing that the model adds may go, and a branch inside a branch', async () => {
  const model = network((x) => {
    const inner = block('inner', conv('first', x));
    return add('outer_add', x, conv('last', inner));
  });
  expect(model.branches!.map(({ id }) => id)).toEqual(['inner_add', 'outer_add']);
  const both = { inner_add: bitsFrom(1, () => false), outer_add: bitsFrom(1, () => false) };
  const smaller = await model.shrink(memoryPlan({ units: both }));
  expect(smaller.params.map(({ id }) => id)).toEqual(['stem/kernel', 'stem/bias', 'fc/kernel', 'fc/bias']);
});

test.each<[string, (x: Symbolic) => Symbolic]>([
  ['both sides have weights', (x) => add('a', conv('l', x), conv('r', x))],
  [
    'the branch is read elsewhere',
    (x) => {
      const y = conv('c', x);
      return add('a2', add('a', x, y), y);
    },
  ],
  ['zeros in give something else out', (x) => add('a', x, conv('c', x, { activation: 'sigmoid' }))],
  ['nothing has weights', (x) => add('a', x, at(layers.activation({ activation: 'relu' }), x))],
  [
    'a layer is called twice',
    (x) => {
      const shared = layers.conv2d({ name: 's', filters: 4, kernelSize: 1 });
      return add('a', x, at(shared, at(shared, x)));
    },
  ],
  ['three are added', (x) => add('a', x, conv('c', x), conv('d', x))],
])('no branch where %s', (_, body) => expect(branchesOf(body)).toEqual([]));
