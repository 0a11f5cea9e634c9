import type { io } from '@tensorflow/tfjs-core';
import { seededRandom } from '@espalier/core';
import { tinyJson } from '../../testing/fixture.js';
import { type EncodeOptions, encodeWithReport } from './encode.js';
import { entropyOf, entropyOfCounts } from './entropy.js';
import { quantiseShared } from './quantise.js';

const { modelTopology } = tinyJson();
const pack = (shape: number[], values: Float32Array, options: EncodeOptions) => {
  const weightSpecs: io.WeightsManifestEntry[] = [{ name: 'k', shape, dtype: 'float32' }];
  return encodeWithReport({ modelTopology, weightSpecs, weightData: values.slice().buffer }, options);
};

describe('entropy', () => {
  it.each<[string, number[], number]>([
    ['one symbol', [5], 0],
    ['nothing', [], 0],
    ['two as likely, a bit each', [4, 4], 1],
    ['four as likely, two bits each', [2, 2, 2, 2], 2],
    ['a half and two quarters, 1.5 bits each', [8, 4, 4], 3],
  ])('%s', (_, counts, bytes) => {
    expect(entropyOfCounts(counts)).toBeCloseTo(bytes, 12);
    const { bytes: found, bias } = entropyOf(Uint8Array.from(counts.flatMap((n, s) => new Array<number>(n).fill(s))));
    expect(found).toBeCloseTo(bytes, 12);
    expect(bias).toBeCloseTo((Math.max(0, counts.length - 1) * Math.LOG2E) / 16, 12);
  });
});

describe('the report', () => {
  it('says the entropy of what is coded: steps, and not the floats that they stand for', () => {
    // Column c holds c + 1 in one row, its negative in the next, and then two zeros: steps of ±127, and sixteen values.
    const values = Float32Array.from({ length: 64 * 8 }, (_, i) => ((i % 8) + 1) * [1, -1, 0, 0][(i >> 3) % 4]);
    const steps = pack([64, 8], values, { values: 'int8' }).tensors[0];
    const codes = pack([64, 8], values, { values: 'codebook', codebookBits: 8 }).tensors[0];
    expect([steps.kept, codes.kept]).toEqual([256, 256]);
    for (const { entropy } of [steps, codes]) expect(entropy.positions).toBeCloseTo(512 / 8, 9);
    expect(steps.entropy.values).toBeCloseTo(256 / 8, 9);
    expect(codes.entropy.values).toBeCloseTo(256 / 2, 9);
  });

  it('coded bytes are close to it, and parts add up', () => {
    const random = seededRandom(5);
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const values = Float32Array.from({ length: 256 * 128 }, () => (random() < 0.1 ? normal() : 0));
    for (const form of ['float32', 'int8', 'int4', 'codebook'] as const) {
      const { bytes, headerBytes, tensors } = pack([256, 128], values, { values: form });
      const { positionBytes, valueBytes, tableBytes, entropy } = tensors[0];
      const coded = positionBytes + valueBytes - tableBytes;
      expect(coded / (entropy.positions + entropy.values)).toBeGreaterThan(0.98);
      expect(coded / (entropy.positions + entropy.values)).toBeLessThan(1.04);
      // Length, forms and checksum are the rest.
      expect(bytes.length - headerBytes - positionBytes - valueBytes).toBeLessThanOrEqual(8);
    }
  });
});

describe('a codebook of weights that are shared already', () => {
  it('is their values, in as many codes, wherever they lie', () => {
    const shares = Float32Array.of(-2, -0.25, -0.25 + 2 ** -11, 0.5, 0.5 + 2 ** -11, 1, 1.5, 64);
    const values = Float32Array.from({ length: 500 }, (_, i) => shares[(i * i + (i >> 3)) % 8]);
    const { codebook, codes } = quantiseShared(values, 8);
    expect(codebook).toEqual(shares);
    expect(Float32Array.from(codes, (code) => codebook[code])).toEqual(values);
    expect(quantiseShared(values, 7).codebook.length).toBeLessThanOrEqual(7);
  });
});
