import {
  type Bits,
  checkFiniteScores,
  eligibleParams,
  isKept,
  layerOf,
  InputError,
  lazyPlan,
  makeBits,
  nothingToPrune,
  type Param,
  setPruned,
  show,
  sliceOf,
  type Slice,
  type Strategy,
  UsageError,
} from '@espalier/core';

export interface NmOptions {
  /** N: how many of every `group` weights stay. */
  readonly keep?: number;
  /** M: how many neighbours along the input axis form a group. */
  readonly group?: number;
  /** What to do with an input axis that `group` does not divide: refuse, or leave the weights past the last whole group dense. */
  readonly tail?: 'error' | 'dense';
}

export const NM_DEFAULTS = { keep: 2, group: 4, tail: 'error' } as const;

/**
 * N:M sparsity: of every M consecutive weights along the input axis (axis −2 of dense [in, out] and conv [kh, kw, in, out]),
 * the N with the highest scores stay; among equal scores the lower index. N is the number KEPT. arXiv:2104.08378.
 *
 * Kernels without an input axis of their own, such as depthwise ones, stay dense, and the plan's notes say so. Throws an
 * InputError with code 'nm-axis' where the axis is not divisible and `tail` is 'error', and a UsageError with code
 * 'nm-pattern' for a pattern that is none.
 */
export function nm(options: NmOptions = {}): Strategy {
  const { keep, group, tail } = { ...NM_DEFAULTS, ...options };
  if (!(Number.isInteger(keep) && Number.isInteger(group) && keep >= 1 && keep < group)) {
    const wanted = 'integers with 1 ≤ keep < group';
    throw new UsageError(
      'nm-pattern',
      `N:M needs ${wanted}, got keep ${show(keep)} and group ${show(group)}; 2:4 is keep 2, group 4`,
      { where: 'keep, group', wanted, found: `${keep}:${group}` },
    );
  }
  const name = `${keep}:${group}`;
  return {
    name,
    sparsity: 1 - keep / group,
    async select(selection) {
      const notes: string[] = [];
      const slices = new Map<string, { slice: Slice; param: Param }>();
      for (const param of eligibleParams(selection)) {
        const length = param.inAxis < 0 ? 0 : param.shape[param.inAxis];
        if (param.inAxis < 0) {
          notes.push(`${param.id} stays dense: it has no input axis for ${name}`);
        } else if (length % group !== 0 && tail === 'error') {
          throw notDivisible(name, param, group);
        } else if (length < group) {
          notes.push(
            `${param.id} stays dense: its input axis has ${length} of the ${group} entries that a group of ${name} needs`,
          );
        } else {
          if (length % group !== 0)
            notes.push(
              `${param.id}: the last ${length % group} of ${length} inputs stay dense, ${name} does not divide them`,
            );
          slices.set(param.id, { slice: await sliceOf(selection, param), param });
        }
      }
      if (slices.size === 0) throw nothingToPrune(notes);
      return lazyPlan(
        { params: [...slices.keys()], units: selection.previous?.units ?? {}, pattern: { keep, group }, notes },
        async (id): Promise<Bits> => {
          const { slice, param } = slices.get(id)!;
          return maskOf(slice, await slice.read(), param, keep, group);
        },
      );
    },
  };
}

/** Groups lie `inner` entries apart in memory, where inner is the product of the axes behind the input axis. */
function maskOf(slice: Slice, scores: Float32Array, { shape, inAxis }: Param, keep: number, group: number): Bits {
  const bits: Bits = slice.previous
    ? { length: slice.size, bytes: slice.previous.bytes.slice() }
    : makeBits(slice.size);
  checkFiniteScores(slice.id, scores);
  const inner = shape.slice(inAxis + 1).reduce((a, b) => a * b, 1);
  const length = shape[inAxis];
  const whole = length - (length % group);
  for (let outer = 0; outer < slice.size; outer += length * inner) {
    for (let start = 0; start < whole; start += group) {
      for (let column = 0; column < inner; column++) pruneGroup(outer + start * inner + column, inner);
    }
  }
  return bits;

  function pruneGroup(first: number, stride: number): void {
    // An entry stays if fewer than `keep` others come before it: higher scores, or equal ones with a lower index.
    for (let i = 0; i < group; i++) {
      const at = first + i * stride;
      let ahead = 0;
      for (let j = 0; j < group && ahead < keep; j++) {
        const other = first + j * stride;
        if (slice.previous && !isKept(slice.previous, other)) continue;
        if (scores[other] > scores[at] || (scores[other] === scores[at] && j < i)) ahead++;
      }
      if (ahead >= keep) setPruned(bits, at);
    }
  }
}

function notDivisible(name: string, param: Param, group: number): InputError {
  const found = String(param.shape[param.inAxis]);
  const fix = `leave it out with --ignore ${layerOf(param.id)}, or keep the rest dense with --tail dense`;
  return new InputError(
    'nm-axis',
    `${name} needs the input axis of '${param.id}' divisible by ${group}, got ${found}; ${fix}`,
    {
      where: param.id,
      wanted: `a multiple of ${group}`,
      found,
      fix,
    },
  );
}
