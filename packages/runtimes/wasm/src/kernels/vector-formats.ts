import { countGroups, type Entries } from './entries.js';
import { writeBlocks } from './dense-blocks.js';
import type { Encoded, Format } from './format.js';
import { pixelsOf, tapsOf } from '@espalier/kernels-kit';
import type { Heap } from './heap.js';
import { entriesOf, type Matrix } from './matrix.js';
import type { Pattern } from './pattern.js';
import { CACHE_LINE, roundUp } from './round-up.js';

/** Offsets of inputs have 16 bits in the blocks. */
const MOST_INPUTS = 65536 / 4;

/** Slices are four rows high and a multiple of four steps long. */
const SLICE = 4;

/** One row of x at a time, the inputs of a product in order. */
const isVector: Format['fits'] = ({ inputs, outputs }, g) =>
  pixelsOf(g) === 1 && tapsOf(g) === 1 && g.top === 0 && g.left === 0 && inputs > 0 && outputs > 0;

const needs: Format['needs'] = ({ outChannels }) => {
  const outputs = 4 * roundUp(outChannels, 16);
  return { panel: 0, sums: outputs, pointers: 0, biases: 0, zeros: outputs, slopes: outputs };
};

/** Any weights times a vector (SELL-4). One piece of memory: counts, order, x and a zero, steps. */
export const sliced: Format = {
  name: 'unstructured-vector',
  fits: isVector,
  // Filling slices up costs about one and a half steps for each row.
  cost: ({ nonzeros, outputs }) => (nonzeros + 1.5 * outputs) * 1.2,
  encode(heap, matrix) {
    const { inputs, outputs } = matrix;
    const { places, values, starts } = byOutput(entriesOf(matrix), inputs, outputs);
    const rows = Array.from({ length: roundUp(outputs, SLICE) }, (_, row) => ({
      row,
      start: row < outputs ? starts[row] : 0,
      length: row < outputs ? starts[row + 1] - starts[row] : 0,
    }));
    rows.sort((a, b) => a.length - b.length);
    const slices = Array.from({ length: rows.length / SLICE }, (_, s) => rows.slice(s * SLICE, (s + 1) * SLICE));
    const lengths = slices.map((slice) => roundUp(slice[SLICE - 1].length, SLICE));
    const all = lengths.reduce((sum, length) => sum + length, 0);
    const head = 4 * (slices.length + rows.length);
    const bytes = head + 4 * (inputs + 1) + CACHE_LINE + 8 * SLICE * all;
    const offset = heap.allocate(bytes);
    const [floats, words] = [heap.floats(), heap.words()];
    const copy = offset + head;
    // A step of padding reads the zero behind x, so that it adds 0 whatever x is.
    const zero = copy + 4 * inputs;
    floats[zero >>> 2] = 0;
    // No load of a step lies across two cache lines.
    const steps = roundUp(zero + 4, CACHE_LINE);
    const at = offset >>> 2;
    let step = steps >>> 2;
    slices.forEach((slice, s) => {
      words[at + s] = lengths[s] / SLICE;
      slice.forEach(({ row }, r) => (words[at + slices.length + s * SLICE + r] = 4 * row));
      for (let i = 0; i < lengths[s]; i++, step += 2 * SLICE) {
        slice.forEach(({ start, length }, r) => {
          floats[step + r] = i < length ? values[start + i] : 0;
          words[step + SLICE + r] = i < length ? copy + 4 * places[start + i] : zero;
        });
      }
    });
    return { offset, bytes, copy, steps } as Sliced;
  },
  needs,
  run(heap, encoded, g, { sums }, x, y, bias, low, high) {
    const { offset, copy, steps } = encoded as Sliced;
    const { inChannels: inputs, outChannels: outputs } = g;
    const order = offset + roundUp(outputs, SLICE);
    heap.kernels.sliced(x, y, inputs, copy, steps, offset, order, sums, bias, outputs, low, high);
  },
};

interface Sliced extends Encoded {
  readonly copy: number;
  readonly steps: number;
}

interface Vector extends Encoded {
  readonly weights: number;
  readonly places: number;
}

/** Groups of 16 outputs that share their inputs, times a vector. One piece of memory: counts, weights, places of inputs. */
export const blocks16: Format = {
  name: 'blocks-16x1-vector',
  fits: (pattern, g) => isVector(pattern, g) && pattern.inputs <= MOST_INPUTS,
  cost: ({ blocks16 }) => blocks16 * 4.5,
  encode: (heap, matrix, pattern) => encodeBlocks(heap, matrix, pattern),
  needs,
  run(heap, encoded, g, { sums }, x, y, bias, low, high) {
    const { offset, weights, places } = encoded as Vector;
    heap.kernels.blocks16(x, y, weights, places, offset, sums, bias, g.outChannels, low, high);
  },
};

function encodeBlocks(heap: Heap, matrix: Matrix, pattern: Pattern): Vector {
  const { inputs, outputs } = matrix;
  const entries = entriesOf(matrix);
  const groups = roundUp(outputs, 16) / 16;
  const bytes = 4 * groups + CACHE_LINE + 66 * pattern.blocks16;
  const offset = heap.allocate(bytes);
  const [floats, words] = [heap.floats(), heap.words()];
  const places = new Uint16Array(heap.memory.buffer);
  const weights = roundUp(offset + 4 * groups, CACHE_LINE);
  const [weight, place] = [weights >>> 2, (weights + 64 * pattern.blocks16) >>> 1];
  const counts = new Uint32Array(groups);
  countGroups(entries, 0, inputs, 16, counts);
  words.set(counts, offset >>> 2);
  let block = 0;
  const next = counts.map((count) => (block += count) - count);
  for (let k = 0; k < inputs; k++) {
    for (let e = entries.starts[k], last = -1, at = 0; e < entries.starts[k + 1]; e++) {
      const m = entries.outputs[e];
      const group = m >> 4;
      if (group !== last) {
        const step = next[group]++;
        at = weight + 16 * step;
        floats.fill(0, at, at + 16);
        places[place + step] = 4 * k;
        last = group;
      }
      floats[at + (m & 15)] = entries.values[e];
    }
  }
  return { offset, bytes, weights, places: weights + 64 * pattern.blocks16 };
}

/** The entries output by output: inputs and values from starts[m] to starts[m + 1], inputs ascending. */
function byOutput(entries: Entries, inputs: number, outputs: number) {
  const starts = new Uint32Array(outputs + 1);
  for (let e = 0; e < entries.outputs.length; e++) starts[entries.outputs[e] + 1]++;
  for (let m = 0; m < outputs; m++) starts[m + 1] += starts[m];
  const next = starts.slice();
  const places = new Uint32Array(entries.values.length);
  const values = new Float32Array(entries.values.length);
  for (let k = 0; k < inputs; k++) {
    for (let e = entries.starts[k]; e < entries.starts[k + 1]; e++) {
      const at = next[entries.outputs[e]]++;
      places[at] = k;
      values[at] = entries.values[e];
    }
  }
  return { starts, places, values };
}

/** Every weight times a vector, 16 outputs together. */
export const denseVector: Format = {
  name: 'dense-vector',
  fits: isVector,
  cost: ({ inputs, outputs }) => (inputs * roundUp(outputs, 16) * 4.5) / 16,
  encode(heap, matrix) {
    const bytes = 4 * matrix.inputs * roundUp(matrix.outputs, 16);
    const offset = heap.allocate(bytes);
    writeBlocks(heap, matrix, offset, () => 16);
    return { offset, bytes };
  },
  needs,
  run(heap, { offset }, g, { sums }, x, y, bias, low, high) {
    heap.kernels.dense16(x, y, offset, g.inChannels, sums, bias, g.outChannels, low, high);
  },
};
