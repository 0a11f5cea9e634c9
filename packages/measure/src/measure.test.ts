import '@tensorflow/tfjs-backend-cpu';
import { tinyNetwork } from '@espalier/conformance';
import { bitsFrom, memoryPlan, type Param, seededRandom } from '@espalier/core';
import type { Dataset } from '@espalier/data';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { accuracy } from './accuracy.js';
import { countMacs, countParams } from './count.js';
import { quantile, spread } from './quantile.js';

beforeAll(() => {
  tf.env().set('PROD', true);
  return tf.setBackend('cpu');
});

let before: number;
beforeEach(() => (before = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(before));

describe('quantile', () => {
  test.each([
    [[1, 2, 3, 4], 0.5, 2.5],
    [[4, 1, 3, 2], 0.25, 1.75],
    [[10, 20, 30, 40, 50], 0.1, 14],
    [[10, 20, 30, 40, 50], 0.9, 46],
    [[-1, 5], 0, -1],
    [[-1, 5], 1, 5],
    [[7], 0.3, 7],
    [[2, 10, 9], 0.5, 9],
  ])('of %j at %f is %f', (values, q, expected) => {
    const given = [...values];
    expect(quantile(given, q)).toBeCloseTo(expected, 12);
    expect(given).toEqual(values);
  });

  test('lies between the extremes, grows with q, and reads every value at its own position', () => {
    const sample = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 2, maxLength: 30 });
    const q = fc.double({ noNaN: true, min: 0, max: 1 });
    fc.assert(
      fc.property(sample, q, q, (values, a, b) => {
        const [low, high] = [quantile(values, Math.min(a, b)), quantile(values, Math.max(a, b))];
        expect(low).toBeLessThanOrEqual(high + 1e-9);
        expect(low).toBeGreaterThanOrEqual(Math.min(...values) - 1e-9);
        expect(high).toBeLessThanOrEqual(Math.max(...values) + 1e-9);
        const sorted = [...values].sort((x, y) => x - y);
        sorted.forEach((value, i) => expect(quantile(values, i / (values.length - 1))).toBeCloseTo(value, 3));
      }),
    );
  });

  test.each([
    [[], 0.5],
    [[1, NaN], 0.5],
    [[1, 2], 1.1],
    [[1, 2], NaN],
  ])('refuses %j at %f', (values, q) => {
    expect(() => quantile(values, q)).toThrow(expect.objectContaining({ name: 'UsageError', code: 'quantile' }));
  });

  test('spread reads three of them', () => {
    expect(spread([10, 20, 30, 40, 50])).toEqual({ median: 30, p10: 14, p90: 46 });
  });
});

describe('counts', () => {
  const param = (id: string, shape: number[], uses: number | null, skip?: string): Param => ({
    id,
    shape,
    uses,
    inAxis: -1,
    role: id.endsWith('bias') ? 'bias' : 'kernel',
    trainable: true,
    ...(skip && { skip: { text: skip } }),
  });
  // A 3×3 convolution to 4×4 pixels, a depthwise 3×3 at the same size, a dense layer that is left alone.
  const params = [
    param('conv/kernel', [3, 3, 1, 2], 16),
    param('conv/bias', [2], 16, 'a bias'),
    param('depthwise/depthwise_kernel', [3, 3, 2, 1], 16),
    param('fc/kernel', [32, 5], 1, 'ignored'),
  ];

  test('without a plan everything is kept', async () => {
    expect(await countParams({ params, groups: [] })).toEqual({ total: 18 + 2 + 18 + 160, prunable: 36, kept: 198 });
    expect(await countMacs({ params, groups: [] })).toEqual({ dense: 36 * 16 + 160, kept: 36 * 16 + 160 });
  });

  test('a pruned weight is one parameter less and as many MACs as it is used', async () => {
    const plan = memoryPlan({
      masks: {
        'conv/kernel': bitsFrom(18, (i) => i >= 8),
        'depthwise/depthwise_kernel': bitsFrom(18, (i) => i !== 3),
      },
    });
    expect(await countParams({ params, groups: [] }, plan)).toEqual({ total: 198, prunable: 36, kept: 189 });
    expect(await countMacs({ params, groups: [] }, plan)).toEqual({ dense: 736, kept: 736 - 9 * 16 });
  });

  test('a removed channel takes its weights in every layer with it', async () => {
    const net = tinyNetwork();
    const plan = memoryPlan({ units: { hidden: bitsFrom(6, (unit) => unit !== 2) } });
    // One column of 4×6, one bias, one row of 6×3.
    expect(await countParams(net, plan)).toEqual({ total: 51, prunable: 42, kept: 51 - 4 - 1 - 3 });
    expect(await countMacs(net, plan)).toEqual({ dense: 42, kept: 35 });
    net.dispose();
  });

  test('an open size makes MACs unknown, never zero', async () => {
    expect(await countMacs({ params: [...params, param('c/kernel', [1, 1, 1, 1], null)], groups: [] })).toBeNull();
  });
});

describe('accuracy', () => {
  const dataset = (rows: number[][], y: number[], classes?: number): Dataset => ({
    x: Float32Array.from(rows.flat()),
    y: classes === undefined ? Float32Array.from(y) : Int32Array.from(y),
    shape: [rows[0].length],
    size: rows.length,
    ...(classes !== undefined && { classes }),
  });
  const same = (x: tf.Tensor) => tf.clone(x);

  test('percent of rows whose highest output is their class, ties to the lower one', async () => {
    const rows = [
      [0.1, 0.7, 0.2],
      [0.5, 0.5, 0],
      [0.2, 0.4, 0.4],
      [-3, -2, -1],
      [1, 0, 0],
    ];
    const data = dataset(rows, [1, 0, 1, 2, 2], 3);
    expect(await accuracy(same, data)).toBe(80);
    expect(await accuracy((x) => x, data)).toBe(80);
  });

  test('does not depend on the batch size, the last batch being what is left', async () => {
    const random = seededRandom(5);
    const rows = Array.from({ length: 37 }, () => Array.from({ length: 4 }, () => random()));
    const labels = rows.map((row, i) => (i % 3 === 0 ? 0 : row.indexOf(Math.max(...row))));
    const data = dataset(rows, labels, 4);
    const expected = (100 * labels.filter((label, i) => label === rows[i].indexOf(Math.max(...rows[i]))).length) / 37;
    for (const batchSize of [1, 5, 37, 64]) expect(await accuracy(same, data, { batchSize })).toBe(expected);
  });

  test('one output: class 1 above the threshold', async () => {
    const data = dataset([[0.2], [0.5], [0.51], [0.9]], [0, 0, 1, 0], 2);
    expect(await accuracy(same, data)).toBe(75);
    expect(await accuracy(same, data, { threshold: 0 })).toBe(25);
    expect(await accuracy(same, dataset([[0.2], [0.9]], [0, 1]))).toBe(100);
  });

  test('targets as rows', async () => {
    const rows = [
      [0.9, 0.1],
      [0.8, 0.2],
    ];
    expect(await accuracy(same, dataset(rows, [1, 0, 0, 1]))).toBe(50);
  });

  test('reshapes samples to what the model wants', async () => {
    const seen: number[][] = [];
    const predict = (x: tf.Tensor) => {
      seen.push(x.shape);
      return tf.tidy(() => tf.reshape(x, [x.shape[0], 4]));
    };
    const rows = [[0, 0, 1, 0]];
    expect(await accuracy(predict, dataset(rows, [2], 4), { inputShape: [2, 2, 1] })).toBe(100);
    expect(seen).toEqual([[1, 2, 2, 1]]);
    const wrong = accuracy(predict, dataset(rows, [2], 4), { inputShape: [3] });
    await expect(wrong).rejects.toMatchObject({ name: 'InputError', code: 'data-shape' });
  });

  test('a NaN is an error that names the sample, wherever it is', async () => {
    const data = dataset([...Array.from({ length: 70 }, () => [1, 0]), [0, 0], [0, 1]], new Array(72).fill(0), 2);
    const predict = (x: tf.Tensor) => tf.tidy(() => tf.div(x, tf.max(x, 1, true)));
    await expect(accuracy(predict, data, { batchSize: 64 })).rejects.toMatchObject({
      name: 'InputError',
      code: 'output-nan',
      where: 'sample 70',
    });
  });

  test('outputs that do not fit the classes are an error', async () => {
    const data = dataset([[1, 2, 3]], [1], 5);
    await expect(accuracy(same, data)).rejects.toMatchObject({ name: 'InputError', code: 'data-classes', found: '3' });
    await expect(accuracy(same, dataset([[1]], [2], 3))).rejects.toMatchObject({ code: 'data-classes' });
  });

  test('leaks nothing where the model throws', async () => {
    const predict = () => {
      throw new Error('no');
    };
    await expect(accuracy(predict, dataset([[1, 2]], [1], 2))).rejects.toThrow('no');
  });
});
