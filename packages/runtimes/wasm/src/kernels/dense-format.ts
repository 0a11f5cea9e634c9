import { pixelsOf, tapsOf } from '@espalier/kernels-kit';
import { DENSE_PIXELS, FORMAT_DENSE } from '../abi/jobs.js';
import { writeBlocks } from './dense-blocks.js';
import type { Encoded, Format } from './format.js';
import type { Heap } from './heap.js';
import { JOB_BYTES, placeJob } from './job.js';
import type { Matrix } from './matrix.js';
import { roundUp } from './round-up.js';

/** Every weight, up to 16 outputs of two pixels together, rows in and out: what the sparse forms have to beat. */
export const dense: Format = {
  name: 'dense',
  fits: ({ outputs }, g) => pixelsOf(g) > 1 && outputs > 0,
  cost: ({ inputs, outputs }, g) => Math.ceil(pixelsOf(g) / 2) * (inputs * Math.ceil(outputs / 4) * 1.1 + outputs),
  encode,
  needs: (g) => ({
    panel: 0,
    sums: 64 * DENSE_PIXELS,
    pointers: 4 * DENSE_PIXELS * tapsOf(g),
    zeros: 4 * Math.max(g.inChannels, roundUp(g.outChannels, 16)),
    biases: 0,
    slopes: 4 * roundUp(g.outChannels, 16),
  }),
  run(heap, encoded, g, scratch, x, y, bias, low, high) {
    const { offset, steps } = encoded as Dense;
    placeJob(heap, encoded, g, scratch, { format: FORMAT_DENSE, blockInputs: 0, steps, counts: 0 });
    heap.kernels.convolveDense(offset, x, y, bias, low, high);
  },
};

interface Dense extends Encoded {
  readonly steps: number;
}

/** The job, then blocks of 16 outputs; what is left of the outputs in a block of 8 and one of 4. */
function encode(heap: Heap, matrix: Matrix): Dense {
  const bytes = JOB_BYTES + 4 * matrix.inputs * roundUp(matrix.outputs, 16) + 64;
  const offset = heap.allocate(bytes);
  const steps = roundUp(offset + JOB_BYTES, 64);
  writeBlocks(heap, matrix, steps, (rest) => (rest > 12 ? 16 : rest > 4 ? 8 : 4));
  return { offset, bytes, steps };
}
