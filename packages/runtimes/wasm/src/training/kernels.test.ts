import * as tf from '@tensorflow/tfjs-core';
import { enableTraining } from './index.js';
import { both, type Data, expectClose, grid, on, run, tensor } from '../testing.js';

let disable: () => void;
beforeAll(() => {
  disable = enableTraining();
});
afterAll(() => disable());

describe('max pooling', () => {
  const pool = (shape: number[], filterSize: number, strides: number, pad: 'same' | 'valid' | number) =>
    ({
      shape,
      attrs: { filterSize, strides, pad, dimRoundingMode: typeof pad === 'number' ? 'floor' : undefined },
    }) as const;
  const cases: [string, ReturnType<typeof pool>][] = [
    ['2×2', pool([2, 6, 4, 3], 2, 2, 'valid')],
    ['overlapping windows', pool([2, 7, 6, 3], 3, 2, 'valid')],
    ['overlapping by all but one', pool([1, 5, 5, 2], 3, 1, 'same')],
    ['same, odd size', pool([2, 7, 5, 2], 3, 2, 'same')],
    ['windows apart', pool([2, 7, 7, 2], 2, 3, 'valid')],
    ['padding 1', pool([2, 6, 6, 2], 3, 2, 1)],
  ];
  /** Few values, so that windows have ties; shifted below zero, so that no window has a positive pixel. */
  const few = (shape: number[], shift: number): Data => {
    const { values } = grid(shape, 5);
    return { shape, values: values.map((v) => Math.round(v * 2) / 2 + shift) };
  };

  test.each(cases)(
    '%s: gradients agree with the cpu backend, ties and negative windows included',
    async (_, { shape, attrs }) => {
      for (const shift of [0, -3, 3]) {
        const input = few(shape, shift);
        const [output] = await on('cpu', () => run('MaxPool', { x: tensor(input) }, attrs));
        const info = tf.backend_util.computePool2DInfo(
          shape as never,
          attrs.filterSize,
          attrs.strides,
          1,
          attrs.pad,
          attrs.dimRoundingMode as never,
        );
        const dy = grid(info.outShape, 9);
        expectClose(
          ...(await both('MaxPoolGrad', { dy, input, output: { shape: info.outShape, values: output } }, attrs)),
          1e-6,
        );
      }
    },
  );

  test('a window without a positive pixel passes its gradient on, and the first of equals gets it', async () => {
    const input = { shape: [1, 2, 4, 1], values: Float32Array.of(-3, -1, 0, 0, -2, -1, 0, 0) };
    const dy = { shape: [1, 1, 2, 1], values: Float32Array.of(5, 7) };
    const output = { shape: [1, 1, 2, 1], values: Float32Array.of(-1, 0) };
    const [dx] = await on('wasm', () =>
      run(
        'MaxPoolGrad',
        { dy: tensor(dy), input: tensor(input), output: tensor(output) },
        { filterSize: 2, strides: 2, pad: 'valid' },
      ),
    );
    expect([...dx]).toEqual([0, 5, 7, 0, 0, 0, 0, 0]);
  });
});

describe('matrix products', () => {
  const shapes: [number[], number[], boolean, boolean][] = [
    [[3, 4], [3, 5], true, false],
    [[3, 4], [5, 4], false, true],
    [[3, 4], [5, 3], true, true],
    [[1, 3, 4], [1, 3, 5], true, false],
    [[2, 3, 4], [2, 5, 4], false, true],
    [[1, 3, 4], [2, 3, 5], true, false],
  ];
  test.each(shapes)('%j · %j, transposed: %s, %s', async (a, b, transposeA, transposeB) => {
    const inputs = { a: grid(a, 1), b: grid(b, 2) };
    expectClose(...(await both('BatchMatMul', inputs, { transposeA, transposeB })));
  });
});

test('data under two shapes may be a right operand in both', async () => {
  const w = grid([24], 1);
  const products = () => {
    const data = tensor(w);
    return [
      tf.matMul(tf.ones([4, 2]), tf.reshape(data, [4, 6]), true),
      tf.matMul(tf.ones([6, 2]), tf.reshape(data, [6, 4]), true),
      tf.matMul(tf.ones([2, 1]), tf.reshape(data, [24, 1]), false, true),
      tf.einsum('ij,jk->ik', tf.ones([2, 3]), tf.reshape(data, [3, 8])),
    ];
  };
  const wanted = await on('cpu', products);
  const got = await on('wasm', products);
  got.forEach((values, i) => expectClose(values, wanted[i]));
});

describe('sums and means over leading axes', () => {
  const cases: [number[], number | number[], boolean][] = [
    [[6, 4], 0, false],
    [[6, 4], [0], true],
    [[2, 3, 5, 4], [0, 1, 2], false],
    [[2, 3, 5, 4], [2, 0, 1], true],
    [[2, 3, 5, 4], [0, 1], false],
    [[7, 1], 0, false],
    [[1, 3], 0, false],
    // These stay with the stock kernel.
    [[2, 3, 4], [1], false],
    [[2, 3, 4], [-1], true],
    [[2, 3], [0, 1], false],
  ];
  test.each(cases)('%j over %j, keepDims %s', async (shape, axis, keepDims) => {
    const x = grid(shape, 1);
    const reduce = () => [tf.sum(tensor(x), axis, keepDims), tf.mean(tensor(x), axis, keepDims)];
    const shapes = [tf.tidy(() => reduce().map((t) => t.shape))];
    const [wantedSum, wantedMean] = await on('cpu', reduce);
    const [sum, mean] = await on('wasm', () => {
      const results = reduce();
      shapes.push(results.map((t) => t.shape));
      return results;
    });
    expectClose(sum, wantedSum, 0);
    expectClose(mean, wantedMean, 1e-6);
    expect(shapes[1]).toEqual(shapes[0]);
  });

  test('a long sum is rounded once', async () => {
    const rows = 250_000;
    const [sum, mean] = await on('wasm', () => [
      tf.sum(tf.fill([rows, 5], 0.1), 0),
      tf.mean(tf.fill([rows, 5], 0.1), 0),
    ]);
    expect([...sum]).toEqual(Array(5).fill(Math.fround(rows * Math.fround(0.1))));
    expect([...mean]).toEqual(Array(5).fill(Math.fround(0.1)));
  });
});

describe('einsum', () => {
  const equations: [string, number[][]][] = [
    [
      'ij,jk->ik',
      [
        [3, 4],
        [4, 5],
      ],
    ],
    [
      'ij,jk->ki',
      [
        [3, 4],
        [4, 5],
      ],
    ],
    [
      'bij,bjk->bik',
      [
        [2, 3, 4],
        [2, 4, 5],
      ],
    ],
    [
      'ibj,kjb->kbi',
      [
        [3, 2, 4],
        [5, 4, 2],
      ],
    ],
    [
      'abc,cde->abde',
      [
        [2, 3, 4],
        [4, 2, 5],
      ],
    ],
    ['i,j->ij', [[3], [4]]],
    ['i,i->', [[5], [5]]],
    [
      'ij,ij->ij',
      [
        [2, 3],
        [2, 3],
      ],
    ],
    ['ijk,l->ik', [[2, 3, 4], [3]]],
    ['ij->ji', [[2, 3]]],
    ['ijk->k', [[2, 3, 4]]],
    ['ij->', [[2, 3]]],
    ['ij->ij', [[2, 3]]],
  ];
  test.each(equations)('%s', async (equation, shapes) => {
    const terms = shapes.map((shape, i) => grid(shape, i + 1));
    const [got] = await on('wasm', () => tf.einsum(equation, ...terms.map(tensor)));
    expectClose(got, sumOfProducts(equation, terms));
  });

  test('integers stay integers', async () => {
    const [got] = await on('wasm', () =>
      tf.einsum('ij,jk->ik', tf.tensor2d([[1, 2]], [1, 2], 'int32'), tf.tensor2d([[3], [4]], [2, 1], 'int32')),
    );
    expect(got).toEqual(Int32Array.of(11));
  });

  /** The definition: the sum of the products over every value of every label. */
  function sumOfProducts(equation: string, terms: Data[]): Float32Array {
    const [left, output] = equation.split('->');
    const labels = left.split(',');
    const sizes = new Map(
      labels.flatMap((term, t) => [...term].map((label, i) => [label, terms[t].shape[i]] as const)),
    );
    const at = (term: string, index: Map<string, number>) =>
      [...term].reduce((n, label) => n * sizes.get(label)! + index.get(label)!, 0);
    const out = new Float32Array([...output].reduce((n, label) => n * sizes.get(label)!, 1));
    const all = [...sizes.keys()];
    const visit = (depth: number, index: Map<string, number>): void => {
      if (depth === all.length) {
        out[at(output, index)] += labels.reduce((p, term, t) => p * terms[t].values[at(term, index)], 1);
        return;
      }
      for (let i = 0; i < sizes.get(all[depth])!; i++) visit(depth + 1, index.set(all[depth], i));
    };
    visit(0, new Map());
    return out;
  }
});

describe('unsortedSegmentSum', () => {
  const sum = (x: Data, ids: number[], count: number) =>
    on('wasm', () => tf.unsortedSegmentSum(tensor(x), tf.tensor1d(ids, 'int32'), count));

  test('adds rows by id; empty segments are zero and ids out of range count nowhere', async () => {
    const x = { shape: [5, 2], values: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10) };
    expect([...(await sum(x, [2, 0, 2, -1, 4], 4))[0]]).toEqual([3, 4, 0, 0, 6, 8, 0, 0]);
    expect([...(await sum({ shape: [3], values: Float32Array.of(1, 2, 4) }, [1, 1, 0], 2))[0]]).toEqual([4, 3]);
  });

  test('agrees with the cpu backend', async () => {
    const x = grid([6, 2, 3], 1);
    const ids = () => tf.tensor1d([0, 3, 1, 3, 3, 0], 'int32');
    const [wanted] = await on('cpu', () => tf.unsortedSegmentSum(tensor(x), ids(), 4));
    const [got] = await on('wasm', () => tf.unsortedSegmentSum(tensor(x), ids(), 4));
    expectClose(got, wanted, 0);
  });

  test('ids that do not fit are refused', async () => {
    await expect(sum(grid([3, 2], 1), [0, 1], 2)).rejects.toThrow(
      /needs segmentIds of shape \[3\], got \[2\]; flatten/,
    );
  });
});

describe('oneHot', () => {
  const labels = () => tf.tensor1d([2, 0, -1, 3], 'int32');

  test.each([
    [1, 0, 'float32'],
    [0.9, 0.05, 'float32'],
    [1, 0, 'int32'],
  ] as const)('%d and %d as %s, as on the cpu backend', async (onValue, offValue, dtype) => {
    const encode = () => tf.oneHot(labels(), 3, onValue, offValue, dtype);
    const [wanted] = await on('cpu', encode);
    const [got] = await on('wasm', encode);
    expect(got).toEqual(wanted);
  });
});
