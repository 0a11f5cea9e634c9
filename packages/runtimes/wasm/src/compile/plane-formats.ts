import { sparsityOf } from '@espalier/kernels-kit';
import { FORMAT_BLOCKS, FORMAT_DENSE, FORMAT_UNSTRUCTURED } from '../abi/jobs.js';
import type { Pattern } from '../kernels/pattern.js';
import { roundUp } from '../kernels/round-up.js';
import type { Store } from './memory.js';

/** A way to hold a convolution's weights for the kernels over planes. */
export interface PlaneFormat {
  readonly name: string;
  readonly code: number;
  blockInputs(pattern: Pattern): number;
  /** Outputs that share their steps. */
  readonly rows: number;
  /** Cycles, roughly: to leave out what cannot win before anything is measured. */
  cost(pattern: Pattern, pixels: number): number;
}

const panels = (pixels: number, width: number) => Math.ceil(pixels / width);

export const PLANE_FORMATS: readonly PlaneFormat[] = [
  {
    name: 'unstructured',
    code: FORMAT_UNSTRUCTURED,
    // 28 pixels of so many planes are to stay in the first-level cache, and every block costs each output a load and a store.
    blockInputs: (pattern) => Math.min(256, Math.max(64, Math.round(16 / (1 - sparsityOf(pattern))))),
    rows: 1,
    cost: ({ nonzeros, outputs }, pixels) => panels(pixels, 28) * (nonzeros * 4.5 + outputs * 20),
  },
  {
    name: 'blocks-4x1',
    code: FORMAT_BLOCKS,
    blockInputs: () => PANEL_INPUTS,
    rows: 4,
    cost: ({ blocks4, inputs, outputs }, pixels) => panels(pixels, 8) * (blocks4 * 4.6 + inputs * 2 + outputs * 5),
  },
  {
    name: 'dense',
    code: FORMAT_DENSE,
    blockInputs: () => PANEL_INPUTS,
    rows: 4,
    cost: ({ inputs, outputs }, pixels) =>
      panels(pixels, 8) * (inputs * (outputs / 4) * 4.4 + inputs * 2 + outputs * 5),
  },
];

/** Pixels of a panel, for the formats that copy their inputs, and how many inputs it takes. */
export const PANEL = 8;
export const PANEL_INPUTS = 512;

/**
 * Weights [inputs, outputs] as the kernels read them: block by block of the inputs, row by row (or four at a time), the steps with a
 * weight that is not zero. `offsets` are the bytes from x to each input's pixels.
 */
export function encode(
  store: Store,
  format: PlaneFormat,
  weights: Float32Array,
  outputs: number,
  offsets: readonly number[],
  blockInputs: number,
): { steps: number; counts: number } {
  const inputs = offsets.length;
  const { code, rows } = format;
  const groups = roundUp(outputs, rows) / rows;
  const counts = new Uint32Array(code === FORMAT_DENSE ? 0 : Math.ceil(inputs / blockInputs) * groups);
  const words: number[] = [];
  const bits = new Uint32Array(1);
  const asFloat = new Float32Array(bits.buffer);
  const word = (value: number) => ((asFloat[0] = value), bits[0]);
  let count = 0;
  for (let k0 = 0; k0 < inputs; k0 += blockInputs) {
    const end = Math.min(inputs, k0 + blockInputs);
    for (let m = 0; m < groups * rows; m += rows) {
      const last = Math.min(rows, outputs - m);
      let steps = 0;
      for (let k = k0; k < end; k++) {
        const at = k * outputs + m;
        let any = code === FORMAT_DENSE;
        for (let r = 0; r < last && !any; r++) any = weights[at + r] !== 0;
        if (!any) continue;
        steps++;
        if (code === FORMAT_UNSTRUCTURED) words.push(offsets[k]);
        else if (code === FORMAT_BLOCKS) words.push((k - k0) * PANEL * 4);
        for (let r = 0; r < rows; r++) words.push(word(r < last ? weights[at + r] : 0));
      }
      if (code !== FORMAT_DENSE) counts[count++] = steps;
    }
  }
  return { steps: store.words(words), counts: store.words(counts) };
}
