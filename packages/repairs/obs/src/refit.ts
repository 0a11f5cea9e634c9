import type { Bits } from '@espalier/core';
import { indices, productAt } from './exact.js';
import type { LayerHessian } from './hessians.js';
import { keptOf, rowOf } from './layout.js';
import type { Linear, Square } from './linear.js';

/**
 * The least-squares values of each row's survivors: ŵ = argmin ½·(w − ŵ)ᵀH(w − ŵ) with the pruned weights at zero, exactly, as
 * the normal equations H_SS·ŵ_S = (H·w)_S of what stays, or by removing from the inverse what goes, whichever is less. Any mask:
 * single weights, N:M, blocks, removed inputs. Pruned weights are +0; rows that lose nothing keep their values to the bit.
 */
export function refitRows(linear: Linear, layer: LayerHessian, values: Float32Array, bits: Bits): Float32Array {
  const { layout, hessians } = layer;
  const result = values.slice();
  hessians.forEach((hessian, block) => {
    let inverse: Square | undefined;
    const solveRow = (output: number) => {
      const row = rowOf(layout, values, block, output);
      const kept = keptOf(layout, bits, block, output);
      if (kept.length === row.length) return;
      const gone = indices(row, isGone(kept, row.length));
      const some = gone.some((i) => row[i] !== 0);
      let fitted: Float64Array = row.slice();
      gone.forEach((i) => (fitted[i] = 0));
      if (some && kept.length > 0) {
        if (gone.length < kept.length / 2) {
          inverse ??= linear.invert(hessian)!;
          fitted = linear.trace(inverse, row, gone.length, gone).weights;
        } else {
          const solved = linear.solvePart(hessian, kept, productAt(hessian, row, kept))!;
          kept.forEach((input, i) => (fitted[input] = solved[i]));
        }
      }
      fitted.forEach((w, input) => (result[layout.at(block, output, input)] = w));
    };
    linear.holding(hessian, () => {
      for (let output = 0; output < layout.outputs; output++) solveRow(output);
    });
  });
  return result;
}

function isGone(kept: Int32Array, n: number): (value: number, index: number) => boolean {
  const stays = new Uint8Array(n);
  kept.forEach((i) => (stays[i] = 1));
  return (_, index) => stays[index] === 0;
}
