import '@tensorflow/tfjs-backend-wasm';
import { adaptLayers, loadLayersModel } from '@espalier/adapter-layers';
import {
  applyPermutation,
  invertPermutation,
  type Permutation,
  type PrunableModel,
  seededRandom,
  shuffle,
} from '@espalier/core';
import { readModel } from '@espalier/format';
import { magnitude } from '@espalier/scorer-magnitude';
import { ZOO, type ZooName } from '@espalier/zoo';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { findPermutation, searchPermutation } from './index.js';

/** What N:M keeps of columns in an order, the slow and certain way. */
function keptIn(order: ArrayLike<number>, scores: Float32Array, rows: number, keep: number, group: number): number {
  let sum = 0;
  for (let start = 0; start < order.length; start += group)
    for (let r = 0; r < rows; r++) {
      const values = Array.from(order)
        .slice(start, start + group)
        .map((c) => scores[c * rows + r]);
      const stay = values.length < group ? values.length : keep;
      sum += values
        .sort((a, b) => b - a)
        .slice(0, stay)
        .reduce((a, b) => a + b, 0);
    }
  return sum;
}

describe('search', () => {
  test('by hand: two large columns in each group of four', () => {
    // One row; columns 0 to 3 are large and 2:4 would drop two of them.
    const scores = Float32Array.of(9, 8, 7, 6, 1, 1, 1, 1);
    const { order, before, after } = searchPermutation(scores, { rows: 1, columns: 8, moves: 20 });
    expect([before, after]).toEqual([19, 30]);
    expect(keptIn(order, scores, 1, 2, 4)).toBe(30);
  });

  test('1:2 by hand: opposites together', () => {
    //             rows: 5 0 5 0 | 0 5 0 5 over columns 0 to 3, so columns 0, 1 go well together and 0, 2 do not
    const scores = Float32Array.of(5, 0, 5, 0, 0, 5, 0, 5);
    const { order, after } = searchPermutation(scores, { rows: 2, columns: 4, keep: 1, group: 2, moves: 5 });
    expect(after).toBe(20);
    expect(Array.from(order)).toEqual([0, 3, 1, 2]);
  });

  test('columns past the last whole group stay dense, and the search decides which', () => {
    const scores = Float32Array.of(1, 2, 3, 9, 8, 4);
    const { order, before, after } = searchPermutation(scores, { rows: 1, columns: 6, moves: 20 });
    // As they are: 9 and 3 of four, 8 and 4 dense. Better: dense ones that 2:4 would drop.
    expect([before, after]).toEqual([24, 24]);
    expect(Array.from(order)).toEqual([0, 1, 2, 3, 4, 5]);
    const worse = Float32Array.of(9, 8, 7, 6, 1, 2);
    const found = searchPermutation(worse, { rows: 1, columns: 6, moves: 20 });
    expect([found.before, found.after]).toEqual([20, 30]);
    expect(keptIn(found.order, worse, 1, 2, 4)).toBe(30);
  });

  test('nothing to gain: the order stays', () => {
    const { order, before, after } = searchPermutation(new Float32Array(24).fill(1), {
      rows: 3,
      columns: 8,
      moves: 30,
    });
    expect(Array.from(order)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(after).toBe(before);
  });

  test('law: an order of all columns, at least as good as before, and worth what it says; the same again', () =>
    fc.assert(
      fc.property(
        fc
          .integer({ min: 2, max: 5 })
          .chain((group) => fc.tuple(fc.constant(group), fc.integer({ min: 1, max: group - 1 }))),
        fc.integer({ min: 1, max: 14 }),
        fc.integer({ min: 1, max: 6 }),
        fc.nat(1000),
        ([group, keep], columns, rows, seed) => {
          const random = seededRandom(seed);
          const scores = Float32Array.from({ length: columns * rows }, () => random() - 0.2);
          const options = { rows, columns, keep, group, moves: 40, seed };
          const { order, before, after } = searchPermutation(scores, options);
          expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: columns }, (_, i) => i));
          expect(before).toBeCloseTo(keptIn(Array.from(order.keys()), scores, rows, keep, group), 8);
          expect(after).toBeCloseTo(keptIn(order, scores, rows, keep, group), 8);
          expect(after).toBeGreaterThanOrEqual(before);
          expect(searchPermutation(scores, options).order).toEqual(order);
        },
      ),
      { numRuns: 100, seed: 3 },
    ));

  test('small ones come out as good as the best of all orders', () => {
    const partners = [1, 2, 3, 4, 5, 6, 7];
    for (let seed = 0; seed < 5; seed++) {
      const random = seededRandom(seed);
      const scores = Float32Array.from({ length: 8 * 5 }, () => random());
      let best = 0;
      // Column 0 and every three of the others: all 35 ways to make two groups of four.
      for (const a of partners)
        for (const b of partners)
          for (const c of partners)
            if (a < b && b < c) {
              const rest = partners.filter((p) => p !== a && p !== b && p !== c);
              best = Math.max(best, keptIn([0, a, b, c, ...rest], scores, 5, 2, 4));
            }
      expect(searchPermutation(scores, { rows: 5, columns: 8, moves: 60 }).after).toBeCloseTo(best, 8);
    }
  });

  test('bad input', () => {
    const search =
      (options: object, scores = new Float32Array(8)) =>
      () =>
        searchPermutation(scores, { rows: 1, columns: 8, ...options });
    expect(search({ keep: 4 })).toThrow(expect.objectContaining({ code: 'nm-pattern' }));
    expect(search({ moves: -1 })).toThrow(expect.objectContaining({ code: 'permutation-moves' }));
    expect(search({ rows: 2 })).toThrow(expect.objectContaining({ code: 'score-length', found: '8' }));
    expect(search({}, new Float32Array(8).fill(NaN))).toThrow(expect.objectContaining({ code: 'score-not-finite' }));
  });
});

const outputs = async (model: PrunableModel, x: tf.Tensor) => {
  const y = model.predict(x);
  const values = await y.data();
  y.dispose();
  return Float32Array.from(values);
};

const largestDifference = (a: Float32Array, b: Float32Array) =>
  a.reduce((m, v, i) => Math.max(m, Math.abs(v - b[i])), 0);

describe('in a model', () => {
  beforeAll(() => tf.setBackend('wasm'));

  test.each(Object.keys(ZOO) as ZooName[])(
    '%s: 2:4 keeps more, the function stays, the inverse puts it back',
    async (name) => {
      const model = adaptLayers(await loadLayersModel((await readModel(ZOO[name].dir)).artifacts));
      const tensors = tf.memory().numTensors;
      const shape = model.model.inputs[0].shape.slice(1) as number[];
      const x = tf.randomUniform([2, ...shape], 0, 1, 'float32', 5);
      const weights = await Promise.all(model.params.map(({ id }) => model.read(id)));
      const before = await outputs(model, x);
      const scores = await magnitude().score({
        model,
        batches: () => {
          throw new Error('none');
        },
      });
      const { permutation, groups } = await findPermutation({ ...model, scores }, { moves: 60 });
      const ids = Object.keys(permutation);
      expect(ids.length).toBeGreaterThan(0);
      for (const { before: was, after, id } of groups)
        expect(ids.includes(id) ? after > was : after === was).toBe(true);
      await applyPermutation(model, permutation);
      expect(largestDifference(before, await outputs(model, x))).toBeLessThan(1e-5);
      // The weights really moved: 2:4 of the permuted kernels keeps what the search said.
      const again = await findPermutation(
        {
          ...model,
          scores: await magnitude().score({
            model,
            batches: () => {
              throw new Error('none');
            },
          }),
        },
        { moves: 0 },
      );
      for (const [i, group] of again.groups.entries()) expect(group.before).toBeCloseTo(groups[i].after, 2);
      await applyPermutation(model, invertPermutation(permutation));
      for (const [i, { id }] of model.params.entries())
        expect(Buffer.from((await model.read(id)).buffer).equals(Buffer.from(weights[i].buffer))).toBe(true);
      x.dispose();
      expect(tf.memory().numTensors).toBe(tensors);
      model.dispose();
    },
  );

  test('random orders of every open group, behind norms, depthwise convolutions and a flatten', async () => {
    const seeded = (seed: number) => ({
      kernelInitializer: tfl.initializers.heNormal({ seed }),
      biasInitializer: tfl.initializers.randomNormal({ seed }),
    });
    const model = adaptLayers(
      tfl.sequential({
        layers: [
          tfl.layers.conv2d({ name: 'conv', filters: 6, kernelSize: 3, inputShape: [7, 7, 2], ...seeded(1) }),
          tfl.layers.batchNormalization({
            name: 'norm',
            gammaInitializer: tfl.initializers.randomUniform({ minval: 1, maxval: 2, seed: 2 }),
          }),
          tfl.layers.depthwiseConv2d({
            name: 'depth',
            kernelSize: 2,
            depthMultiplier: 2,
            activation: 'relu',
            depthwiseInitializer: tfl.initializers.heNormal({ seed: 3 }),
          }),
          tfl.layers.flatten(),
          tfl.layers.dense({ name: 'hidden', units: 9, activation: 'tanh', ...seeded(4) }),
          tfl.layers.dense({ name: 'out', units: 3, activation: 'softmax', ...seeded(5) }),
        ],
      }),
    );
    const x = tf.randomNormal([3, 7, 7, 2], 0, 1, 'float32', 6);
    const before = await outputs(model, x);
    for (let seed = 0; seed < 5; seed++) {
      const open = model.groups.filter(({ skip }) => skip === undefined);
      expect(open.map(({ id }) => id)).toEqual(['conv', 'hidden']);
      const order = (size: number) =>
        shuffle(
          Int32Array.from({ length: size }, (_, i) => i),
          seededRandom(seed),
        );
      await applyPermutation(model, Object.fromEntries(open.map(({ id, size }) => [id, order(size)])));
      expect(largestDifference(before, await outputs(model, x))).toBeLessThan(1e-5);
    }
    x.dispose();
    model.dispose();
  });

  test('what does not fit is refused, and nothing moves', async () => {
    const model = adaptLayers(
      tfl.sequential({
        layers: [tfl.layers.dense({ name: 'a', units: 4, inputShape: [2] }), tfl.layers.dense({ name: 'b', units: 2 })],
      }),
    );
    const before = await model.read('a/kernel');
    for (const permutation of <Permutation[]>[
      { c: Int32Array.of(0) },
      { a: Int32Array.of(0, 1, 2) },
      { a: Int32Array.of(0, 1, 2, 2) },
      { a: Int32Array.of(0, 1, 2, 4) },
      { b: Int32Array.of(1, 0) },
    ])
      await expect(applyPermutation(model, permutation)).rejects.toMatchObject({
        name: 'InputError',
        code: 'permutation-mismatch',
      });
    expect(await model.read('a/kernel')).toEqual(before);
    model.dispose();
  });
});
