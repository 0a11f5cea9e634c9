import { type Entries, scan } from './entries.js';

/** Where a matrix has its zeros, counted. */
export interface Pattern {
  readonly inputs: number;
  readonly outputs: number;
  readonly nonzeros: number;
  /** Groups of 4 and of 16 neighbouring outputs of one input, from output 0 on, that are not all zero. */
  readonly blocks4: number;
  readonly blocks16: number;
  /** No weight is NaN or infinite. */
  readonly finite: boolean;
}

export function patternOf(values: Float32Array, outputs: number): Pattern {
  const inputs = outputs === 0 ? 0 : values.length / outputs;
  return patternOfEntries(scan(values, inputs, outputs), inputs, outputs);
}

export function patternOfEntries(
  { starts, outputs: places, values }: Entries,
  inputs: number,
  outputs: number,
): Pattern {
  let [blocks4, blocks16, finite] = [0, 0, true];
  for (let k = 0; k < inputs; k++) {
    let [last4, last16] = [-1, -1];
    for (let e = starts[k]; e < starts[k + 1]; e++) {
      const [w, m] = [values[e], places[e]];
      if (w - w !== 0) finite = false; // NaN, as ∞ − ∞ is.
      if (m >> 2 !== last4) {
        blocks4++;
        last4 = m >> 2;
      }
      if (m >> 4 !== last16) {
        blocks16++;
        last16 = m >> 4;
      }
    }
  }
  return { inputs, outputs, nonzeros: values.length, blocks4, blocks16, finite };
}
