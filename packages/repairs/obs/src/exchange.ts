import { type Bits, bitsFrom, isKept } from '@espalier/core';
import { productAt } from './exact.js';
import type { LayerHessian } from './hessians.js';
import { rowOf } from './layout.js';
import { padded, type Square } from './linear.js';

export interface Exchanged {
  readonly bits: Bits;
  /** How many pairs changed places. */
  readonly count: number;
  /** By how much ½·(w − ŵ)ᵀH(w − ŵ) of the best fit fell, over all rows. */
  readonly gain: number;
}

/** Ratio of gain to cost below which rounding could pass for a gain. */
const MARGIN = 1 + 1e-9;

/**
 * Combinatorial refinement of a mask: as long as there is a pair of a kept and a pruned weight of one row whose exchange lowers
 * the row's quadratic loss ½·(w − ŵ)ᵀH(w − ŵ), with ŵ always the best fit, the best such pair changes places. Ends where no
 * single exchange helps, or after `most` exchanges in a row. In the spirit of the Combinatorial Brain Surgeon (arXiv:2203.04466) and
 * of CHITA's local search (arXiv:2302.14623), on layer-wise Hessians and with exact costs. Rows keep how many weights they have;
 * weights that are zero already never come back.
 *
 * The sweep operator on the kept weights S holds all that exchanges cost: of [H, Hw] it leaves −(H_SS)⁻¹, the fit ŵ, and for what is
 * pruned the residual r and the Schur complement c. Adding q gains r²/2c and then p costs ŵ_p²/2[H_SS⁻¹]_pp, both of them anew. Holds
 * inputs² · 8 bytes; a row of n inputs costs about n² for each kept weight and each exchange.
 */
export function exchangeRows(
  { layout, hessians }: Pick<LayerHessian, 'layout' | 'hessians'>,
  values: Float32Array,
  bits: Bits,
  { most = Infinity } = {},
): Exchanged {
  const kept = Uint8Array.from({ length: values.length }, (_, i) => Number(isKept(bits, i)));
  let [count, gain] = [0, 0];
  hessians.forEach((hessian, block) => {
    for (let output = 0; output < layout.outputs; output++) {
      const row = rowOf(layout, values, block, output);
      const places = Int32Array.from(row, (_, input) => layout.at(block, output, input));
      const stays = Uint8Array.from(places, (at, input) => Number(kept[at] === 1 && row[input] !== 0));
      const alive = row.reduce((sum, w) => sum + Number(w !== 0), 0);
      const chosen = stays.reduce((sum, bit) => sum + bit, 0);
      if (chosen === 0 || chosen === alive) continue;
      const swept = new Swept(hessian, row, stays);
      for (let i = 0; i < most; i++) {
        const pair = swept.best(row, stays);
        if (!pair) break;
        swept.sweep(pair.comes);
        swept.sweep(pair.goes);
        [stays[pair.comes], stays[pair.goes]] = [1, 0];
        [kept[places[pair.comes]], kept[places[pair.goes]]] = [1, 0];
        gain += pair.gain;
        count++;
      }
    }
  });
  return { bits: count === 0 ? bits : bitsFrom(values.length, (i) => kept[i] === 1), count, gain };
}

interface Pair {
  readonly comes: number;
  readonly goes: number;
  readonly gain: number;
}

/** The lower triangle of [H, Hw; (Hw)ᵀ, ·], swept on what is kept. */
class Swept {
  readonly #n: number;
  readonly #m: Float64Array;
  readonly #column: Float64Array;

  constructor(hessian: Square, row: Float64Array, stays: Uint8Array) {
    const n = (this.#n = hessian.n);
    this.#m = new Float64Array((n + 1) ** 2);
    this.#column = new Float64Array(n + 1);
    for (let i = 0; i < n; i++) {
      const from = i * padded(n);
      this.#m.set(hessian.values.subarray(from, from + i + 1), i * (n + 1));
    }
    const all = Int32Array.from(row, (_, i) => i);
    this.#m.set(productAt(hessian, row, all), n * (n + 1));
    stays.forEach((bit, i) => {
      if (bit === 1) this.sweep(i);
    });
  }

  #at = (i: number, j: number) => (i < j ? j * (this.#n + 1) + i : i * (this.#n + 1) + j);

  /** Takes weight k in, or out where it is in. */
  sweep(k: number): void {
    const [m, v, size] = [this.#m, this.#column, this.#n + 1];
    const pivot = m[this.#at(k, k)];
    const sign = Math.sign(pivot);
    for (let i = 0; i < size; i++) v[i] = m[this.#at(i, k)];
    for (let i = 0; i < size; i++) {
      const factor = v[i] / pivot;
      for (let j = 0, at = i * size; j <= i; j++, at++) m[at] -= factor * v[j];
    }
    for (let i = 0; i < size; i++) m[this.#at(i, k)] = (sign * v[i]) / pivot;
    m[this.#at(k, k)] = -1 / pivot;
  }

  /** The pair whose exchange gains most, ties to the lower index that comes, then goes; undefined where none gains. */
  best(row: Float64Array, stays: Uint8Array): Pair | undefined {
    const [m, size] = [this.#m, this.#n + 1];
    const fitted = size * (size - 1);
    let best: Pair | undefined;
    for (let q = 0; q < this.#n; q++) {
      if (stays[q] === 1 || row[q] === 0) continue;
      const [c, r] = [m[q * size + q], m[fitted + q]];
      const won = (r * r) / (2 * c);
      if (!(c > 0) || won <= (best?.gain ?? 0)) continue;
      for (let p = 0; p < this.#n; p++) {
        if (stays[p] === 0) continue;
        const shared = m[this.#at(p, q)];
        const w = m[fitted + p] - (shared * r) / c;
        const lost = (w * w) / (2 * ((shared * shared) / c - m[p * size + p]));
        if (won > lost * MARGIN && won - lost > (best?.gain ?? 0)) best = { comes: q, goes: p, gain: won - lost };
      }
    }
    return best;
  }
}
