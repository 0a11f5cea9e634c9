import { seededRandom } from '@espalier/core';

/** How zeros lie in a matrix of weights. */
export interface Zeros {
  readonly sparsity: number;
  /** Neighbouring outputs that are zero together. */
  readonly block: number;
  /** N:M along the inputs, the same for `block` neighbouring outputs, instead of `sparsity`. */
  readonly pattern?: readonly [keep: number, group: number];
  /** Outputs, and inputs, of which this share has no weight at all. */
  readonly empty?: number;
  readonly seed: number;
}

export function values(size: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length: size }, () => random() * 2 - 1);
}

/** [inputs, outputs]. */
export function weights(
  inputs: number,
  outputs: number,
  { sparsity, block, pattern, empty = 0, seed }: Zeros,
): Float32Array {
  const random = seededRandom(seed + 1);
  const w = values(inputs * outputs, seed);
  const clear = (k: number, m: number) => w.fill(0, k * outputs + m, k * outputs + Math.min(outputs, m + block));
  for (let m = 0; m < outputs; m += block) {
    if (!pattern) {
      for (let k = 0; k < inputs; k++) if (random() < sparsity) clear(k, m);
      continue;
    }
    const [keep, group] = pattern;
    for (let from = 0; from < inputs; from += group) {
      const rest = Array.from({ length: Math.min(group, inputs - from) }, (_, i) => from + i);
      for (let left = rest.length; left > keep; left--) clear(rest.splice(Math.floor(random() * left), 1)[0], m);
    }
  }
  for (let m = 0; m < outputs; m++) if (random() < empty) for (let k = 0; k < inputs; k++) w[k * outputs + m] = 0;
  for (let k = 0; k < inputs; k++) if (random() < empty) w.fill(0, k * outputs, (k + 1) * outputs);
  return w;
}

/** max|a − b| over max|b|. */
export function distance(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Infinity;
  const scale = b.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
  const worst = b.reduce((max, v, i) => Math.max(max, Number.isNaN(a[i]) ? Infinity : Math.abs(v - a[i])), 0);
  return worst === 0 ? 0 : worst / scale;
}
