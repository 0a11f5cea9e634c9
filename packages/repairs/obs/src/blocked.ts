import { type Bits, isKept, roundHalfEven } from '@espalier/core';
import type { LayerHessian } from './hessians.js';
import { type Linear, padded, type Square } from './linear.js';

export interface BlockedOptions {
  /** The mask to fit; absent = chosen on the way, `sparsity` of each block of columns. */
  readonly bits?: Bits;
  readonly sparsity?: number;
  /** Columns that are worked on before the ones behind them are brought up to date. */
  readonly columns?: number;
}

export const BLOCKED_DEFAULTS = { sparsity: 0.5, columns: 128 };

/**
 * SparseGPT (arXiv:2301.00774): one pass over the inputs, from the first to the last, in which each pruned weight is made up
 * for by the inputs behind it: with U the upper Cholesky factor of H⁻¹, err = w_j/U_jj and w[j:] −= err·U[j, j:]. All rows share
 * U, so a layer of r rows and n inputs costs n³ + r·n²/2, where least squares row by row cost r·n³. Without a mask the least
 * w²/U_jj² of every block of columns go, over all rows together, ties to the lower index kept.
 *
 * Unlike the paper, which scales H by 2 and dampens it here, H comes as `layerHessians` makes it; both leave the result the same.
 */
export function blockedRows(
  linear: Linear,
  { layout, hessians }: Pick<LayerHessian, 'layout' | 'hessians'>,
  values: Float32Array,
  options: BlockedOptions = {},
): Float32Array {
  const { bits, sparsity, columns } = { ...BLOCKED_DEFAULTS, ...options };
  const result = values.slice();
  hessians.forEach((hessian, block) => {
    const factor = linear.cholesky(linear.invert(hessian)!)!;
    const at = (output: number, input: number) => layout.at(block, output, input);
    const rows = Array.from({ length: layout.outputs }, (_, output) =>
      Float64Array.from({ length: layout.inputs }, (_, input) => values[at(output, input)]),
    );
    for (let from = 0; from < layout.inputs; from += columns) {
      const to = Math.min(from + columns, layout.inputs);
      const gone = bits ? undefined : choose(rows, factor, from, to, sparsity);
      rows.forEach((row, output) => {
        const isGone = (input: number) =>
          gone ? gone[output * (to - from) + input - from] === 1 : !isKept(bits!, at(output, input));
        sweep(row, factor, from, to, isGone);
      });
    }
    rows.forEach((row, output) => row.forEach((w, input) => (result[at(output, input)] = w)));
  });
  return result;
}

/** Column j of the lower factor L is row j of U = Lᵀ. */
function sweep(row: Float64Array, { n, values }: Square, from: number, to: number, isGone: (input: number) => boolean) {
  const side = padded(n);
  const errors = new Float64Array(to - from);
  for (let j = from; j < to; j++) {
    if (!isGone(j) || row[j] === 0) continue;
    const error = row[j] / values[j * side + j];
    errors[j - from] = error;
    for (let i = j + 1; i < to; i++) row[i] -= error * values[i * side + j];
    row[j] = 0;
  }
  for (let i = to; i < n; i++) {
    let sum = 0;
    for (let j = from; j < to; j++) sum += errors[j - from] * values[i * side + j];
    row[i] -= sum;
  }
  for (let j = from; j < to; j++) if (isGone(j)) row[j] = 0;
}

function choose(
  rows: readonly Float64Array[],
  { n, values }: Square,
  from: number,
  to: number,
  sparsity: number,
): Uint8Array {
  const width = to - from;
  const scores = new Float64Array(rows.length * width);
  rows.forEach((row, output) => {
    for (let j = from; j < to; j++) scores[output * width + j - from] = (row[j] / values[j * padded(n) + j]) ** 2;
  });
  const order = Int32Array.from(scores, (_, i) => i).sort((a, b) => scores[a] - scores[b] || b - a);
  const gone = new Uint8Array(scores.length);
  order.subarray(0, roundHalfEven(sparsity * scores.length)).forEach((i) => (gone[i] = 1));
  return gone;
}
