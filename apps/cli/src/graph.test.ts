import '@tensorflow/tfjs-backend-wasm';
import { accelerate } from '@espalier/kernels-wasm';
import { fileIO } from '@espalier/format';
import * as tf from '@tensorflow/tfjs-core';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { espalier, readJson, scratch } from './testing.js';

const dir = scratch();
const models = join(dirname(require.resolve('@vladmandic/human')), '..', 'models');
/** Two classes from [32, 32, 3], six million multiplications: a network that others made. */
const liveness = join(models, 'liveness.json');
const data = join(dir, 'faces.mjs');
writeFileSync(
  data,
  `const part = (n, from) => ({ x: Float32Array.from({ length: 3072 * n }, (_, i) => Math.abs(Math.sin(i * (i + from)))), y: Int32Array.from({ length: n }, (_, i) => i % 2), shape: [32, 32, 3], classes: 2 });
   export default { train: part(16, 0), test: part(8, 1000) };`,
);

beforeAll(async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('wasm');
});

test('inspect: a row for each node with weights, in text and JSON', () => {
  const run = espalier(['inspect', liveness, '--json']);
  expect(run.code).toBe(0);
  expect(run.json()).toMatchObject({ format: 'graph-model', params: 148242 });
  expect(run.json().layers.map((l: { className: string }) => l.className)).toContain('_FusedConv2D');
  const text = espalier(['inspect', join(models, 'antispoof.json')]);
  expect(text.stderr).toContain('10 as float16');
});

test.each([
  ['single weights', ['--sparsity', '0.9']],
  ['N:M', ['--strategy', 'nm', '--tail', 'dense']],
  ['channels', ['--strategy', 'structured', '--sparsity', '0.5']],
  ['channels to a budget', ['--strategy', 'structured', '--macs', '0.5']],
  ['gradient and fine-tuning', ['--scorer', 'gradient', '--sparsity', '0.7', '--data', data, '--fine-tune', '1']],
])('prune by %s: a graph model that plain TensorFlow.js loads, and accelerate() takes', async (name, options) => {
  const out = join(dir, name.replace(/\W/g, '-'));
  const run = espalier(['prune', liveness, '-o', out, ...options, '--json']);
  expect(run).toMatchObject({ code: 0 });
  const { params, macs } = run.json();
  expect(params.kept).toBeLessThan(0.7 * params.total);
  if (name.includes('budget')) expect(Math.abs(macs.kept / macs.dense - 0.5)).toBeLessThan(0.02);
  expect(readJson(join(out, 'model.json'))).toMatchObject({ format: 'graph-model' });
  const model = await loadGraphModel(fileIO(out));
  const x = tf.randomUniform([2, 32, 32, 3], 0, 1, 'float32', 3);
  const plain = model.predict(x) as tf.Tensor;
  expect(plain.shape).toEqual([2, 2]);
  const fast = await accelerate(model);
  const sparse = model.predict(x) as tf.Tensor;
  const expected = await plain.data();
  (await sparse.data()).forEach((value, i) => expect(value).toBeCloseTo(expected[i], 4));
  expect(fast.layers.filter(({ sparsity }) => sparsity >= 0).length).toBeGreaterThan(0);
  fast.dispose();
  tf.dispose([x, plain, sparse]);
  model.dispose();
});

test('compare measures a graph model', () => {
  const out = join(dir, 'report');
  const options = [
    '--strategies',
    'unstructured,structured',
    '--sparsities',
    '0.5',
    '--backends',
    'wasm',
    '--runs',
    '3',
  ];
  const run = espalier(['compare', liveness, '--data', data, '-o', out, ...options, '--json']);
  expect(run).toMatchObject({ code: 0 });
  expect(run.json().rows).toHaveLength(2);
  expect(run.json().failures).toEqual([]);
});

test('broken graphs: one error, exit code 3, nothing written', () => {
  const broken = (name: string, change: (json: ReturnType<typeof readJson>) => void) => {
    const folder = join(dir, name);
    mkdirSync(folder);
    copyFileSync(join(models, 'liveness.bin'), join(folder, 'liveness.bin'));
    const json = JSON.parse(readFileSync(liveness, 'utf8'));
    change(json);
    writeFileSync(join(folder, 'model.json'), JSON.stringify(json));
    return folder;
  };
  interface Nodes {
    modelTopology: { node: { name: string; op: string; input?: string[] }[] };
  }
  const convolution = ({ modelTopology }: Nodes) => modelTopology.node.find(({ op }) => op === '_FusedConv2D')!;
  for (const [code, change] of [
    ['graph-cycle', (json) => void (convolution(json).input![0] = convolution(json).name)],
    ['node-connection', (json) => void (convolution(json).input![0] = 'gone')],
    ['node-duplicate', (json) => void json.modelTopology.node.push(json.modelTopology.node[0])],
    ['weights-mismatch', (json) => void json.modelTopology.node.push({ name: 'extra', op: 'Const' })],
  ] satisfies [string, (json: Nodes) => void][]) {
    const out = join(dir, `${code}-out`);
    const run = espalier(['prune', broken(code, change as never), '-o', out, '--json']);
    expect(run.code).toBe(3);
    expect(run.json().error).toMatchObject({ code });
    expect(existsSync(out)).toBe(false);
  }
});
