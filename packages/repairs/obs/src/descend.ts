import { type Bits, type Context, InputError, type Note } from '@espalier/core';
import { say } from './notes.js';
import { outputFactors } from './curvature.js';
import type { LayerHessian } from './hessians.js';
import type { Linear } from './linear.js';
import { type NaturalSteps, naturalSteps } from './natural-step.js';
import { STEP_DEFAULTS } from './defaults.js';

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

export interface Descent {
  readonly values: Map<string, Float32Array>;
  /** The calibration loss before the first step and after each. */
  readonly losses: readonly number[];
  readonly notes: readonly Note[];
}

interface Slope {
  readonly loss: number;
  readonly gradients: ReadonlyMap<string, Float64Array>;
}

/**
 * Moves survivors along the loss of the labels: δ = −(H ⊗ G + λ·I)⁻¹·∇L on what the masks keep, as often as `steps` says, with
 * the gradient over all calibration data worked out anew before each, and G once. How far along δ is for the loss to say, at full
 * length and where a parabola through it has its lowest point; a step that does not lower the loss is halved, and at last
 * ends the descent, so the loss never rises. This is the gradient term of the OBS model, which layer-wise reconstruction leaves out
 * (WoodFisher, arXiv:2004.14340; CHITA, arXiv:2302.14623), with the Kronecker-factored Fisher of arXiv:1503.05671 as the Hessian.
 *
 * The model is left with the last values tried. A loss that is not finite on the way ends the descent before that step, and a
 * note says where. Throws an InputError with code 'loss-not-finite' where it is not finite from the start, and what `gradients`
 * throws.
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
  const notes: Note[] = [];
  const factors = await outputFactors(linear, context, layers, samples);
  const steppers = new Map<string, NaturalSteps>();
  try {
    for (const layer of layers) {
      const { id } = layer.param;
      const settings = { damping: ridge, iterations };
      if (slope.gradients.has(id)) steppers.set(id, naturalSteps(layer, factors.get(id)!, masks.get(id)!, settings));
    }
    for (let i = 0; i < steps; i++) {
      const delta = new Map<string, Float32Array>();
      for (const [id, stepper] of steppers) delta.set(id, await stepper.step(slope.gradients.get(id)!));
      const at = async (length: number): Promise<Place> => {
        const moved = moveBy(values, delta, length);
        return { values: moved, slope: await slopeAt(context, layers, moved) };
      };
      const best = await along(slope.loss, dot(slope.gradients, delta), at);
      if (best === 'not finite') {
        notes.push(say('step-loss-not-finite', { step: i + 1, steps }));
        break;
      }
      if (!best) break;
      ({ values, slope } = best);
      losses.push(slope.loss);
    }
  } finally {
    for (const stepper of steppers.values()) stepper.dispose();
  }
  return { values, losses, notes };
}

interface Place {
  readonly values: Map<string, Float32Array>;
  readonly slope: Slope;
}

/** The place with the lowest loss along a step, of those looked at; undefined where none is lower than at its foot. */
async function along(
  loss: number,
  incline: number,
  at: (length: number) => Promise<Place>,
): Promise<Place | 'not finite' | undefined> {
  let isFinite = true;
  for (let length = 1; length > 2 ** -8; length /= 2) {
    const here = await at(length);
    isFinite = Number.isFinite(here.slope.loss);
    if (!(here.slope.loss < loss)) continue;
    const bend = (here.slope.loss - loss - incline * length) / length ** 2;
    const lowest = bend > 0 ? Math.min(-incline / (2 * bend), 2 * length) : length;
    if (!(lowest > 0) || Math.abs(lowest / length - 1) < 0.15) return here;
    const there = await at(lowest);
    return there.slope.loss < here.slope.loss ? there : here;
  }
  return isFinite ? undefined : 'not finite';
}

function moveBy(
  values: ReadonlyMap<string, Float32Array>,
  delta: ReadonlyMap<string, Float32Array>,
  length: number,
): Map<string, Float32Array> {
  const moved = new Map(values);
  for (const [id, step] of delta) {
    const from = values.get(id)!;
    moved.set(id, from.map((w, k) => w + length * step[k])); // prettier-ignore
  }
  return moved;
}

function dot(a: ReadonlyMap<string, Float64Array>, b: ReadonlyMap<string, Float32Array>): number {
  let sum = 0;
  for (const [id, step] of b) {
    const gradient = a.get(id)!;
    for (let i = 0; i < step.length; i++) sum += gradient[i] * step[i];
  }
  return sum;
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
  return new InputError('loss-not-finite', say('data-loss-not-finite', { value: loss }), {
    where: 'data',
    wanted: 'a finite loss',
    found: String(loss),
    fix,
  });
}
