import {
  type Bits,
  bitsFrom,
  blockGranularity,
  checkFiniteScores,
  type Cut,
  eligibleParams,
  type Grid,
  gridOf,
  InputError,
  isKept,
  ignoring,
  lazyPlan,
  makeBits,
  type Note,
  nothingToPrune,
  outAxisOf,
  type Param,
  pruneCount,
  selectLowest,
  type Selection,
  setPruned,
  show,
  type Slice,
  sliceOf,
  type Strategy,
  UsageError,
} from '@espalier/core';
import { BLOCK_DEFAULTS } from './defaults.js';
import { say } from './notes.js';

export interface BlockOptions {
  /** How many neighbouring outputs of a kernel a block spans. */
  readonly outputs?: number;
  /** How many neighbouring inputs it spans. */
  readonly inputs?: number;
  /** global: one threshold for the whole network. local: each kernel loses the same fraction of its blocks. */
  readonly scope?: 'global' | 'local';
  /** What to do with an axis that the block does not divide: refuse, or leave the weights past the last whole block dense. */
  readonly tail?: 'error' | 'dense';
}

/** A kernel and its blocks; `slice` is what was pruned of its weights before, `blocks` is the same of whole blocks. */
interface Target {
  readonly param: Param;
  readonly grid: Grid;
  readonly slice: Slice;
  readonly blocks: Slice;
}

/**
 * Prunes whole blocks of outputs × inputs neighbouring weights, those with the lowest sums of scores first: exactly
 * roundHalfEven(sparsity · blocks) of them, in all kernels together (global) or in each (local); among equal sums the block
 * with the lower index is kept. 4×1 is four outputs that share an input, what SIMD kernels multiply at once; 1×4 is four
 * inputs of one output. Sums are taken in float64 and rounded to float32. Sparsity 1 keeps one block. arXiv:1711.02782.
 *
 * Kernels without an input and an output axis, such as depthwise ones, stay dense, and so do weights past the last whole
 * block with `tail: 'dense'`; the plan's notes say so, and the sparsity is that of the whole blocks. Throws an InputError
 * with code 'block-axis' where an axis is not divisible and `tail` is 'error', a UsageError with code 'block-size' for a
 * block that is none, and 'nothing-to-prune' where no kernel is left.
 */
export function block(options: BlockOptions = {}): Strategy {
  const { outputs, inputs, scope, tail } = { ...BLOCK_DEFAULTS, ...options };
  checkSize(outputs, inputs);
  const name = `${outputs}x${inputs}`;
  const granularity = blockGranularity(outputs, inputs);
  return {
    name: `block-${name}-${scope}`,
    async select(selection) {
      const notes: Note[] = [];
      const targets: Target[] = [];
      for (const param of eligibleParams(selection)) {
        if (outAxisOf(param) < 0) {
          notes.push(say('dense-no-block-axes', { id: param.id, block: name }));
          continue;
        }
        const grid = gridOf(param, granularity.cell);
        const rest = { outputs: grid.rest[outAxisOf(param)], inputs: grid.rest[param.inAxis] };
        if ((rest.outputs > 0 || rest.inputs > 0) && tail === 'error')
          throw notDivisible(name, param, outputs, inputs, rest);
        notes.push(...notesOn(param, grid, rest, name));
        if (grid.first.length > 0) targets.push(await targetOf(selection, param, grid));
      }
      if (targets.length === 0) throw nothingToPrune(notes);
      const cuts = await cutsOf(targets, scope, selection.sparsity);
      const byId = new Map(targets.map((target) => [target.param.id, target]));
      return lazyPlan(
        { params: [...byId.keys()], units: selection.previous?.units ?? {}, granularity, notes },
        async (id) => spread(byId.get(id)!, await cuts.get(id)!.mask(id)),
      );
    },
  };
}

async function cutsOf(
  targets: readonly Target[],
  scope: 'global' | 'local',
  sparsity: number,
): Promise<Map<string, Cut>> {
  const cutOf = (slices: Slice[]) => {
    const total = slices.reduce((sum, { size }) => sum + size, 0);
    return selectLowest(slices, pruneCount(total, sparsity));
  };
  const ids = targets.map(({ param }) => param.id);
  if (scope === 'global') {
    const cut = await cutOf(targets.map(({ blocks }) => blocks));
    return new Map(ids.map((id) => [id, cut]));
  }
  const cuts = new Map<string, Cut>();
  for (const { param, blocks } of targets) cuts.set(param.id, await cutOf([blocks]));
  return cuts;
}

/** A block counts as pruned before when nothing of it is left. */
async function targetOf(selection: Selection, param: Param, grid: Grid): Promise<Target> {
  const slice = await sliceOf(selection, param);
  const { previous } = slice;
  const { first, within } = grid;
  const before =
    previous && bitsFrom(first.length, (b) => within.some((offset) => isKept(previous, first[b] + offset)));
  return {
    param,
    grid,
    slice,
    blocks: {
      id: param.id,
      size: first.length,
      read: async () => sumsOf(slice, grid, await slice.read()),
      ...(before && { previous: before }),
    },
  };
}

/** Weights that were pruned before add nothing to their block. */
function sumsOf({ id, previous }: Slice, { first, within }: Grid, scores: Float32Array): Float32Array {
  checkFiniteScores(id, scores);
  const sums = new Float32Array(first.length);
  for (let b = 0; b < sums.length; b++) {
    let sum = 0;
    for (let i = 0; i < within.length; i++) {
      const at = first[b] + within[i];
      if (!previous || isKept(previous, at)) sum += scores[at];
    }
    sums[b] = sum;
  }
  return sums;
}

function spread({ slice, grid: { first, within } }: Target, blocks: Bits): Bits {
  const bits = slice.previous ? { length: slice.size, bytes: slice.previous.bytes.slice() } : makeBits(slice.size);
  for (let b = 0; b < first.length; b++) {
    if (isKept(blocks, b)) continue;
    for (let i = 0; i < within.length; i++) setPruned(bits, first[b] + within[i]);
  }
  return bits;
}

/** Entries past the last whole block. */
interface Rest {
  readonly outputs: number;
  readonly inputs: number;
}

function notesOn({ id }: Param, { first }: Grid, rest: Rest, name: string): Note[] {
  if (first.length === 0) return [say('dense-small', { id, block: name })];
  const axes = (['outputs', 'inputs'] as const).filter((axis) => rest[axis] > 0);
  return axes.map((axis) => say('dense-block-tail', { id, rest: rest[axis], axis: say(axis), block: name }));
}

function checkSize(outputs: number, inputs: number): void {
  const isSize = (n: number) => Number.isInteger(n) && n >= 1 && n <= 4096;
  if (isSize(outputs) && isSize(inputs) && outputs * inputs > 1) return;
  const wanted = 'whole numbers from 1 to 4096, not both 1';
  const found = `${outputs}x${inputs}`;
  throw new UsageError(
    'block-size',
    `a block of OUTPUTSxINPUTS needs ${wanted}, got ${show(found)}; 4x1 is outputs 4, inputs 1`,
    { where: 'outputs, inputs', wanted, found, fix: '4x1 is outputs 4, inputs 1' },
  );
}

function notDivisible(name: string, param: Param, outputs: number, inputs: number, rest: Rest): InputError {
  const [axis, size, wanted] =
    rest.outputs > 0
      ? ['output', param.shape[outAxisOf(param)], `a multiple of ${outputs}`]
      : ['input', param.shape[param.inAxis], `a multiple of ${inputs}`];
  const fix = `leave it out with ${ignoring(param.id)}, or keep the rest dense with tail: 'dense'`;
  return new InputError(
    'block-axis',
    `${name} blocks need the ${axis} axis of '${param.id}' to be ${wanted}, got ${size}; ${fix}`,
    { where: param.id, wanted, found: String(size), fix },
  );
}
