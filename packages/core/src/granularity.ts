import type { Extent, Granularity, Param, Plan, Span } from './contracts.js';
import { outAxisOf } from './eligible.js';
import { InputError, show } from './errors.js';
import { sizeOf } from './shape.js';

export const WEIGHTS: Granularity = { kind: 'weights', name: 'weights' };
export const CHANNELS: Granularity = { kind: 'channels', name: 'channels', units: true };

export const nmGranularity = (keep: number, group: number): Granularity => ({
  kind: 'n:m',
  name: `${keep}:${group}`,
  counts: [{ within: { inputs: group }, keep }],
});

export const blockGranularity = (outputs: number, inputs: number): Granularity => ({
  kind: 'block',
  name: `${outputs}×${inputs} blocks`,
  cell: { outputs, inputs },
});

/** The description in files that named N:M and blocks alone. */
export function granularityOf(file: {
  readonly pattern?: { readonly keep: number; readonly group: number };
  readonly block?: { readonly outputs: number; readonly inputs: number };
}): Granularity | undefined {
  if (file.pattern) return nmGranularity(file.pattern.keep, file.pattern.group);
  return file.block && blockGranularity(file.block.outputs, file.block.inputs);
}

/** A kernel cut into boxes of neighbours, from its first weight on: box b is the entries `first[b] + within[k]`. */
export interface Grid {
  /** In the order of memory. */
  readonly first: Int32Array;
  readonly within: Int32Array;
  /** By axis, the entries past the last whole box. */
  readonly rest: readonly number[];
  /** The box that an entry lies in; −1 = past the last whole one. */
  boxOf(index: number): number;
}

type Kernel = Pick<Param, 'shape' | 'inAxis'>;

export function gridOf(kernel: Kernel, extent: Extent = {}): Grid {
  const { shape } = kernel;
  const spans = spansOf(kernel, extent);
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const counts = shape.map((size, axis) => Math.floor(size / spans[axis]));
  const { positions, inputs, outputs } = axesOf(kernel);
  const leaps = strides.map((stride, axis) => stride * spans[axis]);
  return {
    first: offsets([...shape.keys()], counts, leaps),
    within: offsets([...positions, ...inputs, ...outputs], spans, strides),
    rest: shape.map((size, axis) => size - counts[axis] * spans[axis]),
    boxOf(index) {
      let box = 0;
      for (const [axis, size] of shape.entries()) {
        const at = Math.floor((Math.floor(index / strides[axis]) % size) / spans[axis]);
        if (at >= counts[axis]) return -1;
        box = box * counts[axis] + at;
      }
      return box;
    },
  };
}

/** Every sum of i · steps[axis] with i < lengths[axis], the last of the axes first. */
function offsets(axes: readonly number[], lengths: readonly number[], steps: readonly number[]): Int32Array {
  let found = Int32Array.of(0);
  for (const axis of axes) {
    const next = new Int32Array(found.length * lengths[axis]);
    for (let n = 0; n < next.length; n++)
      next[n] = found[Math.floor(n / lengths[axis])] + (n % lengths[axis]) * steps[axis];
    found = next;
  }
  return found;
}

/** Of each axis, how many neighbours the extent takes. */
function spansOf(kernel: Kernel, { inputs = 1, outputs = 1, positions = [] }: Extent): number[] {
  const { shape } = kernel;
  const spans = shape.map(() => 1);
  const axes = axesOf(kernel);
  const take = (of: readonly number[], span: Span) =>
    of.forEach((axis, i) => {
      if (span === 'all') spans[axis] = Math.max(1, shape[axis]);
      else if (i === of.length - 1) spans[axis] = span;
    });
  take(axes.inputs, inputs);
  take(axes.outputs, outputs);
  axes.positions.forEach((axis, i) => take([axis], positions === 'all' ? 'all' : (positions[i] ?? 1)));
  return spans;
}

/** The axes by what lies along them. The outputs of a depthwise kernel [h, w, c, m] are its c·m filters, along two axes. */
function axesOf(kernel: Kernel): { positions: number[]; inputs: number[]; outputs: number[] } {
  const { shape, inAxis } = kernel;
  const out = outAxisOf(kernel);
  const depthwise = shape.length === 4 ? [2, 3] : shape.length > 0 ? [shape.length - 1] : [];
  const [inputs, outputs] = out >= 0 ? [[inAxis], [out]] : [[], depthwise];
  const positions = [...shape.keys()].filter((axis) => !inputs.includes(axis) && !outputs.includes(axis));
  return { positions, inputs, outputs };
}

/**
 * Whether weights that one output reads may change places, one in for one out, and the plan is still of its granularity: they
 * are decided on singly, and no count is fixed in less than all that an output reads.
 */
export function rowsAreFree({ granularity, units }: Pick<Plan, 'granularity' | 'units'>): boolean {
  const { cell, counts = [] } = granularity ?? WEIGHTS;
  const whole = counts.every(({ within }) => within.inputs === 'all' && within.positions === 'all');
  return cell === undefined && whole && Object.keys(units).length === 0;
}

/** Throws an InputError with code 'granularity' for what does not describe one; `where` is whose it is. */
export function checkGranularity(value: unknown, where: string): void {
  const wrong = flawOf(value);
  if (!wrong) return;
  const [wanted, found] = [wrong[0], JSON.stringify(wrong[1]) ?? 'nothing'];
  throw new InputError('granularity', `${where}: a granularity needs ${wanted}, got ${show(found)}`, {
    where,
    wanted,
    found,
  });
}

function flawOf(value: unknown): [wanted: string, found: unknown] | undefined {
  if (!isObject(value)) return ['a kind, a name and what goes together', value];
  const { kind, name, cell, counts = [], units } = value;
  for (const [what, text] of [
    ['kind', kind],
    ['name', name],
  ])
    if (typeof text !== 'string' || text === '' || /\p{C}/u.test(text)) return [`a ${String(what)} that prints`, text];
  if (units !== undefined && typeof units !== 'boolean') return ['units to be true or false', units];
  if (cell !== undefined && !isExtent(cell)) return ['a cell of whole spans', cell];
  if (!Array.isArray(counts)) return ['a list of counts', counts];
  const bad = counts.find((count) => !isObject(count) || !isExtent(count.within) || !isKeep(count.keep));
  return bad === undefined ? undefined : ['counts of { within, keep }', JSON.stringify(bad)];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isWhole = (value: unknown) => Number.isSafeInteger(value) && (value as number) > 0;
const isKeep = (value: unknown) => value === undefined || value === 0 || isWhole(value);

function isExtent(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { inputs = 1, outputs = 1, positions = [] } = value;
  const spans = [inputs, outputs].every((span) => span === 'all' || isWhole(span));
  return spans && (positions === 'all' || (Array.isArray(positions) && positions.every(isWhole)));
}
