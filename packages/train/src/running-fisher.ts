import { type Context, type Scores, scoresInMemory, UsageError } from '@espalier/core';
import { getBackend } from '@tensorflow/tfjs-core';
import type { Moment } from './rule.js';

/** What a scorer may ask for while a model is trained. */
export interface TrainingContext extends Context, Pick<Moment, 'squares'> {}

/** A scorer for `gradual`; any `Scorer` of core is one. */
export interface TrainingScorer {
  readonly name: string;
  score(context: TrainingContext): Promise<Scores>;
}

/** Decides among weights of no curvature at all: the larger one stays. */
const FLOOR = 1e-12;

/**
 * ½·w²·v with the running mean v of squared gradients that Adam keeps anyway, as the diagonal of the Fisher: Optimal Brain
 * Damage (LeCun et al. 1989) during training. It costs nothing, needs no calibration data, and has seen a thousand batches, as
 * they were learnt: augmented, with the loss of distillation. v is of whole batches and of what the optimizer has seen lately, so
 * scores compare within one step, not with those of other steps.
 *
 * For `gradual`, with Adam (the default) or RMSProp. Parameters that the optimizer has not moved get no opinion. Throws a
 * UsageError with code 'running-fisher' for optimizers that keep no such mean, and before their first step.
 */
export function runningFisher(): TrainingScorer {
  const name = 'running-fisher';
  return {
    name,
    async score({ model, squares }) {
      const scores = new Map<string, Float32Array>();
      for (const { id } of model.params) {
        const mean = await squares(id);
        if (!mean) continue;
        const weights = await model.read(id);
        scores.set(id, mean.map((v, i) => 0.5 * weights[i] ** 2 * (v + FLOOR))); // prettier-ignore
      }
      if (scores.size === 0) throw noSquares();
      return scoresInMemory(name, scores, { backend: getBackend() });
    },
  };
}

function noSquares(): UsageError {
  const wanted = 'Adam or RMSProp, and a step made before the first pruning';
  const fix = 'train with Adam, or choose another scorer';
  return new UsageError('running-fisher', `running-fisher reads the optimizer's mean of squared gradients: ${fix}`, {
    where: 'scorer',
    wanted,
    found: 'an optimizer that has none',
    fix,
  });
}
