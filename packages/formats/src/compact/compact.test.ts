import type { io } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { seededRandom, sizeOf } from '@espalier/core';
import { tinyJson, TINY_WEIGHTS } from '../../testing/fixture.js';
import { crc32 } from '../kit/crc32.js';
import { decodeEspalier, EspalierDecoder, type TensorInfo } from './decode.js';
import { encodeEspalier, encodeWithReport } from './encode.js';

const { modelTopology } = tinyJson();

/** One float32 kernel as a model. */
function kernel(shape: number[], values: Float32Array, name = 'fc/kernel'): io.ModelArtifacts {
  return { modelTopology, weightSpecs: [{ name, shape, dtype: 'float32' }], weightData: values.slice().buffer };
}

function gaussian(size: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length: size }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    return radius * Math.cos(2 * Math.PI * random()) * 0.05;
  });
}

/** Zeros all but a share of the weights. */
function thinned(values: Float32Array, keep: (i: number) => boolean): Float32Array {
  return values.map((value, i) => (keep(i) ? value : 0));
}

/** Two random ones of every four inputs of an output, in 64 × 96. */
function twoOfFour(): (i: number) => boolean {
  const random = seededRandom(7);
  const pairs = [3, 5, 6, 9, 10, 12];
  const groups = Array.from({ length: 16 * 96 }, () => pairs[Math.floor(random() * 6)]);
  return (i) => ((groups[Math.floor(i / 384) * 96 + (i % 96)] >> (Math.floor(i / 96) % 4)) & 1) === 1;
}

const bytesOf = (artifacts: io.ModelArtifacts) => new Uint8Array(artifacts.weightData as ArrayBuffer);

describe('lossless', () => {
  const random = seededRandom(1);
  const dense = gaussian(64 * 96, 2);
  const cases: [string, number[], Float32Array, string][] = [
    ['dense', [64, 96], dense, 'dense'],
    ['90% sparse', [64, 96], thinned(dense, () => random() < 0.1), 'counted'],
    ['columns that thin out', [64, 96], thinned(dense, (i) => random() < ((i % 96) / 96) ** 4), 'modelled'],
    ['2:4', [64, 96], thinned(dense, twoOfFour()), 'pattern'],
    ['1 × 16 blocks', [64, 96], thinned(dense, (i) => (Math.floor(i / 16) * 2654435761) % 7 === 0), 'block'],
    ['empty', [64, 96], new Float32Array(64 * 96), 'dense'],
    ['a scalar', [], Float32Array.of(-0), 'dense'],
    ['no elements', [0, 5], new Float32Array(0), 'dense'],
  ];
  it.each(cases)('%s', (_, shape, values, positions) => {
    const artifacts = kernel(shape, values);
    const { bytes, tensors } = encodeWithReport(artifacts);
    expect(tensors[0]).toMatchObject({ positions, values: 'planes', elements: values.length });
    const decoded = decodeEspalier(bytes);
    expect(bytesOf(decoded)).toEqual(bytesOf(artifacts));
    expect(decoded).toMatchObject({ format: 'layers-model', modelTopology, weightSpecs: artifacts.weightSpecs });
  });

  it('any dtype, any bytes, any sparsity', () => {
    const dtype = fc.constantFrom('float32', 'int32', 'bool', 'string', 'complex64', 'uint8', 'uint16', 'float16');
    const tensor = fc.record({
      kind: dtype,
      shape: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 4 }),
      density: fc.constantFrom(0, 0.02, 0.1, 0.5, 1),
      alphabet: fc.constantFrom(1, 2, 16, 0x78),
      seed: fc.integer(),
    });
    fc.assert(
      fc.property(fc.array(tensor, { maxLength: 5 }), (tensors) => {
        const made = tensors.map(({ kind, shape, density, alphabet, seed }, i) => {
          const random = seededRandom(seed);
          const size = sizeOf(shape);
          const name = `w${i}`;
          if (kind === 'string') {
            const one = () => [seed & 3, 0, 0, 0, ...new Array<number>(seed & 3).fill(65)];
            return { spec: { name, shape, dtype: 'string' }, bytes: Array.from({ length: size }, one).flat() };
          }
          const width = { float32: 4, int32: 4, bool: 1, complex64: 8, uint8: 1, uint16: 2, float16: 2 }[kind]!;
          const isQuantized = ['uint8', 'uint16', 'float16'].includes(kind);
          const quantization = { dtype: kind, scale: 0.25, min: -3 };
          const bytes = Array.from({ length: size }, () =>
            random() < density
              ? Array.from({ length: width }, () => Math.floor(random() * alphabet))
              : new Array<number>(width).fill(0),
          ).flat();
          return {
            spec: isQuantized ? { name, shape, dtype: 'float32', quantization } : { name, shape, dtype: kind },
            bytes,
          };
        });
        const artifacts = {
          modelTopology,
          weightSpecs: made.map(({ spec }) => spec) as io.WeightsManifestEntry[],
          weightData: Uint8Array.from(made.flatMap(({ bytes }) => bytes)).buffer,
        };
        const decoded = decodeEspalier(encodeEspalier(artifacts));
        expect(decoded.weightSpecs).toEqual(artifacts.weightSpecs);
        expect(bytesOf(decoded)).toEqual(bytesOf(artifacts));
      }),
      { numRuns: 60, seed: 3 },
    );
  });

  it('keeps every field of the artifacts, and NaN with all its bits where asked to', () => {
    const artifacts: io.ModelArtifacts = {
      ...kernel(
        [3, 3],
        TINY_WEIGHTS.map((w, i) => (i === 4 ? NaN : w)),
      ),
      format: 'layers-model',
      generatedBy: 'a test',
      convertedBy: null,
      trainingConfig: { loss: 'mse', metrics: [], optimizer_config: { class_name: 'Adam', config: {} } } as never,
      userDefinedMetadata: { note: 'ünï' },
      signature: { inputs: {} },
    };
    expect(() => encodeEspalier(artifacts)).toThrow('NaN or an infinity at index 4 ([1, 1])');
    const bytes = encodeEspalier(artifacts, { nonFinite: 'keep' });
    expect(() => decodeEspalier(bytes)).toThrow("weight 'fc/kernel': wanted finite values");
    expect(decodeEspalier(bytes, { nonFinite: 'keep' })).toEqual(artifacts);
  });

  it('−0 is a value, and stays', () => {
    const values = Float32Array.of(0, -0, 0, 0, 1, 0, 0, 0, -0);
    const decoded = new Float32Array(decodeEspalier(encodeEspalier(kernel([3, 3], values))).weightData as ArrayBuffer);
    expect([...decoded].map((v) => Object.is(v, -0))).toEqual([...values].map((v) => Object.is(v, -0)));
  });
});

describe('lossy', () => {
  const random = seededRandom(4);
  const sparse = thinned(gaussian(64 * 96, 5), () => random() < 0.3);
  const pack = (options: object) =>
    new Float32Array(decodeEspalier(encodeEspalier(kernel([64, 96], sparse), options)).weightData as ArrayBuffer);
  const largest = sparse.reduce((max, w) => Math.max(max, Math.abs(w)), 0);

  it.each([
    ['float16', 2 ** -11 * largest],
    ['int8', largest / 127 / 1.99],
    ['int4', largest / 7 / 1.99],
    ['codebook', largest / 16],
  ])('%s stays close, and zeros stay zeros', (values, close) => {
    const decoded = pack({ values });
    decoded.forEach((value, i) => {
      expect(Math.abs(value - sparse[i])).toBeLessThanOrEqual(close);
      if (sparse[i] === 0) expect(value).toBe(0);
    });
  });

  it.each([1, 2, 4, 5, 8])(
    'a codebook of %i bits has that many values, less those that nothing is near',
    (codebookBits) => {
      const distinct = new Set(pack({ values: 'codebook', codebookBits })).size - 1;
      expect(distinct).toBeLessThanOrEqual(Math.min(2 ** codebookBits, 255));
      expect(distinct).toBeGreaterThan(0.6 * 2 ** codebookBits);
    },
  );

  it('packing again what was packed changes nothing more', () => {
    for (const values of ['float16', 'int8', 'int4', 'codebook'] as const) {
      const once = decodeEspalier(encodeEspalier(kernel([64, 96], sparse), { values }));
      expect(bytesOf(decodeEspalier(encodeEspalier(once)))).toEqual(bytesOf(once));
    }
  });

  it('int8 scales each channel; biases become float16; what float16 cannot hold stays as it is', () => {
    const specs = [
      { name: 'k', shape: [2, 2], dtype: 'float32' },
      { name: 'b', shape: [2], dtype: 'float32' },
      { name: 'v', shape: [2], dtype: 'float32' },
      { name: 'i', shape: [2], dtype: 'int32' },
    ] as io.WeightsManifestEntry[];
    const floats = Float32Array.of(127, 1.27, -3, 0.11, 0.1, 2, 1e-9, 1e9);
    const weightData = Uint8Array.from([...new Uint8Array(floats.buffer), 1, 0, 0, 0, 2, 0, 0, 0]).buffer;
    const { bytes, tensors } = encodeWithReport({ modelTopology, weightSpecs: specs, weightData }, { values: 'int8' });
    expect(tensors.map(({ values }) => values)).toEqual(['int8', 'float16', 'planes', 'planes']);
    const out = new Float32Array((decodeEspalier(bytes).weightData as ArrayBuffer).slice(0, 32));
    expect([out[0], out[2]]).toEqual([127, -3]);
    expect(out[1]).toBeCloseTo(1.27, 3);
    expect(out[3]).toBeCloseTo(0.11, 3);
    expect(out[4]).toBeCloseTo(0.1, 4);
    expect([...out.slice(6)]).toEqual([...Float32Array.of(1e-9, 1e9)]);
  });

  it('options that cannot be right', () => {
    expect(() => pack({ values: 'int3' })).toThrow("got 'int3'");
    expect(() => pack({ values: 'codebook', codebookBits: 9 })).toThrow('from 1 to 8');
  });
});

describe('crc32', () => {
  it('is that of PNG and gzip, wherever the bytes begin', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
    const bytes = Uint8Array.from({ length: 64 }, (_, i) => i * i);
    for (let from = 0; from < 9; from++) {
      for (let to = from; to < 64; to++) {
        let crc = -1;
        for (const byte of bytes.subarray(from, to)) {
          crc ^= byte;
          for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
        }
        expect(crc32(bytes.subarray(from, to))).toBe(~crc >>> 0);
      }
    }
  });
});

describe('the decoder', () => {
  const artifacts = kernel(
    [30, 20],
    thinned(gaussian(600, 6), (i) => i % 3 === 0),
  );

  it('takes a file in pieces of any size', () => {
    const bytes = encodeEspalier(artifacts);
    for (const size of [1, 7, 100, bytes.length]) {
      for (const total of [undefined, bytes.length]) {
        const decoder = new EspalierDecoder({}, total);
        for (let at = 0; at < bytes.length; at += size) decoder.push(bytes.subarray(at, at + size));
        expect(decoder.finish()).toEqual({ ...artifacts, format: 'layers-model' });
      }
    }
  });

  it('takes a Buffer of Node, which lies anywhere in a larger piece of memory', () => {
    const bytes = encodeEspalier(artifacts);
    for (let at = 0; at < 4; at++) {
      const pool = Buffer.alloc(bytes.length + 8);
      pool.set(bytes, at);
      expect(decodeEspalier(pool.subarray(at, at + bytes.length))).toEqual({ ...artifacts, format: 'layers-model' });
    }
  });

  it('hands over each tensor without its zeros', () => {
    const seen: TensorInfo[] = [];
    decodeEspalier(encodeEspalier(artifacts), { onTensor: (tensor) => seen.push(tensor) });
    expect(seen).toHaveLength(1);
    expect(seen[0].positions).toEqual(Uint32Array.from({ length: 200 }, (_, i) => 3 * i));
    expect(seen[0].values.length).toBe(800);
  });

  it('same artifacts, same bytes', () => {
    expect(encodeEspalier(artifacts)).toEqual(encodeEspalier(artifacts));
  });
});
