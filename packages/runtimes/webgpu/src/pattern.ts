/** Where a matrix [inputs, outputs] has its zeros, counted. Weight (input k, output m) is values[k·outputs + m]. */
export interface Pattern {
  readonly inputs: number;
  readonly outputs: number;
  readonly nonzeros: number;
  /** Groups of 4 neighbouring outputs of one input, from output 0 on, that are not all zero. */
  readonly blocks: number;
  /** The most nonzeros in any group of M consecutive inputs of one output, by M. */
  readonly kept: Readonly<Record<number, number>>;
  /** The same of blocks, for patterns that neighbouring outputs share. */
  readonly keptBlocks: Readonly<Record<number, number>>;
  /** No weight is NaN or infinite. */
  readonly finite: boolean;
}

/** The sizes of groups that are looked for. */
export const GROUPS = [4, 8, 16, 32] as const;

export function patternOf(values: Float32Array, outputs: number): Pattern {
  const inputs = outputs === 0 ? 0 : values.length / outputs;
  let finite = true;
  for (let i = 0; i < values.length; i++) if (values[i] - values[i] !== 0) finite = false; // NaN, as ∞ − ∞ is.
  const weights = count(inputs, outputs, (k, m) => values[k * outputs + m] !== 0);
  const blocks = count(inputs, Math.ceil(outputs / 4), (k, b) => {
    const at = k * outputs;
    for (let m = 4 * b; m < Math.min(outputs, 4 * b + 4); m++) if (values[at + m] !== 0) return true;
    return false;
  });
  return {
    inputs,
    outputs,
    nonzeros: weights.all,
    blocks: blocks.all,
    kept: weights.kept,
    keptBlocks: blocks.kept,
    finite,
  };
}

function count(inputs: number, columns: number, there: (k: number, column: number) => boolean) {
  const kept: Record<number, number> = Object.fromEntries(GROUPS.map((size) => [size, 0]));
  const counts = GROUPS.map(() => new Uint32Array(columns));
  let all = 0;
  for (let k = 0; k < inputs; k++) {
    GROUPS.forEach((size, g) => void (k % size === 0 && counts[g].fill(0)));
    for (let c = 0; c < columns; c++) {
      if (!there(k, c)) continue;
      all++;
      for (let g = 0; g < GROUPS.length; g++) {
        const n = ++counts[g][c];
        if (n > kept[GROUPS[g]]) kept[GROUPS[g]] = n;
      }
    }
  }
  return { all, kept };
}

/** The N:M with the smallest share N/M that a pattern keeps, the smallest M among equals. */
export function tightest(kept: Readonly<Record<number, number>>): { readonly keep: number; readonly group: number } {
  const [first, ...others] = GROUPS.map((group) => ({ keep: kept[group], group }));
  return others.reduce(
    (best, one) => (one.keep * best.group < best.keep * one.group ? one : best),
    first as { keep: number; group: number },
  );
}
