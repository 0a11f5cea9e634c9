import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { arrayBatches, checkDataset, checkInputShape, type Dataset } from './index.js';

beforeAll(async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
});

const digits: Dataset = {
  x: Float32Array.from({ length: 20 }, (_, i) => i),
  y: Int32Array.of(0, 1, 2, 1, 0),
  shape: [2, 2],
  classes: 3,
  size: 5,
};

async function rows(source: ReturnType<typeof arrayBatches>): Promise<[x: number[], y: number[]][]> {
  const out: [number[], number[]][] = [];
  for await (const { x, y } of source()) out.push([Array.from(await x.data()), Array.from(await y.data())]);
  return out;
}

test('batches in order, the last one shorter, labels one-hot, inputs in the shape asked for', async () => {
  const source = arrayBatches(digits, { batchSize: 2, inputShape: [4] });
  expect(await rows(source)).toEqual([
    [
      [0, 1, 2, 3, 4, 5, 6, 7],
      [1, 0, 0, 0, 1, 0],
    ],
    [
      [8, 9, 10, 11, 12, 13, 14, 15],
      [0, 0, 1, 0, 1, 0],
    ],
    [
      [16, 17, 18, 19],
      [1, 0, 0],
    ],
  ]);
  for await (const { x } of source()) {
    expect(x.shape).toEqual([2, 4]);
    break;
  }
});

test('labels are ones on the wasm backend too', async () => {
  await tf.setBackend('wasm');
  expect((await rows(arrayBatches(digits, { limit: 2 })))[0][1]).toEqual([1, 0, 0, 0, 1, 0]);
  await tf.setBackend('cpu');
});

test('a seed shuffles, the same way each time; a limit cuts', async () => {
  const source = arrayBatches(digits, { batchSize: 5, seed: 3 });
  const [first] = await rows(source);
  expect(await rows(source)).toEqual([first]);
  expect(first[0]).not.toEqual(Array.from(digits.x));
  expect([...first[0]].sort((a, b) => a - b)).toEqual(Array.from(digits.x));
  expect(await rows(arrayBatches(digits, { limit: 1 }))).toEqual([
    [
      [0, 1, 2, 3],
      [1, 0, 0],
    ],
  ]);
});

test('targets without classes stay numbers', async () => {
  const data: Dataset = { x: Float32Array.of(1, 2), y: Float32Array.of(1, 2, 3, 4), shape: [1], size: 2 };
  expect(await rows(arrayBatches(data))).toEqual([
    [
      [1, 2],
      [1, 2, 3, 4],
    ],
  ]);
});

test('nothing stays in memory, also when the loop is left early or throws', async () => {
  const before = tf.memory().numTensors;
  const source = arrayBatches(digits, { batchSize: 2 });
  await rows(source);
  for await (const batch of source()) {
    void batch;
    break;
  }
  await expect(
    (async () => {
      for await (const batch of source()) throw new Error(`stop ${batch.x.shape}`);
    })(),
  ).rejects.toThrow('stop');
  expect(tf.memory().numTensors).toBe(before);
});

test.each<[string, Partial<Dataset>, string]>([
  ['too few inputs', { x: new Float32Array(19) }, '5 × 4 = 20 input values'],
  ['too many labels', { y: new Int32Array(6) }, '5 labels'],
  ['label out of range', { y: Int32Array.of(0, 1, 2, 3, 0) }, '3 in sample 3'],
  ['fractional label', { y: Float32Array.of(0, 1, 2, 0.5, 0) }, '0.5 in sample 3'],
  ['NaN input', { x: digits.x.map((v, i) => (i === 9 ? NaN : v)) }, 'NaN in sample 2'],
  ['no samples', { size: 0 }, 'at least one sample'],
])('%s', (_name, change, message) => {
  expect(() => checkDataset({ ...digits, ...change }, 'digits')).toThrow(
    expect.objectContaining({ code: 'data-invalid', message: expect.stringContaining(message) }),
  );
});

test.each([3, -1, 0.5, NaN])(
  'batches of a label %f are refused: it would be a one in the row of another sample',
  (label) => {
    const y = Float32Array.of(0, 1, 2, label, 0);
    expect(() => arrayBatches({ ...digits, y })).toThrow(
      expect.objectContaining({ code: 'data-invalid', message: expect.stringContaining(`${label} in sample 3`) }),
    );
  },
);

test('data that cannot take the shape of the input is refused, open sizes are let pass', () => {
  expect(() => checkInputShape(digits, [5], '--data')).toThrow(
    expect.objectContaining({
      code: 'data-shape',
      where: '--data',
      message: expect.stringContaining('[2, 2] (4 values)'),
    }),
  );
  expect(() => checkInputShape(digits, [null, 2])).not.toThrow();
  expect(() => checkInputShape(digits, [null, 3])).toThrow(expect.objectContaining({ code: 'data-shape' }));
  expect(() => arrayBatches(digits, { batchSize: 0 })).toThrow(expect.objectContaining({ code: 'batch-size' }));
});

test('a long loop lets timers and signals have their turn, on a backend that answers at once as well', async () => {
  await tf.setBackend('wasm');
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  try {
    for await (const { x } of arrayBatches(digits, { batchSize: 1 })()) {
      await x.data();
      for (const end = performance.now() + 60; performance.now() < end;);
    }
  } finally {
    clearInterval(timer);
    await tf.setBackend('cpu');
  }
  expect(turns).toBeGreaterThanOrEqual(3);
});
