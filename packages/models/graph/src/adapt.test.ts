import '@tensorflow/tfjs-backend-cpu';
import { describeAdapter } from '@espalier/conformance';
import { bitsFrom, memoryPlan, prune, sizeOf } from '@espalier/core';
import { gradient } from '@espalier/scorer-gradient';
import { magnitude } from '@espalier/scorer-magnitude';
import { structured } from '@espalier/strategy-structured';
import { unstructured } from '@espalier/strategy-unstructured';
import { fineTune } from '@espalier/train';
import * as tf from '@tensorflow/tfjs-core';
import { loadGraphModelSync } from '@tensorflow/tfjs-converter';
import { adaptGraph, type GraphPrunable, toGraphArtifacts } from './index.js';
import { GraphBuilder, window } from '../testing/build.js';
import { network } from '../testing/network.js';

beforeAll(async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
});

const batch = () => ({
  x: tf.randomUniform([3, 4, 4, 2], -1, 1, 'float32', 5),
  y: tf.tensor2d([1, 0, 0, 0, 1, 0, 0, 0, 1], [3, 3]),
});

const subject = (make: () => GraphPrunable | Promise<GraphPrunable>, of = batch) => ({
  make,
  batch: of,
  open: (artifacts: tf.io.ModelArtifacts) => adaptGraph(artifacts),
});

describeAdapter(
  'a frozen graph',
  subject(() => adaptGraph(network())),
);

describeAdapter(
  'logits',
  subject(() => adaptGraph(network(4, 'Identity'), { loss: 'softmaxCrossEntropy' })),
);

describeAdapter(
  'a smaller graph',
  subject(async () => {
    const model = adaptGraph(network());
    const smaller = await model.shrink(memoryPlan({ units: { a: bitsFrom(4, (i) => i > 0) } }));
    model.dispose();
    return smaller;
  }),
);

/** Convolutions on pictures of any size. */
function openNetwork(): tf.io.ModelArtifacts {
  const g = new GraphBuilder(7);
  const x = g.input([-1, -1, -1, 2]);
  const a = g.node('Relu', [g.node('Conv2D', [x, g.floats([2, 2, 2, 4], 'ka')], window(), 'a')], {}, 'r');
  const b = g.node('Conv2D', [a, g.floats([1, 1, 4, 3], 'kb')], window(), 'b');
  return g.artifacts([g.node('Softmax', [g.node('Mean', [b, g.ints([1, 2])], {}, 'm')], {}, 'out')]);
}

describeAdapter(
  'a graph of open sizes',
  subject(() => adaptGraph(openNetwork())),
);

const data = { x: new Float32Array(6 * 32).map((_, i) => Math.sin(i * i)), y: Int32Array.of(0, 1, 2, 0, 1, 2) };

const dataset = { ...data, shape: [4, 4, 2], classes: 3, size: 6 };

test('a model that somebody loaded is masked and trained in place, and saves what it has now', async () => {
  const loaded = loadGraphModelSync(network()) as never as Parameters<typeof adaptGraph>[0];
  const model = adaptGraph(loaded);
  expect(model.output).toBe('probabilities');
  expect(model.loss).toBe('categoricalCrossentropy');
  const { handle, plan } = await prune(model, { scorer: magnitude(), strategy: unstructured(), sparsity: 0.5 });
  const x = tf.tensor(data.x, [6, 4, 4, 2]);
  const before = await (model.predict(x) as tf.Tensor2D).array();
  const { losses } = await fineTune(model, {
    data: dataset,
    epochs: 25,
    batchSize: 3,
    learningRate: 0.02,
    handles: [handle],
  });
  const after = await (model.predict(x) as tf.Tensor2D).array();
  expect(losses[24]).toBeLessThan(0.5 * losses[0]);
  expect(after).not.toEqual(before);
  // The model's own call, through no wrapper of ours.
  expect(await (model.model.predict(x) as tf.Tensor2D).array()).toEqual(after);
  for (const id of plan.params) {
    const mask = await plan.mask(id);
    (await model.read(id)).forEach((w, i) => (mask.bytes[i >> 3] >> (i & 7)) & 1 || expect(w).toBe(0));
  }
  const again = loadGraphModelSync(await toGraphArtifacts(model.model));
  expect(await (again.predict(x) as tf.Tensor2D).array()).toEqual(after);
  // Adapted once more, it keeps its variables.
  expect(adaptGraph(loaded).variable('ka')).toBe(model.variable('ka'));
  again.dispose();
  x.dispose();
  model.dispose();
});

test('channels are scored by gradient', async () => {
  const model = adaptGraph(network());
  const batches = async function* () {
    const one = batch();
    yield one;
    tf.dispose([one.x, one.y]);
  };
  const before = tf.memory().numTensors;
  const { plan, handle } = await prune(model, {
    scorer: gradient(),
    strategy: structured(),
    sparsity: 0.5,
    data: batches,
  });
  handle.restore();
  expect(Object.keys(plan.units)).toEqual(['a']);
  expect(tf.memory().numTensors).toBe(before);
  model.dispose();
});

test.each(['ka', 'kb', 'kc'])('the rows that enter %s, times it, are what its node makes of them', async (id) => {
  const model = adaptGraph(network());
  const { x, y } = batch();
  const kernel = model.variable(id);
  const rows: tf.Tensor2D[] = [];
  for await (const piece of model.inputs({ x, y }, id)) rows.push(piece.clone());
  const product = tf.matMul(tf.concat(rows), tf.reshape(kernel, [-1, kernel.shape[kernel.rank - 1]]) as tf.Tensor2D);
  const node = { ka: 'a', kb: 'b', kc: 'out' }[id]!;
  const made = model.model.execute(x, node) as tf.Tensor;
  const expected = await made.data();
  const bias = id === 'ka' ? model.variable('ba') : id === 'kc' ? model.variable('bc') : tf.scalar(0);
  const sum = tf.add(product, bias);
  const end = id === 'ka' ? tf.elu(sum) : id === 'kc' ? tf.softmax(sum) : sum;
  (await end.data()).forEach((value, i) => expect(value).toBeCloseTo(expected[i], 5));
  model.dispose();
});

test('quantised weights are dequantised, and said to be', async () => {
  const artifacts = network();
  const bytes = new Uint8Array(artifacts.weightData as ArrayBuffer);
  let at = 0;
  const parts: Uint8Array[] = [];
  const specs = artifacts.weightSpecs!.map((spec, i) => {
    const size = sizeOf(spec.shape);
    const own = bytes.slice(at, (at += 4 * size));
    if (spec.dtype !== 'float32' || i > 3) {
      parts.push(own);
      return spec;
    }
    const [min, scale] = [-1, 2 / 255];
    const values = Array.from(new Float32Array(own.buffer), (v) => Math.round((v - min) / scale));
    parts.push(i % 2 ? new Uint8Array(Uint16Array.from(values).buffer) : Uint8Array.from(values));
    return { ...spec, quantization: { dtype: i % 2 ? 'uint16' : 'uint8', scale, min } as const };
  });
  const weightData = Uint8Array.from(parts.flatMap((part) => [...part])).buffer;
  const model = adaptGraph({ ...artifacts, weightSpecs: specs, weightData });
  expect(model.notes.map(({ text }) => text)).toEqual([
    'weights were stored quantised (2 as uint8, 2 as uint16); they are float32 from here on, also in what is written',
  ]);
  const written = await toGraphArtifacts(model);
  expect(written.weightSpecs!.some(({ quantization }) => quantization)).toBe(false);
  const again = adaptGraph(written);
  expect(await again.read('ka')).toEqual(await model.read('ka'));
  expect(again.notes).toEqual([]);
  again.dispose();
  model.dispose();
});

test('several inputs, several outputs, wrong data, no loss', async () => {
  const g = new GraphBuilder(1);
  const x = g.input([-1, 3]);
  const a = g.node('MatMul', [x, g.floats([3, 2])], {}, 'a');
  const b = g.node('Softmax', [a], {}, 'b');
  const both = g.artifacts([a, b]);
  const model = adaptGraph(both);
  const input = tf.ones([2, 3]);
  expect(() => model.predict(input)).toThrow(expect.objectContaining({ code: 'model-outputs' }));
  const one = adaptGraph(both, { output: 'b' });
  expect(one.output).toBe('probabilities');
  expect((one.predict(input) as tf.Tensor).shape).toEqual([2, 2]);
  expect(() => one.predict(tf.ones([2, 4]))).toThrow(expect.objectContaining({ code: 'data-shape' }));
  expect(() => adaptGraph(both, { output: 'c' })).toThrow(expect.objectContaining({ code: 'output-unknown' }));
  expect(() => adaptGraph(both, { loss: 'no such' })).toThrow(expect.objectContaining({ code: 'loss-unknown' }));
  const plain = adaptGraph(both, { output: 'a' });
  await expect(plain.gradients({ x: input, y: tf.ones([2, 2]) })).rejects.toMatchObject({ code: 'loss-missing' });
  const h = new GraphBuilder(1);
  const sum = h.node('AddV2', [h.input([-1, 2], 'p'), h.input([-1, 2], 'q')], {}, 'sum');
  const two = adaptGraph(h.artifacts([sum]));
  expect(() => two.predict(input)).toThrow(expect.objectContaining({ code: 'model-inputs' }));
  for (const m of [model, one, plain, two]) m.dispose();
});
