import { sizeOf } from '@espalier/core';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { DIGITS, ZOO, type ZooModel } from './index.js';

const SIZE = 10_000;
const PIXELS = 784;
const images = gunzipSync(readFileSync(DIGITS.images));
const labels = gunzipSync(readFileSync(DIGITS.labels));

describe('digits', () => {
  test('are two IDX files of unsigned bytes', () => {
    expect([0, 4, 8, 12].map((at) => images.readUInt32BE(at))).toEqual([0x0803, SIZE, 28, 28]);
    expect(images.length).toBe(16 + SIZE * PIXELS);
    expect([0, 4].map((at) => labels.readUInt32BE(at))).toEqual([0x0801, SIZE]);
    expect(labels.length).toBe(8 + SIZE);
  });

  test('every fifth is a test digit, and every class has its share of them', () => {
    const count = [Array(10).fill(0), Array(10).fill(0)];
    labels.subarray(8).forEach((label, i) => count[Number(DIGITS.isTest(i))][label]++);
    const [train, test] = count;
    expect([train, test].map((counts) => counts.reduce((a, b) => a + b, 0))).toEqual([8000, 2000]);
    test.forEach((n, label) => expect(Math.abs(n / (n + train[label]) - 0.2)).toBeLessThan(0.02));
  });

  test('classes are mixed: any hundred digits in a row have all ten', () => {
    for (let i = 8; i < 8 + SIZE; i += 100) expect(new Set(labels.subarray(i, i + 100)).size).toBe(10);
  });
});

describe.each(Object.values(ZOO))('$name', (zoo: ZooModel) => {
  const json = JSON.parse(readFileSync(join(zoo.dir, 'model.json'), 'utf8'));
  const weights = readFileSync(join(zoo.dir, 'weights.bin'));
  const specs: { name: string; shape: number[]; dtype: string }[] = json.weightsManifest[0].weights;

  test('is a layers model in two files, without optimizer', () => {
    expect(json.format).toBe('layers-model');
    expect(json.trainingConfig).toBeUndefined();
    expect(json.weightsManifest.map((part: { paths: string[] }) => part.paths)).toEqual([['weights.bin']]);
    expect(specs.every(({ dtype }) => dtype === 'float32')).toBe(true);
    const size = specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    expect(weights.length).toBe(4 * size);
  });

  test('gets as many test digits right as its metadata says', async () => {
    await tf.setBackend('wasm');
    const model = await tfl.loadLayersModel({
      load: async () => ({
        modelTopology: json.modelTopology,
        weightSpecs: json.weightsManifest[0].weights,
        weightData: weights.buffer.slice(weights.byteOffset, weights.byteOffset + weights.length) as ArrayBuffer,
      }),
    });
    const rows = Array.from({ length: SIZE }, (_, i) => i).filter(DIGITS.isTest);
    const { mean, std } = zoo.normalise;
    const x = Float32Array.from({ length: rows.length * PIXELS }, (_, i) => {
      const pixel = images[16 + rows[Math.floor(i / PIXELS)] * PIXELS + (i % PIXELS)];
      return (pixel / 255 - mean) / std;
    });
    const answers = tf.tidy(() => {
      const input = tf.tensor(x, [rows.length, ...(model.inputs[0].shape.slice(1) as number[])]);
      return tf.argMax(model.predict(input, { batchSize: 250 }) as tf.Tensor, 1);
    });
    const values = await answers.data();
    const right = rows.filter((row, i) => labels[8 + row] === values[i]).length;
    expect(Math.round((right / rows.length) * 1e4) / 100).toBe(json.userDefinedMetadata.espalier.accuracy);
    answers.dispose();
    model.dispose();
  });
});

test('all weights together stay under 4 MB', () => {
  const bytes = Object.values(ZOO).map(({ dir }) => readFileSync(join(dir, 'weights.bin')).length);
  expect(bytes.reduce((a, b) => a + b, 0)).toBeLessThan(4e6);
});
