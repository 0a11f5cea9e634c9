import v8 from 'node:v8';
import { gzipSync } from 'node:zlib';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { assemblyHash } from '../../scripts/assembly-hash.cjs';
import { SOURCES } from './binary.js';
import type { Format } from './format.js';
import { FORMATS } from './formats.js';
import { type Geometry, product } from '@espalier/kernels-kit';
import { type Build, instantiate, supportedBuilds } from './instance.js';
import { patternOf } from './pattern.js';
import { roundUp } from './round-up.js';
import { moduleOf } from './modules.js';
import { unstructured } from './panel-formats.js';
import { scratchSpace } from './scratch.js';
import { closeSession, openSession, type Session } from '../accelerate/session.js';
import { cases, values, weights } from '../../testing/cases.js';

// Node 20 has relaxed SIMD behind a flag, newer ones have it anyway.
if (process.versions.node.startsWith('20.')) v8.setFlagsFromString('--experimental-wasm-relaxed-simd');

tf.env().set('PROD', true);

const TOLERANCE = 1e-4;

/** max|a − b| over max|b|. */
function distance(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Infinity;
  const [worst, scale] = [0, 0].map((_, i) =>
    b.reduce((max, v, at) => Math.max(max, i === 0 ? Math.abs(v - a[at]) : Math.abs(v)), 0),
  );
  return worst === 0 ? 0 : worst / scale;
}

type Make = (w: tf.Tensor) => tf.Tensor;

/** The result on cpu, then on wasm by each format that fits; never by the stock kernel, which some shapes crash. */
async function compare(session: Session, w: Float32Array, shape: number[], make: Make): Promise<Map<string, number>> {
  await tf.setBackend('cpu');
  const wanted = (await download(() => make(tf.tensor(w, shape)))) as Float32Array;
  await tf.setBackend('wasm');
  const found = new Map<string, number>();
  const before = tf.memory().numTensors;
  const pattern = patternOf(w, shape.at(-1)!);
  const run = async (format: Format) => {
    const kernel = tf.tensor(w, shape);
    const layer = session.add(kernel.dataId, pattern, { formats: [format], measured: false });
    const got = await download(() => make(kernel));
    kernel.dispose();
    if (layer.choice?.format === format) found.set(format.name, distance(got, wanted));
  };
  let geometry: Geometry | undefined;
  await run({ ...unstructured, name: 'probe', fits: (_, g) => ((geometry = g), true) });
  for (const format of FORMATS) if (format.fits(pattern, geometry!)) await run(format);
  expect(found.delete('probe')).toBe(true);
  expect(tf.memory().numTensors).toBe(before);
  return found;
}

async function download(make: () => tf.Tensor): Promise<Float32Array> {
  const tensor = tf.tidy(make);
  const data = (await tensor.data()) as Float32Array;
  tensor.dispose();
  return data;
}

describe.each<Build>(['simd', 'relaxed-simd'])('the %s build', (build) => {
  let session: Session;
  const seen = new Set<string>();

  beforeAll(async () => {
    expect(supportedBuilds()).toContain(build);
    await tf.setBackend('wasm');
    session = await openSession(tf.backend() as BackendWasm, build);
  });
  afterAll(() => closeSession(session));

  it('agrees with the cpu backend on convolutions', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (c) => {
        const dilated = c.dilations.some((d) => d > 1);
        const strides: [number, number] = dilated ? [1, 1] : c.strides;
        const pad = dilated && typeof c.pad === 'number' ? 'same' : c.pad;
        const [h, w] = c.size.map((n, i) => Math.max(n, (c.kernel[i] - 1) * c.dilations[i] + 1));
        const [inputs, outputs] = c.channels;
        const shape = [...c.kernel, inputs, outputs];
        const matrix = weights(c.kernel[0] * c.kernel[1] * inputs, outputs, c);
        const found = await compare(session, matrix, shape, (filter) =>
          tf.fused.conv2d({
            x: tf.tensor4d(values(c.batch * h * w * inputs, c.seed + 2), [c.batch, h, w, inputs]),
            filter: filter as tf.Tensor4D,
            strides,
            pad,
            dilations: c.dilations,
            dimRoundingMode: typeof pad === 'number' ? 'floor' : undefined,
            bias: c.bias ? tf.tensor1d(values(outputs, c.seed + 3)) : undefined,
            activation: c.activation,
            leakyreluAlpha: 0.1,
            ...(c.activation === 'prelu' && { preluActivationWeights: tf.tensor1d(values(outputs, c.seed + 4)) }),
          }),
        );
        expect(found.size).toBeGreaterThan(0);
        for (const [name, error] of found) {
          seen.add(name);
          if (!(error <= TOLERANCE)) throw new Error(`${name}: ${error}`);
        }
      }),
      { numRuns: 120, seed: 1 },
    );
  });

  it('agrees with the cpu backend on matrix products', async () => {
    const products = fc.record({
      rows: fc.constantFrom(1, 1, 2, 3, 4, 5, 8, 9, 16, 17, 27, 28, 29, 60, 65, 130),
      inputs: fc.constantFrom(1, 3, 8, 255, 257, 600),
      outputs: fc.integer({ min: 1, max: 40 }),
      sparsity: fc.constantFrom(0, 0.5, 0.9, 0.99, 1),
      block: fc.constantFrom(1, 4, 16),
      seed: fc.integer({ min: 1, max: 1e6 }),
      fused: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(products, async ({ rows, inputs, outputs, fused, ...how }) => {
        const found = await compare(session, weights(inputs, outputs, how), [inputs, outputs], (b) => {
          const a = tf.tensor2d(values(rows * inputs, how.seed + 2), [rows, inputs]);
          if (!fused) return tf.matMul(a, b as tf.Tensor2D);
          return tf.fused.matMul({ a, b, bias: tf.tensor1d(values(outputs, how.seed + 3)), activation: 'relu' });
        });
        for (const [name, error] of found) {
          seen.add(name);
          if (!(error <= TOLERANCE)) throw new Error(`${name}: ${error}`);
        }
        expect(found.size).toBe(3);
      }),
      { numRuns: 100, seed: 2 },
    );
    expect([...seen].sort()).toEqual(FORMATS.map(({ name }) => name).sort());
  });

  it('takes one weight among zeros, and rows of zeros', async () => {
    const w = new Float32Array(30 * 20);
    w[7 * 20 + 3] = 2;
    const found = await compare(session, w, [30, 20], (b) =>
      tf.matMul(tf.tensor2d(values(40 * 30, 5), [40, 30]), b as tf.Tensor2D),
    );
    expect([...found]).toEqual([
      ['unstructured', 0],
      ['blocks-4x1', 0],
      ['dense', 0],
    ]);
  });

  // Among others, panel-formats.ts and assembly/convolve.ts must agree on how many outputs are finished together.
  it.each([
    [1, 40, 200],
    [29, 40, 200],
    [29, 600, 200],
    [8, 300, 61],
  ])('writes nowhere but where it may: %i rows, %i inputs, %i outputs', (rows, inputs, outputs) => {
    const { heap } = session;
    const geometry = product(rows, inputs, outputs);
    const w = weights(inputs, outputs, { sparsity: 0.5, block: 4, seed: 6 });
    const pattern = patternOf(w, outputs);
    const guard = 64 * 1024;
    const column = new Float32Array(outputs);
    w.forEach((v, i) => (column[i % outputs] += v));
    const fitting = FORMATS.filter((format) => format.fits(pattern, geometry));
    expect(fitting).toHaveLength(3);
    for (const format of fitting) {
      const encoded = format.encode(heap, { read: () => w, inputs, outputs }, pattern);
      const sizes = { ...format.needs(geometry), x: 4 * rows * inputs, y: 4 * rows * outputs };
      const names = Object.keys(sizes) as (keyof typeof sizes)[];
      const total = names.reduce((sum, name) => sum + roundUp(sizes[name], 16) + guard, guard);
      const offset = heap.allocate(total);
      const floats = heap
        .floats()
        .subarray(offset >>> 2, (offset + total) >>> 2)
        .fill(7);
      const may = new Uint8Array(floats.length);
      const places = { ...sizes };
      names.reduce((at, name) => {
        places[name] = offset + at;
        const [from, to] = [at >>> 2, (at + sizes[name]) >>> 2];
        may.fill(1, from, to);
        floats.fill(name === 'x' ? 1 : 0, from, to);
        return at + roundUp(sizes[name], 16) + guard;
      }, guard);
      format.run(heap, encoded, geometry, places, places.x, places.y, places.zeros, -Infinity, Infinity);
      const y = floats.subarray((places.y - offset) >>> 2, (places.y - offset + sizes.y) >>> 2);
      expect(distance(y.slice(-outputs), column)).toBeLessThan(TOLERANCE);
      const strays = floats.filter((v, i) => may[i] === 0 && v !== 7).length;
      expect([format.name, strays]).toEqual([format.name, 0]);
      heap.free(offset);
      heap.free(encoded.offset);
    }
  });

  it.each([100, 300])('takes 3×3 kernels of %i channels, more than fit in the cache at once', async (channels) => {
    const w = weights(9 * channels, 21, { sparsity: 0.5, block: 4, seed: 8 });
    const found = await compare(session, w, [3, 3, channels, 21], (filter) =>
      tf.conv2d(tf.tensor4d(values(25 * channels, 9), [1, 5, 5, channels]), filter as tf.Tensor4D, 1, 'same'),
    );
    expect([...found.keys()]).toEqual(['unstructured', 'blocks-4x1', 'dense']);
    for (const error of found.values()) expect(error).toBeLessThan(TOLERANCE);
  });

  it('follows a panel that moves', () => {
    const { heap } = session;
    const [geometry, w] = [product(40, 30, 20), weights(30, 20, { sparsity: 0.5, block: 1, seed: 10 })];
    const encoded = unstructured.encode(heap, { read: () => w, inputs: 30, outputs: 20 }, patternOf(w, 20));
    const [x, y] = [heap.allocate(4 * 40 * 30), heap.allocate(4 * 40 * 20)];
    heap.floats().set(values(40 * 30, 11), x >>> 2);
    const spaces = [0, 1, 2].map(() => scratchSpace(heap));
    const needs = unstructured.needs(geometry);
    const found = spaces.map((space) => {
      const scratch = space.reserve(needs);
      for (const panel of spaces.filter((other) => other !== space).map((other) => other.reserve(needs).panel)) {
        heap.floats().fill(NaN, panel >>> 2, (panel + needs.panel) >>> 2);
      }
      unstructured.run(heap, encoded, geometry, scratch, x, y, scratch.zeros, -Infinity, Infinity);
      return heap.floats().slice(y >>> 2, (y >>> 2) + 40 * 20);
    });
    expect(found[0].every(Number.isFinite)).toBe(true);
    expect(found[1]).toEqual(found[0]);
    expect(found[2]).toEqual(found[0]);
    for (const space of spaces) space.dispose();
    [x, y, encoded.offset].forEach(heap.free);
  });

  it('keeps NaN in the input apart from the pixels that do not see it', async () => {
    const w = weights(4, 5, { sparsity: 0, block: 1, seed: 3 });
    for (const format of FORMATS.filter(({ name }) => !name.endsWith('vector'))) {
      const kernel = tf.tensor2d(w, [4, 5]);
      session.add(kernel.dataId, patternOf(w, 5), { formats: [format], measured: false });
      const x = Float32Array.from({ length: 12 }, (_, i) => (i === 5 ? NaN : i));
      const got = await download(() => tf.fused.matMul({ a: tf.tensor2d(x, [3, 4]), b: kernel, activation: 'relu' }));
      expect(Array.from(got, Number.isNaN)).toEqual(Array.from({ length: 15 }, (_, i) => i >= 5 && i < 10));
      kernel.dispose();
    }
  });
});

describe('the compiled modules', () => {
  it('are those of the sources in assembly/', () => {
    expect(SOURCES).toBe(assemblyHash());
  });

  it.each<Build>(['simd', 'relaxed-simd'])(
    '%s is smaller than 12 KB gzipped, and owns nothing of the memory',
    async (build) => {
      const bytes = await moduleOf(build);
      expect(gzipSync(bytes, { level: 9 }).length).toBeLessThan(12 * 1024);
      const module = new WebAssembly.Module(bytes);
      expect(WebAssembly.Module.imports(module)).toEqual([{ module: 'env', name: 'memory', kind: 'memory' }]);
      expect(WebAssembly.Module.exports(module).every(({ kind }) => kind === 'function')).toBe(true);
    },
  );

  it('differ by how they multiply and add, and in nothing else', async () => {
    const [plain, relaxed] = await Promise.all([moduleOf('simd'), moduleOf('relaxed-simd')]);
    const at = [...plain.keys()].filter((i) => plain[i] !== relaxed[i]);
    const hex = (bytes: Uint8Array, i: number) => Buffer.from(bytes.subarray(i, i + 3)).toString('hex');
    const pairs = at.filter((i) => at.indexOf(i - 1) < 0).map((i) => i - (plain[i] === 0xfd ? 0 : 1));
    expect([...new Set(pairs.map((i) => `${hex(plain, i)} ${hex(relaxed, i)}`))].sort()).toEqual([
      'fde401 fd8502',
      'fde601 010101',
    ]);
  });

  it('run in the shared memory of a threaded build', async () => {
    const memory = new WebAssembly.Memory({ initial: 2, maximum: 65536, shared: true });
    const { activate } = await instantiate('simd', memory);
    const floats = new Float32Array(memory.buffer);
    floats.set([-3, -2, -1, 0, 1], 16);
    activate(0, 64, 1, 5, 1024);
    expect([...floats.subarray(16, 21)]).toEqual([0, 0, 0, 0, 1]);
  });
});
