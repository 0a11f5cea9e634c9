import { pixelsOf, tapsOf } from '@espalier/kernels-kit';
import { FINISHED_TOGETHER, FORMAT_BLOCKS, FORMAT_UNSTRUCTURED } from '../abi/jobs.js';
import { countGroups, type Entries } from './entries.js';
import type { Heap } from './heap.js';
import { JOB_BYTES, placeJob } from './job.js';
import { entriesOf, type Matrix } from './matrix.js';
import type { Pattern } from './pattern.js';
import { roundUp } from './round-up.js';
import type { Encoded, Format } from './format.js';

/** Steps in a block of K, so that a panel of inputs stays in the first-level cache. */
const BLOCK_INPUTS = { unstructured: 192, blocks: 512 };

/** Cycles, roughly, of copying one input into the panel or one output out of it. */
const COPY = 0.4;

interface Kind {
  readonly name: string;
  readonly code: number;
  /** Pixels in a panel, rows that share their inputs, words in a step. */
  readonly width: number;
  readonly rows: number;
  readonly stepWords: number;
  readonly blockInputs: number;
  /** Steps for the whole matrix. */
  readonly steps: (pattern: Pattern) => number;
  /** Cycles of a step, roughly, for a whole panel. */
  readonly stepCost: number;
}

/** Any weights: pairs (weight, place of the input), row by row. N:M patterns go here too. */
export const unstructured = panelFormat({
  name: 'unstructured',
  code: FORMAT_UNSTRUCTURED,
  width: 28,
  rows: 1,
  stepWords: 2,
  blockInputs: BLOCK_INPUTS.unstructured,
  steps: ({ nonzeros }) => nonzeros,
  stepCost: 4.5,
});

/** Groups of four outputs that share their inputs: (place of the input, four weights). */
export const blocks4 = panelFormat({
  name: 'blocks-4x1',
  code: FORMAT_BLOCKS,
  width: 8,
  rows: 4,
  stepWords: 5,
  blockInputs: BLOCK_INPUTS.blocks,
  steps: ({ blocks4 }) => blocks4,
  stepCost: 4.6,
});

function panelFormat(kind: Kind): Format {
  const { width } = kind;
  return {
    name: kind.name,
    fits: ({ outputs }, g) => pixelsOf(g) > 1 && outputs > 0,
    cost(pattern, g) {
      const panels = Math.ceil(pixelsOf(g) / width);
      const copies = COPY * width * (pattern.inputs + pattern.outputs);
      return panels * (kind.steps(pattern) * kind.stepCost + copies);
    },
    encode: (heap, matrix, pattern) => encode(kind, heap, matrix, pattern),
    needs(g) {
      const inputs = tapsOf(g) * g.inChannels;
      const block = Math.min(kind.blockInputs, roundUp(inputs, 4));
      const outputs = roundUp(g.outChannels, 16);
      return {
        panel: 4 * width * block,
        sums: 4 * width * (inputs > kind.blockInputs ? outputs : Math.min(outputs, FINISHED_TOGETHER)),
        pointers: 4 * width * tapsOf(g),
        zeros: 4 * Math.max(g.inChannels, outputs),
        biases: kind.rows === 1 ? 0 : 32 * outputs,
        slopes: 4 * outputs,
      };
    },
    run(heap, encoded, g, scratch, x, y, bias, low, high) {
      const counts = encoded.offset + JOB_BYTES;
      const steps = counts + 4 * countsOf(kind, { inputs: tapsOf(g) * g.inChannels, outputs: g.outChannels });
      if (kind.rows === 1) place(heap, encoded, steps, scratch.panel);
      placeJob(heap, encoded, g, scratch, { format: kind.code, blockInputs: kind.blockInputs, steps, counts });
      heap.kernels.convolve(encoded.offset, x, y, bias, low, high);
    },
  };
}

/** Unstructured steps, and the panel that they have the inputs' places in. */
interface Placed extends Encoded {
  panel?: number;
}

/** Moves the places of the inputs to where the panel is now; it moves when some other layer needs a larger one. */
function place(heap: Heap, encoded: Placed, steps: number, panel: number): void {
  const { offset, bytes, panel: before = 0 } = encoded;
  if (before === panel) return;
  const words = heap.words();
  for (let at = (steps >>> 2) + 1; at < (offset + bytes) >>> 2; at += 2) words[at] += panel - before;
  encoded.panel = panel;
}

/** One for each row or group of rows in each block of K. */
function countsOf(kind: Kind, { inputs, outputs }: { inputs: number; outputs: number }): number {
  return Math.ceil(inputs / kind.blockInputs) * (roundUp(outputs, 4) / kind.rows);
}

/** One piece of memory: the job, the counts, the steps. Rows past the last output are empty. */
function encode(kind: Kind, heap: Heap, matrix: Matrix, pattern: Pattern): Encoded {
  const counts = countsOf(kind, pattern);
  const bytes = JOB_BYTES + 4 * (counts + kind.steps(pattern) * kind.stepWords);
  const entries = entriesOf(matrix);
  const offset = heap.allocate(bytes);
  const first = (offset + JOB_BYTES) >>> 2;
  writeSteps(kind, heap, entries, matrix, first, first + counts);
  return { offset, bytes };
}

/** Block by block of K: the steps of each row or group of rows, and their number in `count`. */
function writeSteps(
  { rows, width, blockInputs, stepWords }: Kind,
  heap: Heap,
  entries: Entries,
  { inputs, outputs }: Matrix,
  count: number,
  step: number,
): void {
  const { starts, outputs: places, values } = entries;
  const [floats, words] = [heap.floats(), heap.words()];
  const counts = new Uint32Array(roundUp(outputs, 4) / rows);
  const next = new Uint32Array(counts.length);
  for (let k0 = 0; k0 < inputs; k0 += blockInputs) {
    const end = Math.min(inputs, k0 + blockInputs);
    countGroups(entries, k0, end, rows, counts);
    for (let group = 0; group < counts.length; group++) {
      words[count++] = counts[group];
      next[group] = step;
      step += counts[group] * stepWords;
    }
    for (let k = k0; k < end; k++) {
      const place = (k - k0) * width * 4;
      for (let e = starts[k], last = -1, at = 0; e < starts[k + 1]; e++) {
        const m = places[e];
        if (rows === 1) {
          at = next[m];
          next[m] = at + stepWords;
          floats[at] = values[e];
          words[at + 1] = place;
          continue;
        }
        const group = (m / rows) | 0;
        if (group !== last) {
          at = next[group];
          next[group] = at + stepWords;
          words[at] = place;
          floats.fill(0, at + 1, at + 1 + rows);
          last = group;
        }
        floats[at + 1 + (m % rows)] = values[e];
      }
    }
  }
}
