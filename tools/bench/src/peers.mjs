// 1×1 convolutions on the shapes of the layer benchmark through onnxruntime-web (wasm, one thread), TensorFlow.js's own kernel, and the
// dense and the sparse kernels of @espalier/kernels-wasm, in the same rounds. The peers compute densely whatever the weights are.
import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import * as ort from 'onnxruntime-web';
import protobuf from 'protobufjs';
import { seededRandom } from '@espalier/core';
import { interleave, machine, publish, quantile, ratios, spread } from './harness.mjs';
// Not exported by the package: the one way to hold a weight to one format.
import { FORMATS } from '../../../packages/runtimes/wasm/dist/kernels/formats.js';
import { supportedBuilds } from '../../../packages/runtimes/wasm/dist/kernels/instance.js';
import { patternOf } from '../../../packages/runtimes/wasm/dist/kernels/pattern.js';
import { openSession } from '../../../packages/runtimes/wasm/dist/accelerate/session.js';

const ROUNDS = 15;
/** One sample is about so long. */
const SAMPLE_MS = 3;
const SPARSITIES = [0.8, 0.9];
/** [inputs, outputs, pixels] */
const SHAPES = [
  [64, 128, 3136],
  [256, 256, 784],
  [512, 512, 196],
  [1024, 1024, 196],
];

const random = seededRandom(1);
const weights = (size, sparsity) =>
  Float32Array.from({ length: size }, () => (random() < sparsity ? 0 : random() * 2 - 1 || 0.5));

// What a model of one Conv needs of ONNX's schema (onnx.proto, IR version 8, operators of version 13).
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Model { int64 ir_version = 1; Graph graph = 7; repeated OperatorSet opset_import = 8; }
  message OperatorSet { string domain = 1; int64 version = 2; }
  message Graph { repeated Node node = 1; string name = 2; repeated Tensor initializer = 5; repeated Value input = 11; repeated Value output = 12; }
  message Node { repeated string input = 1; repeated string output = 2; string op_type = 4; repeated Attribute attribute = 5; }
  message Attribute { string name = 1; repeated int64 ints = 8; int32 type = 20; }
  message Tensor { repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9; }
  message Value { string name = 1; Type type = 2; }
  message Type { TensorType tensor_type = 1; }
  message TensorType { int32 elem_type = 1; Shape shape = 2; }
  message Shape { repeated Dimension dim = 1; }
  message Dimension { int64 dim_value = 1; }
`);
const Model = root.lookupType('Model');
const [FLOAT, INTS] = [1, 7];

/** y [1, outputs, side, side] = 1×1 convolution of x [1, inputs, side, side]; kernel [outputs, inputs, 1, 1]. */
function onnxConv(inputs, outputs, side, kernel) {
  const value = (name, channels) => ({
    name,
    type: {
      tensorType: { elemType: FLOAT, shape: { dim: [1, channels, side, side].map((dimValue) => ({ dimValue })) } },
    },
  });
  const model = {
    irVersion: 8,
    opsetImport: [{ domain: '', version: 13 }],
    graph: {
      name: 'conv',
      node: [
        {
          input: ['x', 'w'],
          output: ['y'],
          opType: 'Conv',
          attribute: [{ name: 'kernel_shape', ints: [1, 1], type: INTS }],
        },
      ],
      initializer: [
        { dims: [outputs, inputs, 1, 1], dataType: FLOAT, name: 'w', rawData: new Uint8Array(kernel.buffer) },
      ],
      input: [value('x', inputs)],
      output: [value('y', outputs)],
    },
  };
  return Model.encode(Model.fromObject(model)).finish();
}

/** [rows, columns] turned into [columns, rows]. */
function transposed(values, rows, columns) {
  const result = new Float32Array(values.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) result[c * rows + r] = values[r * columns + c];
  return result;
}

async function repeatsOf(run) {
  for (let i = 0; i < 5; i++) await run();
  const start = performance.now();
  for (let i = 0; i < 5; i++) await run();
  return Math.max(1, Math.ceil((5 * SAMPLE_MS) / (performance.now() - start)));
}

async function measure(session, [inputs, outputs, pixels]) {
  const side = Math.sqrt(pixels);
  const values = Float32Array.from({ length: pixels * inputs }, () => random());
  const x = tf.tensor(values, [1, side, side, inputs]);
  const dense = weights(inputs * outputs, 0);
  const tensor = (w) => tf.tensor(w, [1, 1, inputs, outputs]);
  const kernels = { stock: tensor(dense), dense: tensor(dense) };
  const hold = (kernel, w, format) =>
    session.add(kernel.dataId, patternOf(w, outputs), {
      formats: FORMATS.filter(({ name }) => name === format),
      measured: false,
    });
  hold(kernels.dense, dense, 'dense');
  for (const sparsity of SPARSITIES) {
    const w = weights(inputs * outputs, sparsity);
    const name = `unstructured ${sparsity * 100}%`;
    hold((kernels[name] = tensor(w)), w, 'unstructured');
  }
  const peer = await ort.InferenceSession.create(onnxConv(inputs, outputs, side, transposed(dense, inputs, outputs)));
  const feeds = { x: new ort.Tensor('float32', transposed(values, pixels, inputs), [1, inputs, side, side]) };
  const convolve = (w) => tf.conv2d(x, w, 1, 'valid');
  const runs = {
    'onnxruntime-web': async () => (await peer.run(feeds)).y.dispose(),
    ...Object.fromEntries(Object.entries(kernels).map(([key, w]) => [key, () => convolve(w).dispose()])),
  };
  await checkSame(peer, feeds, convolve(kernels.stock), [outputs, pixels]);
  const cases = {};
  for (const [key, run] of Object.entries(runs)) cases[key] = { run, repeat: await repeatsOf(run) };
  const samples = await interleave(cases, { rounds: ROUNDS });
  await peer.release();
  tf.dispose([x, kernels]);
  const flops = 2 * inputs * outputs * pixels;
  return {
    case: `${inputs}→${outputs}, ${pixels} px`,
    ratios: Object.fromEntries(Object.keys(runs).map((key) => [key, ratios(samples, key, 'onnxruntime-web')])),
    times: Object.fromEntries(Object.entries(samples).map(([key, times]) => [key, spread(times)])),
    gflops: Object.fromEntries(
      ['onnxruntime-web', 'stock', 'dense'].map((key) => [key, flops / quantile(samples[key], 0.5) / 1e6]),
    ),
  };
}

async function checkSame(peer, feeds, output, [outputs, pixels]) {
  const { y } = await peer.run(feeds);
  const wanted = transposed(await output.data(), pixels, outputs);
  const scale = wanted.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
  const worst = wanted.reduce((max, v, i) => Math.max(max, Math.abs(v - y.data[i])), 0);
  assert.ok(worst <= 1e-4 * scale, `onnxruntime-web differs by ${worst / scale}`);
  y.dispose();
  output.dispose();
}

tf.env().set('PROD', true);
ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';
await tf.setBackend('wasm');
const [build] = supportedBuilds();
const session = await openSession(tf.backend(), build);
const rows = [];
for (const shape of SHAPES) rows.push(await measure(session, shape));
const geometricMean = (list) => Math.exp(list.reduce((sum, v) => sum + Math.log(v), 0) / list.length);
const cases = Object.fromEntries(
  Object.keys(rows[0].ratios).map((key) => {
    const medians = rows.map((row) => row.ratios[key].median);
    return [key, { median: geometricMean(medians), p10: Math.min(...medians), p90: Math.max(...medians) }];
  }),
);
const here = machine(['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm']);
publish({
  name: 'peers',
  what: `1×1 convolutions on wasm (${build}), one thread, as fast as onnxruntime-web: geometric mean (lowest–highest shape)`,
  unit: '×',
  cases,
  rows,
  ratio: { subject: 'unstructured 90%', peer: 'onnxruntime-web', ...cases['unstructured 90%'] },
  machine: { ...here, versions: { ...here.versions, 'onnxruntime-web': ort.env.versions.web } },
});
