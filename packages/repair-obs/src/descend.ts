import { type Bits, type Context, InputError } from '@espalier/core';
import { outputFactors } from './curvature.js';
import type { LayerHessian } from './hessians.js';
import type { Linear } from './linear.js';
import { naturalStep } from './natural-step.js';

export interface StepOptions {
  /** Steps along the loss of the labels; 0 = labels are not used. */
  readonly steps?: number;
  /** λ of the quadratic model. */
  readonly ridge?: number;
  /** Samples for the curvature. */
  readonly samples?: number;
  /** Iterations of conjugate gradients. */
  readonly iterations?: number;
}

export const STEP_DEFAULTS = { steps: 8, ridge: 0.003, samples: 256, iterations: 8 };

export interface Descent {
  readonly values: Map<string, Float32Array>;
  /** The calibration loss before the first step and after each. */
  readonly losses: readonly number[];
}

interface Slope {
  readonly loss: number;
  readonly gradients: ReadonlyMap<string, Float64Array>;
}

/**
 * Moves survivors along the loss of the labels: δ = −(H ⊗ G + λ·I)⁻¹·∇L on what the masks keep, as often as `steps` says, with
 * the gradient over all calibration data worked out anew before each, and G once. A step is halved while that lowers the loss; one
 * that does not lower it ends the descent, so the loss never rises. This is the gradient term of the OBS model, which layer-wise
 * reconstruction leaves out (WoodFisher, arXiv:2004.14340; CHITA, arXiv:2302.14623), with the Kronecker-factored Fisher of
 * arXiv:1503.05671 as the Hessian.
 *
 * The model is left with the last values tried. Throws an InputError with code 'loss-not-finite', and what `gradients` throws.
 */
export async function descend(
  linear: Linear,
  context: Context,
  layers: readonly LayerHessian[],
  start: ReadonlyMap<string, Float32Array>,
  masks: ReadonlyMap<string, Bits>,
  options: StepOptions = {},
): Promise<Descent> {
  const { steps, ridge, samples, iterations } = { ...STEP_DEFAULTS, ...options };
  let values = new Map(start);
  let slope = await slopeAt(context, layers, values);
  if (!Number.isFinite(slope.loss)) throw notFinite(slope.loss);
  const losses = [slope.loss];
  const factors = await outputFactors(linear, context, layers, samples);
  let length = 1;
  for (let i = 0; i < steps; i++) {
    const step = new Map<string, Float64Array>();
    for (const layer of layers) {
      const { id } = layer.param;
      const gradient = slope.gradients.get(id);
      const options = { damping: ridge, iterations };
      if (gradient) step.set(id, naturalStep(layer, factors.get(id)!, gradient, masks.get(id)!, options));
    }
    let best: { values: Map<string, Float32Array>; slope: Slope; length: number } | undefined;
    length = Math.min(1, 2 * length);
    for (let tries = 0; tries < 8; tries++, length /= 2) {
      const moved = new Map(values);
      for (const [id, delta] of step)
        moved.set(
          id,
          values.get(id)!.map((w, k) => w + length * delta[k]),
        );
      const there = await slopeAt(context, layers, moved);
      if (there.loss < (best?.slope ?? slope).loss) best = { values: moved, slope: there, length };
      else if (best) break;
    }
    if (!best) break;
    ({ values, slope, length } = best);
    losses.push(slope.loss);
  }
  return { values, losses };
}

/** The mean loss and its gradients over all calibration data, with these values in the model. */
async function slopeAt(
  { model, batches }: Context,
  layers: readonly LayerHessian[],
  values: ReadonlyMap<string, Float32Array>,
): Promise<Slope> {
  for (const [id, w] of values) model.write(id, w);
  const gradients = new Map<string, Float64Array>();
  let [loss, samples] = [0, 0];
  for await (const batch of batches()) {
    const size = batch.x.shape[0];
    const result = await model.gradients(batch);
    try {
      loss += size * result.loss;
      samples += size;
      for (const { param } of layers) {
        if (!result.grads[param.id]) continue;
        const grad = await result.grads[param.id].data<'float32'>();
        const sum = gradients.get(param.id) ?? new Float64Array(grad.length);
        gradients.set(param.id, sum);
        for (let i = 0; i < sum.length; i++) sum[i] += size * grad[i];
      }
    } finally {
      for (const grad of Object.values(result.grads)) grad.dispose();
    }
  }
  for (const sum of gradients.values()) for (let i = 0; i < sum.length; i++) sum[i] /= samples;
  return { loss: loss / samples, gradients };
}

function notFinite(loss: number): InputError {
  const fix = 'check the weights, the labels, and that the data is normalised as in training';
  return new InputError(
    'loss-not-finite',
    `OBS: the loss of the calibration data must be finite, got ${loss}; ${fix}`,
    {
      where: 'data',
      wanted: 'a finite loss',
      found: String(loss),
      fix,
    },
  );
}
