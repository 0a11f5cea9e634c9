import '@tensorflow/tfjs-backend-cpu';
import { bitsFrom, decodePlan, encodePlan, memoryPlan, sizeOf } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import fc from 'fast-check';
import { adaptGraph, toGraphArtifacts } from './index.js';
import { randomGraph } from '../testing/graphs.js';
import { b64, GraphBuilder, list, maskAgainstShrink, randomUnits, strings, totalOf, window } from '../testing/build.js';

beforeAll(async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
});

const topologyOf = (artifacts: tf.io.ModelArtifacts) =>
  (artifacts.modelTopology as { node: { name: string; op: string; input: string[] }[] }).node;

test('160 random graphs: shrink(plan)(x) is mask(plan)(x), and something goes in nearly all of them', async () => {
  const shrunk = { yes: 0, no: 0 };
  await fc.assert(
    fc.asyncProperty(fc.nat(1e6), fc.constantFrom(0.3, 0.6), async (seed, fraction) => {
      const { artifacts } = randomGraph(seed, 7);
      const before = tf.memory().numTensors;
      const model = adaptGraph(artifacts);
      const plan = randomUnits(model.groups, fraction, seed);
      const { difference, removed } = await maskAgainstShrink(model, plan, seed);
      model.dispose();
      expect(difference).toBeLessThanOrEqual(1e-4);
      expect(tf.memory().numTensors).toBe(before);
      shrunk[removed > 0 ? 'yes' : 'no']++;
    }),
    { numRuns: 160, seed: 4 },
  );
  expect(shrunk.yes).toBeGreaterThan(0.9 * (shrunk.yes + shrunk.no));
});

test('sizes in reshapes, splits, slices, paddings and transposed convolutions follow; the file loads in plain TensorFlow.js', async () => {
  const g = new GraphBuilder(3);
  const x = g.input([-1, 4, 4, 2]);
  const fused = { fused_ops: strings(['BiasAdd', 'Relu']), num_args: { i: '1' } };
  const a = g.node(
    '_FusedConv2D',
    [x, g.floats([3, 3, 2, 6], 'ka'), g.floats([6], 'ba')],
    { ...window(), ...fused },
    'a',
  );
  const parts = g.node('Split', [g.ints([3], [], 'axis'), a], { num_split: { i: '2' } }, 'parts');
  const wide = g.node('Pad', [parts, g.ints([0, 0, 0, 0, 0, 0, 0, 2], [4, 2], 'around')], {}, 'wide');
  const cut = g.node('Slice', [wide, g.ints([0, 0, 0, 1], [4], 'from'), g.ints([-1, 4, 4, 4], [4], 'long')], {}, 'cut');
  const kernel = g.floats([2, 2, 5, 4], 'kt');
  const up = g.node('Conv2DBackpropInput', [g.ints([2, 8, 8, 5], [4], 'sizes'), kernel, cut], window(2), 'up');
  const flat = g.node('Reshape', [up, g.ints([-1, 320], [2], 'shape')], {}, 'flat');
  const both = g.node('Reshape', [`${parts}:1`, g.ints([-1, 48], [2], 'shape2')], {}, 'both');
  const out = g.node('MatMul', [flat, g.floats([320, 3], 'kd')], {}, 'out');
  const second = g.node('MatMul', [both, g.floats([48, 2], 'ke')], {}, 'second');
  const model = adaptGraph(g.artifacts([out, second]));
  expect(model.groups.map(({ id, size, skip }) => [id, size, skip?.text])).toEqual([
    // Entry 0 of the first half is cut off again, so it is in fewer tensors than its neighbours.
    ['a', 1, 'it is the only channel'],
    ['a#2', 2, undefined],
    ['a#3', 3, undefined],
    ['wide', 2, undefined],
    ['up', 5, undefined],
    ['out', 3, 'model output'],
    ['second', 2, 'model output'],
  ]);
  const plan = memoryPlan({
    units: {
      'a#2': bitsFrom(2, (i) => i === 1),
      'a#3': bitsFrom(3, (i) => i === 2),
      wide: bitsFrom(2, (i) => i === 0),
      up: bitsFrom(5, (i) => i % 2 === 0),
    },
  });
  expect((await maskAgainstShrink(model, plan)).difference).toBeLessThanOrEqual(1e-6);

  const smaller = await model.shrink(plan);
  const shapes = Object.fromEntries(smaller.params.map(({ id, shape }) => [id, shape]));
  expect(shapes).toMatchObject({ ka: [3, 3, 2, 3], ba: [3], kt: [2, 2, 3, 2], kd: [192, 3], ke: [16, 2] });
  const artifacts = await toGraphArtifacts(smaller);
  const nodes = new Map(topologyOf(artifacts).map((node) => [node.name, node]));
  expect(nodes.get('parts')!.op).toBe('SplitV');
  const again = await loadGraphModel({ load: async () => artifacts });
  const input = tf.randomUniform([2, 4, 4, 2], -1, 1, 'float32', 1);
  const results = [smaller.model, again].map((graph) => [graph.execute(input, ['out', 'second'])].flat());
  for (const [i, tensor] of results[0].entries()) expect(await results[1][i].array()).toEqual(await tensor.array());
  // What was given is as it was.
  expect(g.nodes.find(({ name }) => name === 'parts')!.op).toBe('Split');
  tf.dispose([input, results]);
  again.dispose();
  smaller.dispose();
  model.dispose();
});

test('element masks come along, a smaller model can be pruned again, and the same plan gives the same bytes', async () => {
  const { artifacts } = randomGraph(11);
  const model = adaptGraph(artifacts);
  const kernel = model.params.find(({ role, skip }) => role === 'kernel' && skip === undefined)!;
  const size = sizeOf(kernel.shape);
  const units = randomUnits(model.groups, 0.5, 1).units;
  const plan = memoryPlan({ units, masks: { [kernel.id]: bitsFrom(size, (i) => i % 3 > 0) } });
  expect((await maskAgainstShrink(model, plan)).difference).toBeLessThanOrEqual(1e-4);
  const smaller = await model.shrink(plan);
  expect(Array.from(await smaller.read(kernel.id)).filter((w) => w === 0).length).toBeGreaterThan(0);
  const { difference } = await maskAgainstShrink(smaller, randomUnits(smaller.groups, 0.4, 2));
  expect(difference).toBeLessThanOrEqual(1e-4);
  const other = await model.shrink(plan);
  const bytes = async (m: typeof model) => Buffer.from((await toGraphArtifacts(m)).weightData as ArrayBuffer);
  expect(await bytes(other)).toEqual(await bytes(smaller));
  expect((await toGraphArtifacts(other)).modelTopology).toEqual((await toGraphArtifacts(smaller)).modelTopology);
  expect(totalOf(smaller)).toBeLessThan(totalOf(model));
  for (const m of [smaller, other, model]) m.dispose();
});

test('history says what was removed where, and a plan file replayed on another copy gives the same bytes', async () => {
  const load = () => adaptGraph(randomGraph(11).artifacts);
  const [one, two] = [load(), load()];
  expect(one.history).toBeUndefined();
  const file = await encodePlan(randomUnits(one.groups, 0.5, 1));
  const plan = decodePlan(file);
  const [left, right] = [await one.shrink(plan), await two.shrink(decodePlan(file))];
  const [l, r] = [await toGraphArtifacts(left), await toGraphArtifacts(right)];
  expect(Buffer.from(r.weightData as ArrayBuffer).equals(Buffer.from(l.weightData as ArrayBuffer))).toBe(true);
  expect([r.modelTopology, r.weightSpecs]).toEqual([l.modelTopology, l.weightSpecs]);
  expect(right.history).toEqual(left.history);
  expect(JSON.parse(JSON.stringify(left.history))).toEqual(left.history);

  // Taking these slices out of the larger weights by hand gives the smaller ones.
  const [change] = left.history!;
  expect(change.removals.length).toBeGreaterThan(2);
  for (const { id, shape } of left.params) {
    let whole = tf.tensor(await one.read(id), [...one.params.find((own) => own.id === id)!.shape]);
    for (const { param, axis, size, removed } of change.removals) {
      if (param !== id) continue;
      expect(whole.shape[axis]).toBe(size);
      const rest = Array.from({ length: size }, (_, i) => i).filter((i) => !removed.includes(i));
      whole = tf.gather(whole, tf.tensor1d(rest, 'int32'), axis);
    }
    expect(whole.shape).toEqual(shape);
    expect(await whole.data()).toEqual(await left.read(id));
  }
  const again = await left.shrink(randomUnits(left.groups, 0.4, 2));
  expect(again.history![0]).toEqual(change);
  expect(again.history).toHaveLength(2);
  for (const m of [again, left, right, one, two]) m.dispose();
});

test('history of weights by hand: what makes the channels, what they pass, what reads them', async () => {
  const g = new GraphBuilder(7);
  const a = g.node('MatMul', [g.input([-1, 3]), g.floats([3, 4], 'ka')], {}, 'a');
  const biased = g.node('BiasAdd', [a, g.floats([4], 'ba')], {}, 'biased');
  const out = g.node('MatMul', [g.node('Relu', [biased]), g.floats([4, 2], 'kb')], {}, 'out');
  const model = adaptGraph(g.artifacts([out]));
  const smaller = await model.shrink(memoryPlan({ units: { a: bitsFrom(4, (i) => i % 3 !== 0) } }));
  const removed = [0, 3];
  expect(smaller.history).toEqual([
    {
      units: { a: removed },
      removals: [
        { param: 'ka', axis: 1, size: 4, removed },
        { param: 'ba', axis: 0, size: 4, removed },
        { param: 'kb', axis: 0, size: 4, removed },
      ],
    },
  ]);
  smaller.dispose();
  model.dispose();
});

test('a shape that is packed while the graph runs keeps its open sizes', async () => {
  const g = new GraphBuilder(5);
  const x = g.input([-1, -1, 4, 2]);
  const a = g.node('Conv2D', [x, g.floats([1, 1, 2, 4])], window(), 'a');
  const one = { shrink_axis_mask: { i: '1' } };
  const all = g.node('Shape', [a]);
  const size = (i: number) => g.node('StridedSlice', [all, g.ints([i]), g.ints([i + 1]), g.ints([1])], one);
  const shape = g.node('Pack', [size(0), size(1), g.ints([16], [])], { axis: { i: '0' } });
  const rows = g.node('Reshape', [a, shape], {}, 'rows');
  const out = g.node('Sum', [g.node('BatchMatMulV2', [rows, g.floats([16, 3])]), g.ints([1])], {}, 'out');
  const model = adaptGraph(g.artifacts([out]));
  expect(model.groups[0]).toMatchObject({ id: 'a', size: 4 });
  expect(model.groups[0].skip).toBeUndefined();
  const { difference, removed } = await maskAgainstShrink(model, randomUnits(model.groups, 0.5, 3));
  expect(removed).toBeGreaterThan(0);
  expect(difference).toBeLessThanOrEqual(1e-5);
  model.dispose();
});

test('plans that cannot be', async () => {
  const g = new GraphBuilder(1);
  const a = g.node('MatMul', [g.input([-1, 3]), g.floats([3, 4])], {}, 'a');
  const out = g.node('MatMul', [g.node('Relu', [a]), g.floats([4, 2])], {}, 'out');
  const model = adaptGraph(g.artifacts([out]));
  const before = tf.memory().numTensors;
  const shrink = (units: Record<string, ReturnType<typeof bitsFrom>>) => model.shrink(memoryPlan({ units }));
  await expect(shrink({ a: bitsFrom(4, () => false) })).rejects.toMatchObject({ code: 'group-empty', where: 'a' });
  await expect(shrink({ out: bitsFrom(2, (i) => i > 0) })).rejects.toMatchObject({ code: 'group-fixed', where: 'out' });
  await expect(shrink({ a: bitsFrom(5, () => true) })).rejects.toMatchObject({ code: 'plan-mismatch' });
  await expect(shrink({ b: bitsFrom(5, () => true) })).rejects.toMatchObject({ code: 'plan-mismatch' });
  expect(tf.memory().numTensors).toBe(before);
  model.dispose();
});

test('a convolution in one dimension, written as two', async () => {
  const g = new GraphBuilder(2);
  const x = g.input([-1, 8, 3]);
  const long = g.node('ExpandDims', [x, g.ints([1], [])]);
  const y = g.node('Conv2D', [long, g.floats([1, 3, 3, 6])], window(), 'conv');
  const back = g.node('Squeeze', [y], { squeeze_dims: list([1]) });
  const add = g.node('BiasAdd', [back, g.floats([6])], { data_format: b64('NHWC') });
  const mean = g.node('Mean', [add, g.ints([1])]);
  const out = g.node('MatMul', [mean, g.floats([6, 2])], {}, 'out');
  const model = adaptGraph(g.artifacts([out]));
  expect(model.groups[0].sites.map(({ param, axis }) => [param, axis])).toHaveLength(3);
  expect(model.params.map(({ role, uses }) => [role, uses])).toEqual([
    ['kernel', 8],
    ['bias', 0],
    ['kernel', 1],
  ]);
  expect((await maskAgainstShrink(model, randomUnits(model.groups, 0.5, 1))).difference).toBeLessThanOrEqual(1e-5);
  model.dispose();
});
