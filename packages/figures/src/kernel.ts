import { type Bits, checkSparsity, countKept, InputError, isKept, show, sizeOf, UsageError } from '@espalier/core';
import { histogram, type Histogram } from './histogram.js';
import { cutByMagnitude } from './magnitude-cut.js';

/** A weight and, where it has been decided, what of it is kept. */
export interface Kernel {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
  /** Absent = prune by magnitude at the option `sparsity`. */
  readonly mask?: Bits;
  /** The largest pruned |w|; null or absent where a mask is given = no threshold decided it. */
  readonly threshold?: number | null;
}

/** The top left corner of a mask, rows the leading axes flattened, columns the last axis. */
export interface MaskCorner {
  /** Rows and columns of the whole kernel. */
  readonly of: readonly [rows: number, cols: number];
  /** Rows and columns shown. */
  readonly shown: readonly [rows: number, cols: number];
  /** Row by row; true = keep. */
  readonly keep: readonly boolean[];
}

/** All that the three panels show: small, and independent of the weights' number. */
export interface PruningData {
  readonly name: string;
  readonly shape: readonly number[];
  readonly size: number;
  readonly kept: number;
  readonly before: Histogram;
  /** Kept weights only, in the bins of `before`. */
  readonly after: Histogram;
  readonly threshold: number | null;
  readonly corner: MaskCorner;
}

export interface PruningDataOptions {
  /** Fraction removed by magnitude, for a kernel without a mask. */
  readonly sparsity?: number;
  readonly bins?: number;
  /** At most this many rows and columns of the mask. */
  readonly side?: number;
  /** Which of several kernels, by name or by position; default: the first of rank 2 or more. */
  readonly kernel?: string | number;
}

export const PRUNING_DATA_DEFAULTS = { sparsity: 0.5, bins: 50, side: 32 };

/** Bare values are one row. */
export type Weights = Kernel | Float32Array | readonly Kernel[];

/**
 * Counts what the panels show. Without a mask the kernel is pruned by magnitude: exactly
 * roundHalfEven(sparsity · size) weights, among equal ones the lower index is kept.
 *
 * @throws UsageError 'sparsity-range', 'figure-bins', 'figure-side', 'figure-kernel'
 * @throws InputError 'figure-empty', 'figure-not-finite', and 'figure-shape' where values, shape and mask disagree
 */
export function pruningData(weights: Weights, options: PruningDataOptions = {}): PruningData {
  const { sparsity, bins, side } = { ...PRUNING_DATA_DEFAULTS, ...definedOnly(options) };
  checkSparsity(sparsity);
  if (!(Number.isInteger(side) && side >= 1 && side <= 256)) {
    throw new UsageError('figure-side', `side must be an integer from 1 to 256, got ${show(side)}`, { where: 'side' });
  }
  const kernel = choose(weights, options.kernel);
  checkKernel(kernel);
  const { name, shape, values } = kernel;
  const before = histogram(values, { bins, where: name });
  const { mask, threshold } = kernel.mask
    ? { mask: kernel.mask, threshold: kernel.threshold ?? null }
    : cutByMagnitude(values, sparsity);
  return {
    name,
    shape,
    size: values.length,
    kept: countKept(mask),
    before,
    after: histogram(values, { bins, where: name, only: (i) => isKept(mask, i) }),
    threshold,
    corner: cornerOf(mask, shape, side),
  };
}

const definedOnly = <T extends object>(options: T) =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;

export function cornerOf(mask: Bits, shape: readonly number[], side: number): MaskCorner {
  const cols = shape.at(-1) ?? 1;
  const rows = mask.length / cols;
  const [shownRows, shownCols] = [Math.min(rows, side), Math.min(cols, side)];
  const keep: boolean[] = [];
  for (let r = 0; r < shownRows; r++) for (let c = 0; c < shownCols; c++) keep.push(isKept(mask, r * cols + c));
  return { of: [rows, cols], shown: [shownRows, shownCols], keep };
}

function choose(weights: Weights, wanted: string | number | undefined): Kernel {
  if (weights instanceof Float32Array) return { name: 'weights', shape: [weights.length], values: weights };
  const all: readonly Kernel[] = Array.isArray(weights) ? weights : [weights];
  const found =
    wanted === undefined
      ? (all.find(({ shape }) => shape.length > 1) ?? all[0])
      : all.find(({ name }, i) => name === wanted || i === wanted);
  if (found) return found;
  const names = all.map(({ name }) => show(name)).join(', ') || 'none';
  const asked = wanted === undefined ? 'there is no kernel to draw' : `there is no kernel ${show(wanted)} to draw`;
  throw new UsageError('figure-kernel', `${asked}; the kernels are: ${names}`, { where: 'kernel', found: names });
}

function checkKernel({ name, shape, values, mask }: Kernel): void {
  const fail = (wanted: string, found: string): never => {
    throw new InputError('figure-shape', `${show(name)} needs ${wanted}, got ${found}`, { where: name, wanted, found });
  };
  if (!(values instanceof Float32Array)) fail('its values as a Float32Array', Object.prototype.toString.call(values));
  if (!shape.every((n) => Number.isInteger(n) && n >= 0)) fail('a shape of whole numbers', `[${shape.join(', ')}]`);
  const size = sizeOf(shape);
  if (values.length !== size) fail(`${size} values for its shape [${shape.join(', ')}]`, String(values.length));
  if (mask && (mask.length !== size || mask.bytes.length !== (size + 7) >> 3)) {
    fail(`a mask of ${size} bits`, `${mask.length} bits in ${mask.bytes.length} bytes`);
  }
}
