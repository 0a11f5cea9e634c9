import {
  type Context,
  dataEmpty,
  InputError,
  isInputsUnsupported,
  type Param,
  type PrunableModel,
  withoutInputs,
  type Note,
} from '@espalier/core';
import { say } from './notes.js';
import { type Layout, layoutOf } from './layout.js';
import { type Linear, mirror, padded, type Square, zeroSquare } from './linear.js';
import { HESSIAN_DEFAULTS } from './defaults.js';

export interface HessianOptions {
  /** At most about this many rows of inputs for each kernel; a convolution has one for every position of every sample. */
  readonly rows?: number;
  /** Added to the diagonal, as a fraction of its mean. */
  readonly damping?: number;
}

/** One kernel's H = XᵀX/n with what it takes to solve with it. */
export interface LayerHessian {
  readonly param: Param;
  readonly layout: Layout;
  /** By block, dampened. */
  readonly hessians: readonly Square[];
  /** Whether an input was zero in all rows, by block. */
  readonly dead: readonly Uint8Array[];
}

export interface Hessians {
  readonly layers: ReadonlyMap<string, LayerHessian>;
  readonly notes: readonly Note[];
}

/**
 * The layer-wise Hessians H = XᵀX/n of ½·‖X(w − ŵ)‖²/n for the rows X that enter each kernel: dense layers, convolutions on
 * their unfolded patches, one h·w × h·w matrix a channel for depthwise kernels. Streamed in pieces, summed in float64.
 *
 * What must not stop anybody is said in a note: kernels whose inputs the model does not offer, fewer rows than inputs,
 * singular Hessians with the damping that they got, inputs that are always zero. Throws an InputError with code
 * 'data-empty' or 'inputs-not-finite'.
 */
export async function layerHessians(
  linear: Linear,
  { model, batches }: Context,
  params: readonly Param[],
  options: HessianOptions = {},
): Promise<Hessians> {
  const { rows: limit, damping } = { ...HESSIAN_DEFAULTS, ...options };
  const notes: Note[] = [];
  const sums = new Map(params.map((param) => [param.id, newSums(param)]));
  let samples = 0;
  for await (const batch of batches()) {
    samples += batch.x.shape[0];
    for (const sum of sums.values()) {
      if (sum.rows >= limit) continue;
      try {
        for await (const piece of model.inputs(batch, sum.param.id)) {
          addRows(linear, sum, await piece.data<'float32'>(), piece.shape[0]);
        }
      } catch (error) {
        notes.push(noInputs(sum.param.id, error));
        sums.delete(sum.param.id);
      }
    }
    if ([...sums.values()].every(({ rows }) => rows >= limit)) break;
  }
  if (samples === 0) throw dataEmpty('OBS');
  const layers = new Map<string, LayerHessian>();
  for (const sum of sums.values()) layers.set(sum.param.id, finish(linear, sum, damping, notes));
  return { layers, notes };
}

/** The note on a kernel whose inputs the model does not offer; throws every other error again. */
export function noInputs(id: string, error: unknown): Note {
  if (!isInputsUnsupported(error)) throw error;
  return withoutInputs(id, error);
}

/** XᵀX of the rows so far, by block. */
export interface Sums {
  readonly param: Param;
  readonly layout: Layout;
  readonly squares: readonly Square[];
  rows: number;
}

export function newSums(param: Param): Sums {
  const layout = layoutOf(param);
  const squares = Array.from({ length: layout.blocks }, () => zeroSquare(layout.inputs));
  return { param, layout, squares, rows: 0 };
}

export function addRows(linear: Linear, sums: Sums, values: Float32Array, rows: number): void {
  const { layout, squares } = sums;
  sums.rows += rows;
  if (layout.blocks === 1) return linear.addGram(squares[0], values, rows);
  const part = new Float32Array(rows * layout.inputs);
  squares.forEach((square, block) => {
    for (let i = 0; i < part.length; i++) {
      const [row, input] = [Math.floor(i / layout.inputs), i % layout.inputs];
      part[i] = values[row * layout.width + input * layout.blocks + block];
    }
    linear.addGram(square, part, rows);
  });
}

/** H of the rows that were added, dampened. */
export function finish(
  linear: Linear,
  { param, layout, squares, rows }: Sums,
  damping: number,
  notes: Note[],
): LayerHessian {
  if (rows < layout.inputs) {
    notes.push(say('few-rows', { id: param.id, rows, inputs: layout.inputs, least: layout.inputs }));
  }
  let strongest = damping;
  let deadInputs = 0;
  let singular = false;
  const dead = squares.map((square) => {
    mirror(square);
    for (let i = 0; i < square.values.length; i++) square.values[i] /= rows;
    checkFinite(param.id, square);
    singular ||= rows >= layout.inputs && isSingular(linear, square);
    const zero = dampen(square, damping);
    deadInputs += zero.reduce((a, b) => a + b, 0);
    strongest = Math.max(strongest, strengthen(linear, square, damping));
    return zero;
  });
  if (deadInputs > 0) {
    const code = deadInputs === 1 ? 'dead-input' : 'dead-inputs';
    notes.push(say(code, { id: param.id, count: deadInputs }));
  }
  if (singular || strongest > damping) notes.push(say('singular-hessian', { id: param.id, damping: strongest }));
  return { param, layout, hessians: squares, dead };
}

const meanDiagonal = ({ n, values }: Square) => {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += values[i * padded(n) + i];
  return sum / n;
};

/** Whether inputs are sums of multiples of others; those that are always zero do not count. */
function isSingular(linear: Linear, { n, values }: Square): boolean {
  const side = padded(n);
  const copy = values.slice();
  let most = 0;
  for (let i = 0; i < n; i++) most = Math.max(most, copy[i * side + i]);
  for (let i = 0; i < n; i++) copy[i * side + i] ||= most;
  return most > 0 && linear.cholesky({ n, values: copy }) === undefined;
}

/** Adds damping · mean to the diagonal; inputs without any activity get 1, so that nothing follows from them. */
function dampen(square: Square, damping: number): Uint8Array {
  const { n, values } = square;
  const side = padded(n);
  const more = damping * meanDiagonal(square);
  const dead = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    dead[i] = values[i * side + i] === 0 ? 1 : 0;
    values[i * side + i] = dead[i] ? 1 : values[i * side + i] + more;
  }
  return dead;
}

/** Dampens by ten times as much, again and again, until there is a Cholesky factor; answers with the damping in force. */
function strengthen(linear: Linear, square: Square, damping: number): number {
  const { n, values } = square;
  const mean = meanDiagonal(square);
  let total = damping;
  for (let more = Math.max(damping, 1e-8) * 10; !linear.cholesky(square); more *= 10) {
    for (let i = 0; i < n; i++) values[i * padded(n) + i] += (more - (total - damping)) * mean;
    total = damping + more;
  }
  return total;
}

function checkFinite(id: string, { values }: Square): void {
  if (values.every(Number.isFinite)) return;
  const fix = 'check the weights, and that the data is normalised as in training';
  throw new InputError('inputs-not-finite', say('inputs-not-finite', { id }), {
    where: id,
    wanted: 'finite activations',
    found: 'NaN or infinite ones',
    fix,
  });
}

/** The kernels that OBS may look at: everything that is multiplied and float32. */
export const kernelsOf = (model: PrunableModel) =>
  model.params.filter((p) => p.role === 'kernel' && p.skip === undefined);
