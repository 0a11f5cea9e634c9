import { rowOf } from './layout.js';
import type { LayerHessian } from './hessians.js';
import { type Linear, padded, type Square } from './linear.js';

/** A factor that the next float32 up is under, so that scores of a row rise with every step. */
const NEXT = 1 + 2 ** -22;

/**
 * The ExactOBS order of removal of every row (arXiv:2208.11580), as scores: by how much the layer's quadratic loss has grown,
 * at most, when the weight goes. Rows never remove a later weight before an earlier one, so that pruning the lowest scores of
 * all rows and all layers is the global choice among their traces. Weights that are zero already score 0.
 */
export function traceScores(linear: Linear, layer: LayerHessian, values: Float32Array): Float32Array {
  const { layout, hessians } = layer;
  const scores = new Float32Array(values.length);
  hessians.forEach((hessian, block) => {
    const whole = linear.invert(hessian)!;
    linear.holding(hessian, () =>
      linear.holding(whole, () => {
        for (let output = 0; output < layout.outputs; output++) {
          const row = rowOf(layout, values, block, output);
          const alive = indices(row, (w) => w !== 0);
          const { order, loss, index } = traceRow(linear, hessian, whole, row, alive);
          let most = 0;
          order.forEach((place, step) => {
            most = Math.max(loss[step], most * NEXT);
            scores[layout.at(block, output, index ? index[place] : place)] = most;
          });
        }
      }),
    );
  });
  return scores;
}

/** Most weights alive: their zeros go first. Few: a problem of their own, whose inverse is cheap. */
function traceRow(linear: Linear, hessian: Square, whole: Square, row: Float64Array, alive: Int32Array) {
  if (alive.length > 0.7 * row.length) return { ...linear.trace(whole, row, row.length), index: undefined };
  if (alive.length === 0) return { order: new Int32Array(0), loss: new Float64Array(0), index: alive };
  const inverse = linear.invertPart(hessian, alive)!;
  const part = Float64Array.from(alive, (i) => row[i]);
  return { ...linear.trace(inverse, part, part.length), index: alive };
}

export function indices(row: ArrayLike<number>, test: (value: number, index: number) => boolean): Int32Array {
  const found: number[] = [];
  for (let i = 0; i < row.length; i++) if (test(row[i], i)) found.push(i);
  return Int32Array.from(found);
}

/** H·w at the inputs that are listed. */
export function productAt({ n, values }: Square, row: Float64Array, index: ArrayLike<number>): Float64Array {
  const side = padded(n);
  return Float64Array.from(index, (i) => {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += values[i * side + j] * row[j];
    return sum;
  });
}

/** ½·δᵀHδ for δ = a − b. */
export function quadraticLoss(hessian: Square, a: Float64Array, b: Float64Array): number {
  const delta = a.map((v, i) => v - b[i]);
  const all = Int32Array.from(delta, (_, i) => i);
  return productAt(hessian, delta, all).reduce((sum, v, i) => sum + v * delta[i], 0) / 2;
}
