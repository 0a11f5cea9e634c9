import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { bitsFrom, type Group, memoryPlan, type Param } from '@espalier/core';
import { changedValues, changeOf, type HeldWeight, maskWeights, meanGradients, momentsOf } from './index.js';
import { LOSSES, outputOf, patches, piecesOf, resolveLoss, takeSlices, writeVariable } from './index.js';
import { join, type Moments } from './moments.js';

beforeAll(() => tf.setBackend('cpu'));
let before = 0;
beforeEach(() => void (before = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(before));

const param = (id: string, shape: number[]): Param => ({
  id,
  shape,
  inAxis: 0,
  role: 'kernel',
  uses: 1,
  trainable: true,
});
const held = (id: string, shape: number[], values: number[]): HeldWeight => ({
  param: param(id, shape),
  variable: tf.tidy(() => tf.variable(tf.tensor(values, shape, 'float32'))),
});
const free = (weights: readonly HeldWeight[]) => weights.forEach(({ variable }) => variable.dispose());
const bits = (kept: readonly number[]) => bitsFrom(kept.length, (i) => kept[i] === 1);
const range = (n: number) => Array.from({ length: n }, (_, i) => i);

describe('maskWeights', () => {
  test('writes +0, keeps it there, and puts back what it pruned', async () => {
    const weights = [held('a', [2, 2], [1, -2, NaN, 4]), held('b', [2], [5, 6])];
    const [{ variable }] = weights;
    const handle = await maskWeights(weights, [], memoryPlan({ masks: { a: bits([1, 0, 0, 1]) } }));
    expect([...variable.dataSync()].map((w) => (Object.is(w, -0) ? 'minus zero' : w))).toEqual([1, 0, 0, 4]);
    tf.tidy(() => variable.assign(tf.tensor([10, 20, 30, 40], [2, 2])));
    handle.apply();
    expect([...variable.dataSync()]).toEqual([10, 0, 0, 40]);
    handle.restore();
    expect([...variable.dataSync()]).toEqual([10, -2, NaN, 40]);
    expect(() => handle.apply()).toThrow(expect.objectContaining({ code: 'mask-ended' }));
    free(weights);
  });

  test('gradients of pruned weights are +0, also where they are NaN; others are copies', async () => {
    const weights = [held('a', [2], [1, 2]), held('b', [1], [3])];
    const handle = await maskWeights(weights, [], memoryPlan({ masks: { a: bits([0, 1]) } }));
    const grads = { a: tf.tensor1d([NaN, 7]), b: tf.tensor1d([8]) };
    const masked = handle.maskGradients(grads);
    tf.dispose(grads);
    expect([[...masked.a.dataSync()], [...masked.b.dataSync()]]).toEqual([[0, 7], [8]]);
    tf.dispose(masked);
    handle.makePermanent();
    free(weights);
  });

  test('a group that may lose nothing is not cut', async () => {
    const weights = [held('a', [2, 2], [1, 2, 3, 4])];
    const group: Group = {
      id: 'g',
      size: 2,
      sites: [{ param: 'a', axis: 1, unitOf: Int32Array.of(0, 1) }],
      skip: 'why',
    };
    const plan = memoryPlan({ units: { g: bits([1, 0]) } });
    await expect(maskWeights(weights, [group], plan)).rejects.toMatchObject({ code: 'group-fixed', where: 'g' });
    free(weights);
  });
});

describe('slices', () => {
  test('are taken along every axis as a loop over all entries takes them', () => {
    const shape = [2, 3, 4];
    const data = Float32Array.from(range(24));
    for (const [axis, kept] of [
      [1, 0],
      [0, 1, 1],
      [1, 0, 0, 1],
    ].entries()) {
      const naive = range(24).filter((i) => kept[[i / 12, (i / 4) % 3, i % 4].map(Math.floor)[axis]] === 1);
      const taken = takeSlices({ shape, data }, axis, bits(kept));
      expect([...taken.data]).toEqual(naive);
      expect(taken.shape).toEqual(shape.map((n, i) => (i === axis ? kept.filter(Boolean).length : n)));
    }
  });

  test('two groups that meet on one axis remove together; the change says what went', () => {
    const sites = (unitOf: number[]) => [{ param: 'a', axis: 0, unitOf: Int32Array.from(unitOf) }];
    const groups = [
      { id: 'left', size: 2, sites: sites([0, 1, -1, -1]) },
      { id: 'right', size: 2, sites: sites([-1, -1, 0, 1]) },
    ];
    const plan = memoryPlan({ units: { left: bits([0, 1]), right: bits([1, 0]) } });
    const change = changeOf(plan, { params: [param('a', [4, 2])], groups });
    expect(change).toEqual({
      units: { left: [0], right: [1] },
      removals: [{ param: 'a', axis: 0, size: 4, removed: [0, 3] }],
    });
    const left = changedValues('a', { shape: [4, 2], data: Float32Array.from(range(8)) }, change);
    expect(left).toEqual({ shape: [2, 2], data: Float32Array.of(2, 3, 4, 5) });
  });
});

test('moments of pieces, joined, are those of the whole, far from zero too', () => {
  const rows = range(12).map((i) => [1e4 + (i % 5), (i * i) % 7]);
  const parts = [rows.slice(0, 5), rows.slice(5, 6), rows.slice(6)].map((part) => {
    const x = tf.tensor(part.flat(), [part.length, 1, 2]);
    const { count, mean, squares } = momentsOf(x);
    const found = { count, mean: Float64Array.from(mean.dataSync()), squares: Float64Array.from(squares.dataSync()) };
    tf.dispose([x, mean, squares]);
    return found;
  });
  const whole = parts.reduce<Moments | undefined>((sum, part) => join(sum, part), undefined)!;
  for (const c of [0, 1]) {
    const mean = rows.reduce((sum, row) => sum + row[c], 0) / 12;
    expect(whole.count).toBe(12);
    expect(whole.mean[c]).toBeCloseTo(mean, 2);
    expect(whole.squares[c]).toBeCloseTo(
      rows.reduce((sum, row) => sum + (row[c] - mean) ** 2, 0),
      1,
    );
  }
});

describe('unfolding', () => {
  /** The definition: an entry for each place of the window, 0 outside the input. */
  function naive(
    x: number[][][],
    window: number[],
    stride: number[],
    dilation: number[],
    pads: number[][],
  ): number[][] {
    const [height, width, channels] = [x.length, x[0].length, x[0][0].length];
    const count = [height, width].map(
      (n, a) => Math.floor((n + pads[a][0] + pads[a][1] - (window[a] - 1) * dilation[a] - 1) / stride[a]) + 1,
    );
    return range(count[0]).flatMap((row) =>
      range(count[1]).map((column) =>
        range(window[0]).flatMap((i) =>
          range(window[1]).flatMap((j) => {
            const at = [
              row * stride[0] + i * dilation[0] - pads[0][0],
              column * stride[1] + j * dilation[1] - pads[1][0],
            ];
            return x[at[0]]?.[at[1]] ?? range(channels).map(() => 0);
          }),
        ),
      ),
    );
  }
  const image = range(5).map((i) => range(4).map((j) => [10 * i + j + 1, -(10 * i + j + 1)]));

  test.each([
    [
      'valid',
      [1, 1],
      [1, 1],
      'valid',
      [
        [0, 0],
        [0, 0],
      ],
    ],
    [
      'same, strided',
      [2, 2],
      [1, 1],
      'same',
      [
        [1, 1],
        [0, 1],
      ],
    ],
    [
      'dilated',
      [1, 1],
      [2, 1],
      'valid',
      [
        [0, 0],
        [0, 0],
      ],
    ],
    [
      'own padding',
      [1, 2],
      [1, 1],
      [
        [2, 0],
        [0, 1],
      ],
      [
        [2, 0],
        [0, 1],
      ],
    ],
  ] as const)('%s: what the definition says', (_, stride, dilation, padding, pads) => {
    const window = [3, 3];
    const found = tf.tidy(() => {
      const x = tf.tensor([image, image], [2, 5, 4, 2], 'float32');
      return patches(x, { window, stride, dilation, padding }).arraySync();
    });
    const one = naive(
      image,
      window,
      [...stride],
      [...dilation],
      pads.map((pad) => [...pad]),
    );
    expect(found).toEqual([...one, ...one]);
  });

  test('pieces together are the whole, in order, and are taken back', async () => {
    const inputs = [tf.tensor2d(range(14), [7, 2]), tf.tensor2d(range(4), [2, 2])];
    const rows: number[][] = [];
    for await (const piece of piecesOf(inputs, (x) => tf.mul(x, 1) as tf.Tensor2D)) rows.push(...piece.arraySync());
    expect(rows.flat()).toEqual([...range(14), ...range(4)]);
    tf.dispose(inputs);
  });
});

describe('gradients', () => {
  test('of a mean squared error are those of its formula; what the loss does not see has none', async () => {
    const weights = [held('w', [2, 1], [1, 2]), held('unused', [1], [3])];
    const [x, y] = [
      tf.tensor2d([
        [1, 2],
        [3, 4],
      ]),
      tf.tensor2d([[4], [12]]),
    ];
    const forward = () => tf.matMul(x, weights[0].variable as tf.Tensor2D);
    const { loss, grads } = await meanGradients(forward, resolveLoss('mean_squared_error', false)!, y, weights);
    // Outputs 5 and 11, errors 1 and −1: the mean of 2·e·x.
    expect(loss).toBe(1);
    expect(Object.keys(grads)).toEqual(['w']);
    expect([...grads.w.dataSync()]).toEqual([-2, -2]);
    tf.dispose([x, y, grads]);
    free(weights);
  });

  test('targets that do not fit are refused by their shapes, and nothing is left behind', async () => {
    const weights = [held('w', [1, 2], [1, 2])];
    const [x, y] = [tf.tensor2d([[1]]), tf.tensor2d([[1, 0, 0]])];
    const forward = () => tf.softmax(tf.matMul(x, weights[0].variable as tf.Tensor2D));
    await expect(meanGradients(forward, resolveLoss(undefined, true)!, y, weights)).rejects.toMatchObject({
      code: 'data-shape',
      wanted: '[1, 2]',
      found: '[1, 3]',
    });
    tf.dispose([x, y]);
    free(weights);
  });

  test('a confident mistake still has the gradient p − y', async () => {
    const weights = [held('z', [1, 2], [30, -30])];
    const y = tf.tensor2d([[0, 1]]);
    const forward = () => tf.softmax(weights[0].variable as tf.Tensor2D);
    const { grads } = await meanGradients(forward, resolveLoss(undefined, true)!, y, weights);
    expect([...grads.z.dataSync()].map(Math.round)).toEqual([1, -1]);
    tf.dispose([y, grads]);
    free(weights);
  });
});

describe('losses', () => {
  test('logits and probabilities give the same cross-entropy; labels and their one-hot rows too', () => {
    tf.tidy(() => {
      const z = tf.tensor2d([
        [1, 2, 3],
        [0, -1, 1],
      ]);
      const p = tf.softmax(z);
      const y = tf.tensor2d([
        [0, 0, 1],
        [1, 0, 0],
      ]);
      const wanted = [...LOSSES.softmaxCrossEntropy(y, z).dataSync()];
      const close = (found: tf.Tensor) =>
        found.dataSync().forEach((value, i) => expect(value).toBeCloseTo(wanted[i], 5));
      close(LOSSES.categoricalCrossentropy(y, p));
      close(LOSSES.sparseCategoricalCrossentropy(tf.tensor1d([2, 0]), p));
    });
  });

  test('are known by both spellings; what the output means follows from the loss', () => {
    expect(resolveLoss('mean_absolute_error', false)).toEqual(resolveLoss('meanAbsoluteError', false));
    expect(resolveLoss(undefined, false)).toBe(undefined);
    expect(outputOf(true, false, resolveLoss(undefined, true))).toBe('probabilities');
    expect(outputOf(false, false, resolveLoss('softmaxCrossEntropy', false))).toBe('logits');
    expect(outputOf(true, false, resolveLoss('hinge', true))).toBe('other');
    expect(() => resolveLoss('softmaxCrossEntropy', true)).toThrow(expect.objectContaining({ code: 'loss-output' }));
    expect(() => resolveLoss('huberish', false)).toThrow(expect.objectContaining({ code: 'loss-unknown' }));
  });
});

test('a variable takes as many values as it has, and no others', () => {
  const { variable } = held('w', [2], [1, 2]);
  writeVariable('w', variable, Float32Array.of(3, 4));
  expect([...variable.dataSync()]).toEqual([3, 4]);
  expect(() => writeVariable('w', variable, Float32Array.of(1))).toThrow(
    expect.objectContaining({ code: 'param-values', wanted: '2 values', found: '1' }),
  );
  variable.dispose();
});
