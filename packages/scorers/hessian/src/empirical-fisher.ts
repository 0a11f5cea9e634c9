import { checkSamples, type Scorer } from '@espalier/core';
import { diagonalScores } from './diagonal-scores.js';
import { forEachSample, type SampleOptions } from './samples.js';
import { SquaredGradients } from './squared-gradients.js';

/**
 * One forward and backward pass a sample, which is seconds for LeNet. Fewer samples prune visibly worse: a weight behind a
 * rare input, or of a unit that seldom fires, has no curvature until a sample reaches it.
 */
export const EMPIRICAL_FISHER_DEFAULTS = { samples: 1024 };

/**
 * Second-order saliency ½·w²·F_ww with the diagonal of the empirical Fisher, F_ww = (1/n) Σₛ (∂Lₛ/∂w)²: the mean of squared
 * PER-SAMPLE gradients, not the square of the mean gradient. Optimal Brain Damage (LeCun et al. 1989) with the Fisher of
 * arXiv:1801.05787 for the Hessian. Works with any loss that is a mean over samples.
 *
 * Per-sample gradients come from batches of one, so the scores do not depend on the batch size. Weights are those at the
 * time of scoring. Parameters that the loss does not depend on get no opinion. Holds one float64
 * per weight while it is in use.
 *
 * Throws a UsageError with code 'samples', or 'data-missing' without calibration data; an InputError with code
 * 'data-empty', 'loss-not-finite', 'gradient-not-finite' or 'score-not-finite' for data or weights that are broken, and
 * 'score-param' when asked for what it has no scores of.
 */
export function empiricalFisher(options: SampleOptions = {}): Scorer {
  const { samples } = { ...EMPIRICAL_FISHER_DEFAULTS, ...options };
  const name = 'empirical-fisher';
  checkSamples(samples, name);
  return {
    name,
    async score({ model, batches }) {
      const squares = new SquaredGradients(model, name);
      const seen = await forEachSample(batches, samples, name, (sample, index) => squares.add(sample, 1, index));
      return diagonalScores(model, squares.mean(seen), name);
    },
  };
}
