import { type Batch, type Context, dataEmpty, type Note, type Param, type PrunableModel } from '@espalier/core';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import {
  addRows,
  finish,
  type HessianOptions,
  type LayerHessian,
  layerHessians,
  newSums,
  noInputs,
} from './hessians.js';
import type { Linear } from './linear.js';
import { matched, shiftOf } from './shift.js';
import { HESSIAN_DEFAULTS } from './defaults.js';

export type Values = ReadonlyMap<string, Float32Array>;

export interface InOrderOptions extends HessianOptions {
  /** The weights before anything was pruned, of all that the masks change. */
  readonly before: Values;
  /** The same, masked. */
  readonly masked: Values;
  /** New values of one kernel, for `target` in place of its own; those behind it are fitted to what enters them then. */
  fit(layer: LayerHessian, target: Float32Array): Float32Array;
}

export interface Fitted {
  /** By kernel. */
  readonly values: Map<string, Float32Array>;
  readonly notes: readonly Note[];
}

/**
 * Fits kernels one after the other, each on the inputs X̂ that the network pruned so far gives it (SparseGPT, arXiv:2301.00774), to the
 * outputs X·w that it had before anything was pruned, as GPFQ (arXiv:2010.11103) does: argmin ‖X·w − X̂·ŵ‖² under the mask is the
 * argmin of (t − ŵ)ᵀH(t − ŵ) with H = X̂ᵀX̂/n and the target t = w + H⁻¹·X̂ᵀ(X − X̂)·w/n. Behind nothing that is pruned t is w to the bit.
 *
 * Sums are held of one kernel at a time, and the data is asked for once for each. Leaves the model with the values found, and
 * masked where there are none. Notes and errors are those of `layerHessians`.
 */
export async function fitInOrder(
  linear: Linear,
  context: Context,
  params: readonly Param[],
  options: InOrderOptions,
): Promise<Fitted> {
  const { before, masked, fit, damping } = { ...HESSIAN_DEFAULTS, ...options };
  const values = new Map<string, Float32Array>();
  const now = new Map(masked);
  const notes: Note[] = [];
  for (const param of inOrder(params)) {
    const own = before.get(param.id)!;
    try {
      const { sums, shift } = await sumUp(linear, context, param, now, options);
      const layer = finish(linear, sums, damping, notes);
      const fitted = fit(layer, matched(linear, layer, own, shift));
      values.set(param.id, fitted);
      now.set(param.id, fitted);
    } catch (error) {
      notes.push(noInputs(param.id, error));
    }
  }
  write(context.model, now);
  return { values, notes };
}

/** Fits every kernel by itself, to its own weights on the inputs of before. Leaves the model masked. */
export async function fitApart(
  linear: Linear,
  context: Context,
  params: readonly Param[],
  { before, masked, fit, ...options }: InOrderOptions,
): Promise<Fitted> {
  const { layers, notes } = await layerHessians(linear, context, params, options);
  const values = new Map([...layers].map(([id, layer]) => [id, fit(layer, before.get(id)!)] as const));
  write(context.model, masked);
  return { values, notes };
}

/** As the model uses them, where it says so. */
const inOrder = (params: readonly Param[]) => [...params].sort((a, b) => (a.place ?? 0) - (b.place ?? 0));

async function sumUp(
  linear: Linear,
  { model, batches }: Context,
  param: Param,
  now: Values,
  { before, rows: limit = HESSIAN_DEFAULTS.rows }: InOrderOptions,
) {
  const own = before.get(param.id)!;
  const sums = newSums(param);
  const shift = new Float64Array(own.length);
  let samples = 0;
  for await (const batch of batches()) {
    samples += batch.x.shape[0];
    for await (const { was, is } of bothInputs(model, batch, param.id, before, now)) {
      addRows(linear, sums, await is.data<'float32'>(), is.shape[0]);
      const part = await shiftOf(sums.layout, was, is, own);
      for (let i = 0; i < shift.length; i++) shift[i] += part[i];
    }
    if (sums.rows >= limit) break;
  }
  if (samples === 0) throw dataEmpty('OBS');
  for (let i = 0; i < shift.length; i++) shift[i] /= sums.rows;
  return { sums, shift };
}

function write(model: PrunableModel, values: Values): void {
  for (const [id, own] of values) model.write(id, own);
}

/** The same pieces of one kernel's inputs, with the values of before in the model and with those of now. */
async function* bothInputs(
  model: PrunableModel,
  batch: Batch,
  id: string,
  before: Values,
  now: Values,
): AsyncGenerator<{ was: Tensor2D; is: Tensor2D }> {
  const sideOf = (values: Values) => ({ values, pieces: model.inputs(batch, id)[Symbol.asyncIterator]() });
  const sides = [sideOf(before), sideOf(now)];
  // Pieces are worked out when they are asked for, so the values have to be there each time.
  const next = async ({ values, pieces }: (typeof sides)[number]) => {
    write(model, values);
    return pieces.next();
  };
  try {
    for (;;) {
      const [was, is] = [await next(sides[0]), await next(sides[1])];
      if (was.done === true || is.done === true) return;
      yield { was: was.value, is: is.value };
    }
  } finally {
    for (const { pieces } of sides) await pieces.return?.();
  }
}
