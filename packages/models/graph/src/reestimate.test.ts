import '@tensorflow/tfjs-backend-cpu';
import { bitsFrom, memoryPlan } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { adaptGraph } from './index.js';
import { GraphBuilder, window } from '../testing/build.js';

beforeAll(async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
});

/** conv, norm 'n1', conv, norm 'n2', dense; `shared` gives both norms one mean. */
function network(shared = false) {
  const g = new GraphBuilder(5);
  const norm = (x: string, name: string) => {
    const mean = shared && name === 'n2' ? 'n1-mean' : g.floats([4], `${name}-mean`);
    const parts = [g.floats([4]), g.floats([4]), mean, g.floats([4], `${name}-variance`, 0.5)];
    return g.node('FusedBatchNormV3', [x, ...parts], { epsilon: { f: 0.001 } }, name);
  };
  const a = g.node('Conv2D', [g.input([-1, 4, 4, 2]), g.floats([3, 3, 2, 4])], window(), 'a');
  const b = g.node('Conv2D', [g.node('Relu', [norm(a, 'n1')]), g.floats([3, 3, 4, 4])], window(), 'b');
  const mean = g.node('Mean', [g.node('Relu', [norm(b, 'n2')], {}, 'r'), g.ints([1, 2])]);
  return g.artifacts([g.node('MatMul', [mean, g.floats([4, 2])], {}, 'out')]);
}

const split = (x: tf.Tensor, ...sizes: number[]) =>
  async function* () {
    let at = 0;
    for (const size of sizes) {
      const part = tf.slice(x, at, size);
      at += size;
      try {
        yield { x: part, y: part };
      } finally {
        part.dispose();
      }
    }
  };

test('each norm has the statistics of what enters it, those in front already new, however data is split', async () => {
  const model = adaptGraph(network());
  const x = tf.randomNormal([6, 4, 4, 2], 1, 2, 'float32', 5);
  const tensors = tf.memory().numTensors;
  const passes: number[] = [];
  const onPass = ({ pass }: { pass: number }) => passes.push(pass);
  const result = await model.reestimateNorms({ batches: split(x, 4, 2), onPass });
  expect(result).toEqual({ layers: ['n1', 'n2'], passes: 2 });
  expect(passes).toEqual([1, 2]);
  expect(tf.memory().numTensors).toBe(tensors);
  for (const [input, norm] of [
    ['a', 'n1'],
    ['b', 'n2'],
  ]) {
    const { mean, variance } = tf.moments(model.model.execute(x, input) as tf.Tensor, [0, 1, 2]);
    for (const [wanted, id] of [
      [mean, `${norm}-mean`],
      [variance, `${norm}-variance`],
    ] as const) {
      const values = await wanted.data();
      (await model.read(id)).forEach((value, c) => expect(value).toBeCloseTo(values[c], 4));
    }
  }
  model.dispose();
});

test('smaller graphs, masks in force, no data; statistics that others read as well stay', async () => {
  const x = tf.randomNormal([4, 4, 4, 2], 1, 2, 'float32', 3);
  const model = adaptGraph(network());
  const plan = memoryPlan({ units: { a: bitsFrom(4, (i) => i > 1) } });
  const smaller = await model.shrink(plan);
  expect(await smaller.reestimateNorms({ batches: split(x, 4) })).toMatchObject({ layers: ['n1', 'n2'] });
  const handle = await model.mask(plan);
  await model.reestimateNorms({ batches: split(x, 4), handles: [handle] });
  const [masked, small] = [await model.read('n1-mean'), await smaller.read('n1-mean')];
  expect([...masked.subarray(0, 2)]).toEqual([0, 0]);
  masked.subarray(2).forEach((value, i) => expect(value).toBeCloseTo(small[i], 5));
  await expect(model.reestimateNorms({ batches: async function* () {} })).rejects.toMatchObject({
    code: 'data-missing',
  });
  smaller.dispose();
  model.dispose();

  const tied = adaptGraph(network(true));
  const before = await tied.read('n1-mean');
  expect(await tied.reestimateNorms({ batches: split(x, 4) })).toEqual({ layers: [], passes: 0 });
  expect(await tied.read('n1-mean')).toEqual(before);
  tied.dispose();
  x.dispose();
});
