import {
  andBits,
  type Bits,
  checkFiniteScores,
  eligibleParams,
  InputError,
  isKept,
  ignoring,
  lazyPlan,
  makeBits,
  nmGranularity,
  type Note,
  nothingToPrune,
  outAxisOf,
  type Param,
  setPruned,
  sizeOf,
  type Slice,
  sliceOf,
  type Strategy,
} from '@espalier/core';
import { say } from './notes.js';
import { checkPattern } from './pattern.js';
import { tileSolver } from './transposable.js';
import { NM_DEFAULTS } from './defaults.js';

export interface NmOptions {
  /** N: how many of every `group` weights stay. */
  readonly keep?: number;
  /** M: how many neighbours along the input axis form a group. */
  readonly group?: number;
  /** What to do with an input axis that `group` does not divide: refuse, or leave the weights past the last whole group dense. */
  readonly tail?: 'error' | 'dense';
  /** Keeps the pattern along the outputs as well, so that the transposed kernel of the backward pass has it too. */
  readonly transposable?: boolean;
}

/**
 * N:M sparsity: of every M consecutive weights along the input axis (axis −2 of dense [in, out] and conv [kh, kw, in, out]),
 * the N with the highest scores stay; among equal scores the lower index. N is the number KEPT. arXiv:2104.08378.
 *
 * Transposable, of every M × M tile of inputs and outputs the mask with N in each row and column stays whose scores add up to
 * most, exactly (arXiv:2102.08124); both axes must then be divisible.
 *
 * Kernels without an input axis of their own, such as depthwise ones, stay dense, and the plan's notes say so. Throws an
 * InputError with code 'nm-axis' where the axis is not divisible and `tail` is 'error', and a UsageError with code
 * 'nm-pattern' for a pattern that is none.
 */
export function nm(options: NmOptions = {}): Strategy {
  const { keep, group, tail, transposable } = { ...NM_DEFAULTS, ...options };
  checkPattern(keep, group);
  const along = nmGranularity(keep, group);
  const { name } = along;
  const granularity = transposable
    ? { ...along, counts: [...along.counts!, { within: { outputs: group }, keep }] }
    : along;
  const axesOf = (param: Param) => (transposable ? [param.inAxis, outAxisOf(param)] : [param.inAxis]);
  return {
    name: transposable ? `${name}-transposable` : name,
    sparsity: 1 - keep / group,
    async select(selection) {
      const notes: Note[] = [];
      const slices = new Map<string, { slice: Slice; param: Param }>();
      for (const param of eligibleParams(selection)) {
        if (fits(param, axesOf(param), { name, group, tail }, notes))
          slices.set(param.id, { slice: await sliceOf(selection, param), param });
      }
      if (slices.size === 0) throw nothingToPrune(notes);
      return lazyPlan(
        { params: [...slices.keys()], units: selection.previous?.units ?? {}, granularity, notes },
        async (id): Promise<Bits> => {
          const { slice, param } = slices.get(id)!;
          const scores = await slice.read();
          checkFiniteScores(id, scores);
          return transposable
            ? tiledMask(slice, scores, param, keep, group)
            : maskOf(slice, scores, param, keep, group);
        },
      );
    },
  };
}

const WORDS = ['input', 'output'] as const;

/** Whether a kernel takes the pattern along its axes; what stays dense of it is noted. */
function fits(
  param: Param,
  axes: readonly number[],
  { name: pattern, group, tail }: { name: string; group: number; tail: NmOptions['tail'] },
  notes: Note[],
): boolean {
  const { id } = param;
  const lengths = axes.map((axis) => (axis < 0 ? 0 : param.shape[axis]));
  const uneven = lengths.findIndex((length) => length % group !== 0);
  const short = lengths.findIndex((length) => length < group);
  if (axes.some((axis) => axis < 0)) {
    notes.push(say('dense-no-input-axis', { id, pattern }));
    return false;
  }
  if (uneven >= 0 && tail === 'error') {
    throw notDivisible(pattern, param, group, WORDS[uneven], lengths[uneven]);
  }
  if (short >= 0) {
    notes.push(say('dense-short-axis', { id, axis: say(WORDS[short]), size: lengths[short], group, pattern }));
    return false;
  }
  for (const [i, size] of lengths.entries()) {
    const rest = size % group;
    if (rest !== 0) notes.push(say('dense-tail', { id, rest, size, axis: say(`${WORDS[i]}s`), pattern }));
  }
  return true;
}

/** Groups lie `inner` entries apart in memory, where inner is the product of the axes behind the input axis. */
function maskOf(slice: Slice, scores: Float32Array, { shape, inAxis }: Param, keep: number, group: number): Bits {
  const bits: Bits = slice.previous
    ? { length: slice.size, bytes: slice.previous.bytes.slice() }
    : makeBits(slice.size);
  const inner = sizeOf(shape.slice(inAxis + 1));
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

/** What was pruned before is kept by no mask that can do without it, and stays pruned in any case. */
function tiledMask(slice: Slice, scores: Float32Array, param: Param, keep: number, group: number): Bits {
  const { shape, inAxis } = param;
  const outAxis = outAxisOf(param);
  const bits = makeBits(slice.size);
  const strideOf = (axis: number) => sizeOf(shape.slice(axis + 1));
  const [inStride, outStride] = [strideOf(inAxis), strideOf(outAxis)];
  const area = shape[inAxis] * shape[outAxis];
  const solve = tileSolver(keep, group);
  const values = new Float64Array(group * group);
  const isGone = (at: number) => slice.previous !== undefined && !isKept(slice.previous, at);
  for (let matrix = 0; matrix < slice.size; matrix += area)
    for (let i = 0; i + group <= shape[inAxis]; i += group)
      for (let o = 0; o + group <= shape[outAxis]; o += group) {
        const first = matrix + i * inStride + o * outStride;
        const at = (cell: number) => first + Math.floor(cell / group) * inStride + (cell % group) * outStride;
        let [least, span] = [Infinity, 1];
        for (let cell = 0; cell < values.length; cell++) {
          const value = (values[cell] = scores[at(cell)]);
          least = Math.min(least, value);
          span += Math.abs(value);
        }
        for (let cell = 0; cell < values.length; cell++) if (isGone(at(cell))) values[cell] = least - 2 * span;
        const mask = solve(values);
        for (let cell = 0; cell < mask.length; cell++) if (mask[cell] === 0) setPruned(bits, at(cell));
      }
  return slice.previous ? andBits(bits, slice.previous) : bits;
}

function notDivisible(name: string, param: Param, group: number, axis: string, length: number): InputError {
  const found = String(length);
  const fix = `leave it out with ${ignoring(param.id)}, or keep the rest dense with tail: 'dense'`;
  return new InputError(
    'nm-axis',
    `${name} needs the ${axis} axis of '${param.id}' divisible by ${group}, got ${found}; ${fix}`,
    {
      where: param.id,
      wanted: `a multiple of ${group}`,
      found,
      fix,
    },
  );
}
