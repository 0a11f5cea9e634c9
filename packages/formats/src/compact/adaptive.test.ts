import fc from 'fast-check';
import { isEspalierError, seededRandom } from '@espalier/core';
import { compactFiles, goldenFiles } from '../../testing/targets.js';
import { decodeAdaptive, encodeAdaptive, MOST_ADAPTIVE } from './adaptive.js';
import { costOf, numberOf, type Shape, shapeOf, smallestShape } from './adaptive-shape.js';
import { ByteReader, ByteWriter } from './bytes.js';
import { decodeCounted, encodeCounted, MOST_COUNTED } from './counted.js';
import { decodeEspalier } from './decode.js';
import { decodeSymbols, encodeSymbols } from './symbols.js';

const histogramOf = (symbols: Uint8Array) => {
  const counts = new Float64Array(256);
  for (const symbol of symbols) counts[symbol]++;
  return counts;
};

/** What a reader finds after `bytes`, which do not tell where they end. */
const REST = Uint8Array.of(255, 0, 128, 7, 255, 255);
const followed = (bytes: Uint8Array) => new ByteReader(Uint8Array.from([...bytes, ...REST]), 'x');

function codeOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (isEspalierError(error)) return error.code;
    throw error;
  }
  return 'it was read';
}

describe('adaptive symbols', () => {
  it.each<[string, Shape, number[], number]>([
    // Krichevsky and Trofimov: 1/2 · 1/4 · 3/6 · 3/8 for 0, 1, 0, 1.
    ['bits', { bits: 1, isSigned: false, hasZero: false, growth: 0 }, [0, 1, 0, 1], -Math.log2(9 / 384)],
    // α = 1 at the second depth: 1/2 · 1/2, then 3/4 · 2/3.
    ['two of two bits', { bits: 2, isSigned: false, hasZero: false, growth: 1 }, [2, 2], -Math.log2(1 / 8)],
    ['a zero', { bits: 8, isSigned: false, hasZero: true, growth: 0 }, [0], 1],
    ['the largest step', { bits: 4, isSigned: true, hasZero: false, growth: 0 }, [9], 2],
    ['another step', { bits: 4, isSigned: true, hasZero: false, growth: 0 }, [15], 5],
  ])('cost what their chances say: %s', (_, shape, symbols, bits) => {
    expect(costOf(histogramOf(Uint8Array.from(symbols)), shape)).toBeCloseTo(bits, 10);
  });

  it('come back, whatever follows them, and take what they cost', () => {
    const run = fc.record({
      count: fc.integer({ min: 1, max: 400 }),
      alphabet: fc.constantFrom(1, 2, 3, 9, 16, 100, 256),
      zeros: fc.constantFrom(0, 0.5, 0.95),
      seed: fc.integer(),
    });
    fc.assert(
      fc.property(run, ({ count, alphabet, zeros, seed }) => {
        const random = seededRandom(seed);
        const symbols = Uint8Array.from({ length: count }, () =>
          random() < zeros ? 0 : Math.floor(random() * alphabet) - (alphabet === 9 ? 4 : 0),
        );
        const histogram = histogramOf(symbols);
        const coded = encodeAdaptive(symbols, histogram);
        if (coded) {
          const reader = followed(coded.bytes);
          expect(decodeAdaptive(reader, coded.shape, count)).toEqual(symbols);
          expect(reader.left).toBe(REST.length);
          const { shape, bits } = smallestShape(histogram);
          expect(bits).toBeCloseTo(costOf(histogram, shape), 9);
          expect(coded.bytes.length).toBeLessThanOrEqual(bits / 8 + 2);
        } else expect(count).toBeGreaterThan(64);
        const writer = new ByteWriter();
        encodeSymbols(writer, symbols);
        const reader = followed(writer.done());
        expect(decodeSymbols(reader, count)).toEqual(symbols);
        expect(reader.left).toBe(REST.length);
      }),
      { numRuns: 300, seed: 11 },
    );
  });

  it('carries run through to the first byte', () => {
    // The second outcome of a decision is above the first one: a run of rare ones pushes the code up.
    for (let count = 1; count < 300; count++) {
      const symbols = Uint8Array.from({ length: count }, (_, i) => (i % 17 === 16 ? 0 : 255));
      const coded = encodeAdaptive(symbols, histogramOf(symbols));
      if (coded) expect(decodeAdaptive(followed(coded.bytes), coded.shape, count)).toEqual(symbols);
    }
  });

  it('every shape has a number below 128, and back', () => {
    const numbers = Array.from({ length: 128 }, (_, number) => numberOf(shapeOf(number)));
    expect(numbers).toEqual(Array.from({ length: 128 }, (_, number) => number));
  });

  it('are for short runs; more symbols than 64 a byte are refused before anything is allocated for them', () => {
    const random = seededRandom(3);
    const long = Uint8Array.from({ length: MOST_ADAPTIVE + 1 }, () => Math.floor(random() * 250));
    expect(encodeAdaptive(long, histogramOf(long))).toBeUndefined();
    const flat = new Uint8Array(5000).fill(7);
    expect(encodeAdaptive(flat, histogramOf(flat))).toBeUndefined();
    const read = (count: number, bytes: number) =>
      codeOf(() => decodeAdaptive(new ByteReader(new Uint8Array(bytes), 'x'), 0, count));
    expect(read(MOST_ADAPTIVE + 1, 2 ** 20)).toBe('compact-data');
    expect(read(64 * 9 + 1, 9)).toBe('compact-data');
    expect(read(64 * 9, 9)).toBe('it was read');
    expect(read(2 ** 52, 9)).toBe('compact-data');
  });

  it('broken ones', () => {
    const read = (shape: number, bytes: number[], count: number) =>
      codeOf(() => decodeAdaptive(new ByteReader(Uint8Array.from(bytes), 'x'), shape, count));
    // A sign of one bit.
    expect(read(8, [0, 0, 0, 0], 1)).toBe('compact-data');
    // A code that no encoder makes.
    expect(read(0, [0x80, 0, 0, 0], 1)).toBe('compact-data');
    expect(read(0, [0x7f, 255, 255, 255], 1)).toBe('compact-data');
    // A symbol of 256: eight bits of ones above zero.
    expect(read(7 | 16, [0x7f, 255, 255, 254], 1)).toBe('compact-data');
    // Cut off.
    const symbols = Uint8Array.from({ length: 64 }, (_, i) => (i * i) & 255);
    const { shape, bytes } = encodeAdaptive(symbols, histogramOf(symbols))!;
    for (let size = 1; size < bytes.length; size++) {
      expect(read(shape, [...bytes.subarray(0, size)], 64)).toMatch(/^compact-(truncated|data)$/);
    }
  });
});

describe('counted positions', () => {
  const draw = (size: number, share: number, seed: number) => {
    const random = seededRandom(seed);
    return Uint32Array.from(Array.from({ length: size }, (_, i) => i).filter(() => random() < share));
  };
  const logFactorial = (n: number) => Array.from({ length: n }, (_, i) => Math.log2(i + 1)).reduce((a, b) => a + b, 0);

  it('come back, whatever follows them, and take log₂ of n over K', () => {
    const tensor = fc.record({
      size: fc.integer({ min: 1, max: 2000 }),
      share: fc.constantFrom(0, 0.02, 0.1, 0.5, 0.9, 1),
      seed: fc.integer(),
    });
    fc.assert(
      fc.property(tensor, ({ size, share, seed }) => {
        const positions = draw(size, share, seed);
        const bytes = encodeCounted(positions, size);
        if (!bytes) return expect(size).toBeGreaterThan(256);
        const found = new Uint32Array(positions.length);
        const reader = followed(bytes);
        decodeCounted(reader, found, size);
        expect(found).toEqual(positions);
        expect(reader.left).toBe(REST.length);
        const bits = logFactorial(size) - logFactorial(positions.length) - logFactorial(size - positions.length);
        expect(bytes.length).toBeLessThanOrEqual(bits / 8 + 2);
      }),
      { numRuns: 200, seed: 12 },
    );
  });

  it('broken ones: too many elements, for anything or for so few bytes, an impossible code, cut off', () => {
    const read = (bytes: Uint8Array, count: number, size: number) =>
      codeOf(() => decodeCounted(new ByteReader(bytes, 'x'), new Uint32Array(count), size));
    expect(encodeCounted(draw(MOST_COUNTED + 1, 0.5, 1), MOST_COUNTED + 1)).toBeUndefined();
    expect(read(new Uint8Array(2 ** 16), 1, MOST_COUNTED + 1)).toBe('compact-data');
    expect(read(new Uint8Array(4), 1, 4 * 256 + 1)).toBe('compact-data');
    expect(read(new Uint8Array(4).fill(255), 1, 4)).toBe('compact-data');
    const positions = draw(300, 0.3, 2);
    const bytes = encodeCounted(positions, 300)!;
    expect(read(bytes, positions.length, 300)).toBe('it was read');
    for (let size = 2; size < bytes.length; size++) {
      expect(read(bytes.subarray(0, size), positions.length, 300)).toBe('compact-truncated');
    }
  });
});

it('the files that are broken on purpose use every form of positions, of values and of symbols', () => {
  const seen: Record<string, Set<number>> = {};
  const u8 = ByteReader.prototype.u8;
  const spy = jest.spyOn(ByteReader.prototype, 'u8').mockImplementation(function (this: ByteReader, what) {
    const value = u8.call(this, what);
    (seen[what] ??= new Set()).add(value);
    return value;
  });
  for (const file of [...compactFiles(), ...goldenFiles()]) decodeEspalier(file);
  spy.mockRestore();
  const forms = [...seen['the forms of positions and values']];
  expect(new Set(forms.map((form) => form >> 4))).toEqual(new Set([0, 1, 2, 3, 4, 5, 6]));
  expect(new Set(forms.map((form) => form & 15))).toEqual(new Set([0, 1, 2, 3, 4]));
  const modes = [...seen['a mode of symbols']];
  for (const mode of [0, 4, 8, 9]) expect(modes).toContain(mode);
  const shapes = modes.filter((mode) => mode >= 128).map(shapeOf);
  for (const isSigned of [false, true]) {
    for (const hasZero of [false, true]) {
      expect(shapes).toContainEqual(expect.objectContaining({ isSigned, hasZero }));
    }
  }
});
