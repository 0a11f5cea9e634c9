import '@tensorflow/tfjs-backend-cpu';
import { adaptLayers } from '@espalier/adapter-layers';
import { type Batch, type Bits, bitsFrom, isKept, memoryPlan, seededRandom } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { kernelsOf, layerHessians } from './hessians.js';
import { fitInOrder } from './in-order.js';
import { layoutOf } from './layout.js';
import { createLinear } from './linear.js';
import { obsRepair } from './obs-repair.js';
import { refitRows } from './refit.js';
import { shiftOf } from './shift.js';

beforeAll(async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
});

const SAMPLES = 12;
const drawn = (seed: number) => tfl.initializers.heNormal({ seed });

/** Five layers with batch norms between them, one of them depthwise. */
function network() {
  const { conv2d, depthwiseConv2d, batchNormalization, reLU } = tfl.layers;
  const same = { kernelSize: 3, padding: 'same', useBias: false } as const;
  const after = (layer: tfl.layers.Layer, name: string) => [layer, batchNormalization({ name }), reLU()];
  const model = tfl.sequential({
    layers: [
      ...after(conv2d({ ...same, name: 'a', filters: 6, inputShape: [6, 6, 2], kernelInitializer: drawn(1) }), 'na'),
      ...after(conv2d({ ...same, name: 'b', filters: 8, kernelInitializer: drawn(2) }), 'nb'),
      ...after(depthwiseConv2d({ ...same, name: 'c', depthwiseInitializer: drawn(3) }), 'nc'),
      ...after(conv2d({ ...same, name: 'd', filters: 6, kernelInitializer: drawn(4) }), 'nd'),
      tfl.layers.globalAveragePooling2d({}),
      tfl.layers.dense({ name: 'e', units: 4, kernelInitializer: drawn(5) }),
    ],
  });
  return adaptLayers(model, { loss: 'meanSquaredError' });
}

function batchesOf(size: number) {
  return async function* (): AsyncGenerator<Batch> {
    const random = seededRandom(7);
    for (let from = 0; from < SAMPLES; from += size) {
      const values = Float32Array.from({ length: size * 72 }, () => 2 * random() - 1);
      const batch = { x: tf.tensor4d(values, [size, 6, 6, 2]), y: tf.zeros([size, 4]) };
      try {
        yield batch;
      } finally {
        tf.dispose([batch.x, batch.y]);
      }
    }
  };
}

type Model = ReturnType<typeof network>;

/** Three fifths of each kernel go, drawn. */
function drawnMasks(model: Model): Record<string, Bits> {
  const random = seededRandom(11);
  return Object.fromEntries(
    kernelsOf(model).map(({ id, shape }) => [
      id,
      bitsFrom(
        shape.reduce((a, b) => a * b),
        () => random() > 0.6,
      ),
    ]),
  );
}

const outputOf = async (model: Model) => {
  const all: number[] = [];
  for await (const { x } of batchesOf(SAMPLES)()) all.push(...(await tf.tidy(() => model.predict(x)).data()));
  return all;
};

async function errorWith(model: Model, values: Readonly<Record<string, Float32Array>>): Promise<number> {
  const wanted = await outputOf(model);
  const before = new Map<string, Float32Array>();
  for (const id of Object.keys(values)) before.set(id, await model.read(id));
  for (const [id, own] of Object.entries(values)) model.write(id, own);
  const found = await outputOf(model);
  for (const [id, own] of before) model.write(id, own);
  return found.reduce((sum, v, i) => sum + (v - wanted[i]) ** 2, 0);
}

const repaired = async (model: Model, size: number, masks = drawnMasks(model)) =>
  (await obsRepair({ steps: 0 }).repair({ model, batches: batchesOf(size) }, memoryPlan({ masks }))).values;

test('behind pruned layers: outputs are nearer than with every layer fitted to the inputs of before', async () => {
  const model = network();
  const masks = drawnMasks(model);
  const linear = await createLinear();
  const { layers } = await layerHessians(linear, { model, batches: batchesOf(SAMPLES) }, kernelsOf(model));
  const apart: Record<string, Float32Array> = {};
  for (const [id, layer] of layers) apart[id] = refitRows(linear, layer, await model.read(id), masks[id]);
  const inOrder = await repaired(model, SAMPLES);
  expect(await errorWith(model, inOrder)).toBeLessThan(0.5 * (await errorWith(model, apart)));
  for (const [id, values] of Object.entries(inOrder))
    values.forEach((w, i) => isKept(masks[id], i) || expect(Object.is(w, 0)).toBe(true));
  // The first layer has none in front of it.
  expect(inOrder['a/kernel']).toEqual(apart['a/kernel']);
  model.dispose();
});

test('the same bytes each time, and the same values up to rounding for other batches; nothing leaks', async () => {
  const model = network();
  const before = await Promise.all(model.params.map(({ id }) => model.read(id)));
  const tensors = tf.memory().numTensors;
  const whole = await repaired(model, SAMPLES);
  expect(await repaired(model, SAMPLES)).toEqual(whole);
  const parts = await repaired(model, 4);
  for (const [id, values] of Object.entries(whole))
    values.forEach((w, i) => expect(Math.abs(parts[id][i] - w)).toBeLessThan(2e-3));
  expect(tf.memory().numTensors).toBe(tensors);
  expect(await Promise.all(model.params.map(({ id }) => model.read(id)))).toEqual(before);
  model.dispose();
});

test('where nothing goes, values stay to the bit', async () => {
  const model = network();
  const all = Object.fromEntries(kernelsOf(model).map(({ id, shape }) => [id, bitsFrom(shape.reduce((a, b) => a * b), () => true)])); // prettier-ignore
  expect(await repaired(model, SAMPLES, all)).toEqual({});
  const before = new Map<string, Float32Array>();
  for (const id of Object.keys(all)) before.set(id, await model.read(id));
  const context = { model, batches: batchesOf(SAMPLES) };
  const fit = (_: unknown, target: Float32Array) => target;
  const { values } = await fitInOrder(await createLinear(), context, kernelsOf(model), { before, masked: before, fit });
  expect(values).toEqual(before);
  model.dispose();
});

test('data that breaks off half-way: the error comes out, the model is as it was, nothing leaks', async () => {
  const model = network();
  const before = await Promise.all(model.params.map(({ id }) => model.read(id)));
  const tensors = tf.memory().numTensors;
  let asked = 0;
  const batches = async function* () {
    if (++asked === 3) throw new Error('unplugged');
    yield* batchesOf(SAMPLES)();
  };
  const plan = memoryPlan({ masks: drawnMasks(model) });
  await expect(obsRepair({ steps: 0 }).repair({ model, batches }, plan)).rejects.toThrow('unplugged');
  expect(tf.memory().numTensors).toBe(tensors);
  expect(await Promise.all(model.params.map(({ id }) => model.read(id)))).toEqual(before);
  model.dispose();
});

test('kernels are taken in the order of their places', async () => {
  const model = network();
  const masks = drawnMasks(model);
  const params = model.params.map((param, place) => ({ ...param, place })).reverse();
  const turned = { ...model, params };
  const plan = memoryPlan({ masks });
  const { values } = await obsRepair({ steps: 0 }).repair({ model: turned, batches: batchesOf(SAMPLES) }, plan);
  expect(values).toEqual(await repaired(model, SAMPLES));
  model.dispose();
});

test.each([
  [[3, 2], 0],
  [[1, 3, 2, 2], -1],
])('the shift of a kernel of shape %j by hand', async (shape, inAxis) => {
  const layout = layoutOf({ shape, inAxis });
  const { blocks, inputs, outputs, width, at } = layout;
  const random = seededRandom(3);
  const draw = (length: number) => Float32Array.from({ length }, () => 2 * random() - 1);
  const [rows, w] = [5, draw(blocks * inputs * outputs)];
  const [was, is] = [draw(rows * width), draw(rows * width)];
  const expected = new Float64Array(w.length);
  const cell = (row: number, input: number, block: number) => row * width + input * blocks + block;
  for (let block = 0; block < blocks; block++)
    for (let output = 0; output < outputs; output++)
      for (let row = 0; row < rows; row++) {
        let missed = 0;
        for (let i = 0; i < inputs; i++)
          missed += (was[cell(row, i, block)] - is[cell(row, i, block)]) * w[at(block, output, i)];
        for (let i = 0; i < inputs; i++) expected[at(block, output, i)] += is[cell(row, i, block)] * missed;
      }
  const [a, b] = [tf.tensor2d(was, [rows, width]), tf.tensor2d(is, [rows, width])];
  const found = await shiftOf(layout, a, b, w);
  found.forEach((v, i) => expect(v).toBeCloseTo(expected[i], 4));
  expect(await shiftOf(layout, a, a, w)).toEqual(new Float32Array(w.length));
  tf.dispose([a, b]);
});
