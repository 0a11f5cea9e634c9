/** The same on a tf.LayersModel, with the real adapter, measures and backends. */
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { adaptLayers, type LayersPrunable } from '@espalier/adapter-layers';
import { seededRandom } from '@espalier/core';
import { arrayBatches, type Dataset } from '@espalier/data';
import { accuracy, latency } from '@espalier/measure';
import { gradient } from '@espalier/scorer-gradient';
import { magnitude } from '@espalier/scorer-magnitude';
import { nm } from '@espalier/strategy-nm';
import { structured } from '@espalier/strategy-structured';
import { unstructured } from '@espalier/strategy-unstructured';
import * as tf from '@tensorflow/tfjs-core';
import { layers, type Sequential, sequential } from '@tensorflow/tfjs-layers';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runComparison } from './comparison.js';
import { parseReport } from '../report/report.js';

const useBackend = async (name: string) => {
  await tf.setBackend(name);
  return tf.getBackend();
};

function network(): Sequential {
  const random = seededRandom(3);
  const net = sequential({
    layers: [
      layers.conv2d({ name: 'conv', filters: 8, kernelSize: 3, activation: 'relu', inputShape: [8, 8, 1] }),
      layers.batchNormalization({ name: 'bn' }),
      layers.maxPooling2d({ name: 'pool', poolSize: 2 }),
      layers.flatten({ name: 'flat' }),
      layers.dense({ name: 'fc', units: 12, activation: 'relu' }),
      layers.dense({ name: 'out', units: 3, activation: 'softmax' }),
    ],
  });
  tf.tidy(() => {
    // Variances have to be positive.
    const draw = (w: tf.Tensor) =>
      tf.tensor(
        Float32Array.from({ length: w.size }, () => random() - 0.2),
        w.shape,
      );
    net.setWeights(net.weights.map((w) => (w.name.includes('variance') ? tf.onesLike(w.read()) : draw(w.read()))));
  });
  return net;
}

function digits(): Dataset {
  const random = seededRandom(4);
  const size = 24;
  return {
    x: Float32Array.from({ length: size * 64 }, () => random()),
    y: Int32Array.from({ length: size }, (_, i) => i % 3),
    shape: [64],
    classes: 3,
    size,
  };
}

const weightsOf = async (model: LayersPrunable) =>
  Promise.all(model.params.map(async ({ id }) => new Uint32Array((await model.read(id)).buffer)));

test('compares three granularities and leaves the model and the memory as they were', async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
  const model = adaptLayers(network());
  const before = await weightsOf(model);
  const tensors = tf.memory().numTensors;
  const data = digits();
  const inputShape = [8, 8, 1];
  const report = await runComparison({
    model,
    trials: [
      { scorer: magnitude(), strategy: unstructured(), sparsity: 0.9 },
      { scorer: gradient(), strategy: unstructured({ scope: 'local' }), sparsity: 0.5 },
      { scorer: magnitude(), strategy: structured(), sparsity: 0.5 },
      { scorer: magnitude(), strategy: nm({ keep: 2, group: 4, tail: 'dense' }) },
      { scorer: magnitude(), strategy: nm({ keep: 2, group: 4 }), id: 'strict' },
    ],
    calibration: arrayBatches(data, { inputShape, batchSize: 8 }),
    accuracy: (of) => accuracy((x) => of.predict(x), data, { inputShape }),
    compactOf: async () => [{ values: 'int8', bytes: 100, accuracy: 50 }],
    latency: (contenders) =>
      latency(contenders, { inputShape, backends: ['cpu', 'wasm'], useBackend, rounds: 3, warmup: 1, minTimeMs: 0.1 }),
    about: {
      created: '2026-01-02T03:04:05Z',
      command: 'a command',
      model: { name: 'small' },
      data: { name: 'random', samples: data.size },
      machine: { cpu: 'a cpu', cores: 2, platform: 'linux', tfjs: tf.version_core },
    },
  });

  expect(parseReport(JSON.parse(JSON.stringify(report)))).toEqual(report);
  const published = JSON.parse(readFileSync(join(__dirname, '..', '..', 'report.schema.json'), 'utf8'));
  const validate = new Ajv2020({ strict: false, formats: { 'date-time': true } }).compile(published);
  expect([validate(JSON.parse(JSON.stringify(report))), validate.errors]).toEqual([true, null]);
  expect(report.failures.map(({ id, code }) => [id, code])).toEqual([['strict', 'nm-axis']]);
  expect(report.rows).toHaveLength(4);
  for (const { latency: measured, accuracy: percent, macs } of report.rows) {
    expect(measured.map(({ backend, ran }) => [backend, ran])).toEqual([
      ['cpu', 'cpu'],
      ['wasm', 'wasm'],
    ]);
    expect(percent!.dense).toBe(report.dense.accuracy);
    expect(measured[0].theoretical).toBeCloseTo(macs!.dense / macs!.kept, 12);
  }
  // 3·3·8 weights at 6·6 pixels, 72·12, 12·3.
  expect(report.model).toMatchObject({ layers: 3, macs: 72 * 36 + 864 + 36 });
  const [sparse, , small, pattern] = report.rows;
  expect(sparse.params.prunable).toBe(972);
  expect(sparse.layers.reduce((sum, { size, kept }) => sum + size - kept, 0)).toBe(875);
  expect(small.channels).toEqual({ total: 20, kept: 10 });
  expect(pattern.notes.map(({ text }) => text).join()).toContain('conv/kernel stays dense');

  expect(tf.getBackend()).toBe('cpu');
  expect(await weightsOf(model)).toEqual(before);
  expect(tf.memory().numTensors).toBe(tensors);
  model.dispose();
});
