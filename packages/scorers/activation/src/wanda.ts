import {
  checkFiniteScores,
  checkSamples,
  type Context,
  dataEmpty,
  isInputsUnsupported,
  type Note,
  type Param,
  type Scorer,
  scoresInMemory,
  withoutInputs,
  sizeOf,
} from '@espalier/core';
import { getBackend } from '@tensorflow/tfjs-core';

export interface WandaOptions {
  /** Batches are taken until at least this many samples were seen. */
  readonly samples?: number;
}

export const WANDA_DEFAULTS = { samples: 1024 };

/**
 * |W_ij|·‖X_j‖₂: a weight times the norm of the input that it meets, over the calibration data (Wanda, arXiv:2306.11695). Inputs of
 * convolutions are their unfolded patches, those of depthwise kernels the patches of one channel. Made for comparison within
 * one output, `unstructured({ scope: 'output' })`, where it is magnitude corrected for inputs that are seldom or faint; across
 * layers it compares what does not compare. One forward pass a kernel, no gradients, no labels.
 *
 * Holds one float64 per input while it is in use. Kernels whose inputs the model does not offer get no opinion, and a note says
 * so. Throws a UsageError with code 'samples' or 'data-missing', an InputError with code 'data-empty', 'score-not-finite' or
 * 'score-param'.
 */
export function wanda(options: WandaOptions = {}): Scorer {
  const { samples } = { ...WANDA_DEFAULTS, ...options };
  checkSamples(samples, 'wanda');
  return {
    name: 'wanda',
    async score(context) {
      const kernels = context.model.params.filter(({ role, skip }) => role === 'kernel' && skip === undefined);
      const { norms, notes } = await inputNorms(context, kernels, samples);
      const scores = new Map<string, Float32Array>();
      for (const [id, norm] of norms) {
        const weights = await context.model.read(id);
        const outputs = weights.length / norm.length;
        scores.set(
          id,
          weights.map((w, i) => Math.abs(w) * norm[Math.floor(i / outputs)]),
        );
        checkFiniteScores(id, scores.get(id)!);
      }
      return scoresInMemory('wanda', scores, { backend: getBackend(), notes });
    },
  };
}

/** ‖X_j‖₂ of every column of what enters each kernel. Squares are summed in float64. */
async function inputNorms(
  { model, batches }: Context,
  kernels: readonly Param[],
  samples: number,
): Promise<{ norms: Map<string, Float64Array>; notes: Note[] }> {
  const notes: Note[] = [];
  const sums = new Map(kernels.map(({ id, shape }) => [id, new Float64Array(sizeOf(shape.slice(0, -1)))]));
  let seen = 0;
  for await (const batch of batches()) {
    for (const [id, sum] of sums) {
      try {
        for await (const piece of model.inputs(batch, id)) {
          const values = await piece.data<'float32'>();
          for (let i = 0; i < values.length; i++) sum[i % sum.length] += values[i] * values[i];
        }
      } catch (error) {
        if (!isInputsUnsupported(error)) throw error;
        notes.push(withoutInputs(id, error));
        sums.delete(id);
      }
    }
    seen += batch.x.shape[0];
    if (seen >= samples) break;
  }
  if (seen === 0) throw dataEmpty('wanda');
  for (const sum of sums.values()) for (let i = 0; i < sum.length; i++) sum[i] = Math.sqrt(sum[i]);
  return { norms: sums, notes };
}
