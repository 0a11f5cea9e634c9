import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { LOSSES, meanGradients, momentsOf, outputOf, patches, piecesOf, resolveLoss } from './index.js';
import { join, type Moments } from './moments.js';
import { free, held, noLeaks, range } from '../testing/build.js';

beforeAll(() => tf.setBackend('cpu'));
noLeaks();

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
