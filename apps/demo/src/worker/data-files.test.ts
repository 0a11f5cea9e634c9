import { gzipSync } from 'node:zlib';
import { npy, npz } from '../../../../tools/testing/numpy.js';
import { separable } from '../browser/samples.js';
import { dataFromFiles } from './data-files.js';

const file = (name: string, bytes: Uint8Array) => ({ name, file: new Blob([bytes as Uint8Array<ArrayBuffer>]) });
const read = (...files: ReturnType<typeof file>[]) => dataFromFiles(files);
const good = separable(10, 4, 3);
const pixels = { type: 'u1', shape: [5, 2, 2], values: Array.from({ length: 20 }, (_, i) => i * 12) } as const;
const labels = { type: 'u1', shape: [5], values: [0, 1, 2, 1, 0] } as const;
const idx = (shape: readonly number[], values: readonly number[]) =>
  Uint8Array.from([0, 0, 8, shape.length, ...shape.flatMap((n) => [0, 0, 0, n]), ...values]);

test('an .npz file with x and y: every fifth sample measures', async () => {
  const { train, test: measured, ...rest } = await read(file('iris.npz', npz(good)));
  expect(rest).toEqual({ name: 'iris.npz', own: true, shared: true, argument: 'iris.npz' });
  expect([train.size, measured.size, train.classes, measured.shape]).toEqual([8, 2, 3, [4]]);
  expect([...measured.y]).toEqual([4 % 3, 9 % 3]);
  expect([...measured.x.subarray(0, 4)]).toEqual(good.x.values.slice(16, 20).map(Math.fround));
});

test("Keras's names: its own parts", async () => {
  const arrays = { x_train: pixels, y_train: labels, x_test: { ...pixels }, y_test: { ...labels } };
  const { train, test: measured, shared } = await read(file('mnist.npz', npz(arrays)));
  expect([train.size, measured.size, shared]).toEqual([5, 5, false]);
  // Bytes are pixels.
  expect(train.x[1]).toBeCloseTo(12 / 255);
  expect(train.shape).toEqual([2, 2]);
});

test('two .npy files; one-hot rows are labels', async () => {
  const hot = {
    type: 'f4',
    shape: [5, 3],
    values: labels.values.flatMap((at) => [0, 1, 2].map((i) => Number(i === at))),
  } as const;
  const { train, argument } = await read(file('d/y.npy', npy(hot)), file('d/x.npy', npy(pixels)));
  expect([...train.y]).toEqual([0, 1, 2, 1]);
  expect(argument).toBe('');
});

test('two IDX files, in either order, gzip or not, as the command line takes them', async () => {
  const images = file('a-images-idx3-ubyte.gz', new Uint8Array(gzipSync(idx(pixels.shape, pixels.values))));
  const found = await read(file('z-labels-idx1-ubyte', idx(labels.shape, labels.values)), images);
  expect(found.argument).toBe('idx:a-images-idx3-ubyte.gz,z-labels-idx1-ubyte');
  expect([...found.train.y, ...found.test.y]).toEqual([0, 1, 2, 1, 0]);
});

test.each([
  [
    'labels too few',
    { x: pixels, y: { ...labels, shape: [4], values: [0, 1, 2, 0] } },
    'a label for each of the 5 samples, found 4 labels',
  ],
  ['fractions', { x: pixels, y: { type: 'f4', shape: [5], values: [0, 1, 0.5, 0, 0] } }, 'found 0.5 in sample 2'],
  ['below 0', { x: pixels, y: { type: 'i8', shape: [5], values: [0, 1, -1, 0, 0] } }, 'found -1 in sample 2'],
  ['no labels', { x: pixels }, "found 'x'"],
  [
    'rows that are not one-hot',
    { x: pixels, y: { type: 'u1', shape: [5, 2], values: [1, 0, 1, 1, 0, 1, 0, 1, 0, 1] } },
    'other values in row 1',
  ],
  ['one number a sample', { x: { type: 'f4', shape: [5], values: [1, 2, 3, 4, 5] }, y: labels }, 'found shape [5]'],
  ['NaN', { x: { type: 'f4', shape: [5, 1], values: [1, 2, NaN, 4, 5] }, y: labels }, 'found NaN in sample 2'],
  ['four samples', separable(4, 2, 2), 'at least five samples, found 4'],
] as const)('%s: refused', async (_, arrays, words) => {
  const failed = read(file('bad.npz', npz(arrays)));
  await expect(failed).rejects.toMatchObject({ name: 'InputError' });
  await expect(failed).rejects.toThrow(words);
  await expect(failed).rejects.toThrow('bad.npz');
});

test('test samples of another shape, one file too few, a file that is damaged: refused', async () => {
  const other = { x_train: pixels, y_train: labels, x_test: { ...pixels, shape: [5, 4] }, y_test: labels };
  await expect(read(file('a.npz', npz(other)))).rejects.toThrow('wanted test samples of shape [2, 2], found [4]');
  await expect(read(file('x.npy', npy(pixels)))).rejects.toThrow('found 1 files');
  const damaged = npz(good);
  damaged[200] ^= 1;
  await expect(read(file('a.npz', damaged))).rejects.toMatchObject({ code: 'npz-crc' });
});
