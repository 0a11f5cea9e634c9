import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { seededRandom, sizeOf } from '@espalier/core';
import { encodeEspalier, espalier, type ValuesOption } from '@espalier/format';
import { accelerate } from '../index.js';
import { type Entries, entriesAt } from '../kernels/entries.js';
import type { Format } from '../kernels/format.js';
import { FORMATS } from '../kernels/formats.js';
import { type Heap, openHeap } from '../kernels/heap.js';
import { supportedBuilds } from '../kernels/instance.js';
import { entriesOf, type Matrix } from '../kernels/matrix.js';
import { type Pattern, patternOf, patternOfEntries } from '../kernels/pattern.js';
import type { StoredWeight } from './stored.js';

beforeEach(() => tf.setBackend('wasm'));

/** Weights of which `keep` are not zero; one in ten of those is −0. */
function weightsOf(size: number, keep: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length: size }, () => (random() >= keep ? 0 : random() < 0.1 ? -0 : random() - 0.5 || 1));
}

/** As a compact file stores them: every element that has a bit set. */
function stored(name: string, shape: number[], weights: Float32Array): StoredWeight {
  const positions = Uint32Array.from([...weights.keys()].filter((i) => !Object.is(weights[i], 0)));
  const values = Float32Array.from(positions, (at) => weights[at]);
  return { spec: { name, shape, dtype: 'float32' }, positions, values: new Uint8Array(values.buffer) };
}

describe('entries', () => {
  test('by hand: a row without any, a row in full, a −0', () => {
    const weights = Float32Array.of(0, 2, -0, 0, 0, 0, 1, 3, 4);
    const wanted: Entries = {
      starts: Uint32Array.of(0, 1, 1, 4),
      outputs: Uint32Array.of(1, 0, 1, 2),
      values: Float32Array.of(2, 1, 3, 4),
    };
    expect(entriesOf({ read: () => weights, inputs: 3, outputs: 3 })).toEqual(wanted);
    const at = entriesAt(Uint32Array.of(1, 2, 6, 7, 8), Float32Array.of(2, -0, 1, 3, 4), 3, 3);
    expect(at).toEqual(wanted);
    expect(patternOfEntries(at, 3, 3)).toEqual({
      ...{ inputs: 3, outputs: 3, nonzeros: 4, blocks4: 2, blocks16: 2, finite: true },
    });
  });

  test('any matrix: the same entries and the same pattern as from every weight, the same bytes in every format', async () => {
    const real = await openHeap(tf.backend() as BackendWasm, supportedBuilds()[0]!);
    const room = real.allocate(2 ** 20);
    // Always the same piece of memory, empty: encodings hold places in it.
    const heap: Heap = { ...real, allocate: () => (real.words().fill(0, room >>> 2, (room >>> 2) + 2 ** 18), room) };
    const encoded = (format: Format, matrix: Matrix, pattern: Pattern) => {
      const { offset, bytes } = format.encode(heap, matrix, pattern);
      expect(bytes).toBeLessThan(2 ** 20);
      return heap.words().slice(offset >>> 2, (offset + bytes) >>> 2);
    };
    const sizes = fc.record({
      inputs: fc.integer({ min: 1, max: 600 }),
      outputs: fc.integer({ min: 1, max: 70 }),
      keep: fc.constantFrom(0, 0.02, 0.1, 0.5, 1),
      seed: fc.integer(),
    });
    fc.assert(
      fc.property(sizes, ({ inputs, outputs, keep, seed }) => {
        const weights = weightsOf(inputs * outputs, keep, seed);
        const { positions, values } = stored('w', [inputs, outputs], weights);
        const entries = entriesAt(positions!, new Float32Array(values.slice().buffer), inputs, outputs);
        const plain = { read: () => weights, inputs, outputs };
        expect(entries).toEqual(entriesOf(plain));
        expect(patternOfEntries(entries, inputs, outputs)).toEqual(patternOf(weights, outputs));
        const pattern = patternOf(weights, outputs);
        for (const format of FORMATS.filter(({ name }) => !name.startsWith('dense'))) {
          const unread = { ...plain, read: () => new Float32Array(0), entries };
          expect(encoded(format, unread, pattern)).toEqual(encoded(format, plain, pattern));
        }
      }),
      { numRuns: 40, seed: 1 },
    );
    real.free(room);
  });
});

/** 1×1, 3×3 with stride, and dense. */
function network(keep: number): tfl.LayersModel {
  const { layers } = tfl;
  const model = tfl.sequential({
    layers: [
      layers.conv2d({ filters: 24, kernelSize: 1, activation: 'relu', inputShape: [12, 12, 8], name: 'point' }),
      layers.conv2d({ filters: 16, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu', name: 'patch' }),
      layers.flatten(),
      layers.dense({ units: 40, activation: 'relu', name: 'hidden' }),
      layers.dense({ units: 10, activation: 'softmax', name: 'top' }),
    ],
  });
  const weights = model.getWeights().map((w, i) => tf.tensor(weightsOf(w.size, w.rank > 1 ? keep : 1, i), w.shape));
  model.setWeights(weights);
  tf.dispose(weights);
  return model;
}

const input = () => {
  const random = seededRandom(1);
  return tf.tensor4d(Float32Array.from({ length: 2 * 144 * 8 }, random), [2, 12, 12, 8]);
};

async function run(model: { predict(x: tf.Tensor): unknown }): Promise<Float32Array> {
  const y = tf.tidy(() => model.predict(input()) as tf.Tensor);
  const values = (await y.data()) as Float32Array;
  y.dispose();
  return values.slice();
}

/** Loads from a compact file, keeping what it stores. */
async function fromFile(values: ValuesOption) {
  const before = network(0.2);
  let bytes = new Uint8Array(0);
  await before.save({
    save: async (artifacts) => {
      bytes = encodeEspalier(artifacts, { values }) as Uint8Array<ArrayBuffer>;
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
    },
  });
  before.dispose();
  const encodings: StoredWeight[] = [];
  const model = await tfl.loadLayersModel(espalier(bytes, { onTensor: (tensor) => encodings.push(tensor) }));
  return { model, encodings };
}

/** Watches which weights are downloaded. */
function watchData() {
  const { data } = tf.Tensor.prototype;
  const sizes: number[] = [];
  tf.Tensor.prototype.data = function (this: tf.Tensor) {
    sizes.push(this.size);
    return data.call(this) as never;
  };
  return () => {
    tf.Tensor.prototype.data = data;
    return sizes;
  };
}

describe('accelerate with encodings', () => {
  test.each<[ValuesOption]>([['float32'], ['int8'], ['codebook']])(
    'a LayersModel of %s values: the results of accelerate() without, and no weight is downloaded that is stored sparse',
    async (values) => {
      const { model, encodings } = await fromFile(values);
      const stock = await run(model);
      const without = await accelerate(model);
      await run(model);
      const wanted = await run(model);
      const sparsities = without.layers.map(({ id, sparsity }) => [id, sparsity]);
      without.dispose();
      const downloads = watchData();
      const fast = await accelerate(model, { encodings });
      // Small tensors may be smallest with every element stored.
      const kernels = encodings.filter(({ spec: { shape } }) => shape.length === 2 || shape.length === 4);
      const dense = kernels.filter(({ positions }) => positions === undefined);
      expect(dense.length).toBeLessThan(kernels.length);
      const sizes = dense.map(({ spec: { shape } }) => sizeOf(shape));
      expect(downloads()).toEqual(sizes);
      expect(fast.layers.map(({ id, sparsity }) => [id, sparsity])).toEqual(sparsities);
      await run(model);
      const got = await run(model);
      for (const other of [wanted, stock])
        got.forEach((v, i) => expect(Math.abs(v - other[i])).toBeLessThanOrEqual(1e-6));
      fast.dispose();
      model.dispose();
    },
  );

  test('a GraphModel', async () => {
    const weights = { w: weightsOf(64 * 48, 0.2, 5), b: weightsOf(48, 1, 6) };
    const node = (name: string, op: string, inputs: string[] = [], attr = {}) => ({ name, op, input: inputs, attr });
    const dtype = { type: 'DT_FLOAT' };
    const shape = (...sizes: number[]) => ({ shape: { dim: sizes.map((size) => ({ size: String(size) })) } });
    const artifacts = {
      format: 'graph-model',
      modelTopology: {
        node: [
          node('x', 'Placeholder', [], { dtype, shape: shape(-1, 64) }),
          node('w', 'Const', [], { dtype, value: { tensor: { dtype: 'DT_FLOAT', tensorShape: shape(64, 48).shape } } }),
          node('b', 'Const', [], { dtype, value: { tensor: { dtype: 'DT_FLOAT', tensorShape: shape(48).shape } } }),
          node('product', 'MatMul', ['x', 'w'], { T: dtype, transpose_a: { b: false }, transpose_b: { b: false } }),
          node('y', 'Add', ['product', 'b'], { T: dtype }),
        ],
        versions: { producer: 1 },
      },
      weightSpecs: [
        { name: 'w', shape: [64, 48], dtype: 'float32' as const },
        { name: 'b', shape: [48], dtype: 'float32' as const },
      ],
      weightData: Float32Array.of(...weights.w, ...weights.b).buffer,
    };
    const encodings: StoredWeight[] = [];
    const source = espalier(encodeEspalier(artifacts), { onTensor: (tensor) => encodings.push(tensor) });
    const model = await loadGraphModel(source);
    const x = tf.tensor2d(weightsOf(5 * 64, 1, 7), [5, 64]);
    const answer = async () => {
      const y = model.predict(x) as tf.Tensor;
      const values = Array.from(await y.data());
      y.dispose();
      return values;
    };
    const wanted = await answer();
    const downloads = watchData();
    const fast = await accelerate(model, { encodings });
    expect(downloads()).toEqual([]);
    expect(fast.layers).toMatchObject([{ id: 'w', sparsity: 1 - weights.w.filter((v) => v !== 0).length / (64 * 48) }]);
    await answer();
    (await answer()).forEach((v, i) => expect(Math.abs(v - wanted[i])).toBeLessThanOrEqual(1e-5));
    fast.dispose();
    model.dispose();
    x.dispose();
  });

  test('encodings of other weights are refused, and leave nothing behind', async () => {
    const { model, encodings } = await fromFile('float32');
    const tensors = tf.memory().numTensors;
    const [point] = encodings.filter(({ spec }) => spec.name === 'point/kernel');
    const values = point.values.slice();
    values[2] ^= 4;
    const twice = point.positions!.slice();
    twice[1] = twice[0];
    for (const [changed, message] of [
      [{ ...point, values }, "the encoding of 'point/kernel' is not that of the model's weights"],
      [{ ...point, spec: { ...point.spec, shape: [1, 1, 24, 8] } }, 'it says [1, 1, 24, 8]'],
      [{ ...point, positions: twice }, 'ascending places'],
      [{ ...point, values: values.subarray(4) }, 'values'],
    ] as const) {
      await expect(accelerate(model, { encodings: [changed] })).rejects.toMatchObject({
        name: 'UsageError',
        code: 'encodings',
        message: expect.stringContaining(message),
      });
    }
    expect(tf.memory().numTensors).toBe(tensors);
    // Names that the model does not have, and what is dense or no float32, are of no use and do no harm.
    const spare = [
      { ...point, spec: { ...point.spec, name: '__proto__' } },
      { ...point, positions: undefined },
      { ...point, spec: { ...point.spec, dtype: 'int32' } },
    ];
    const fast = await accelerate(model, { encodings: spare });
    await run(model);
    fast.dispose();
    model.dispose();
  });
});
