import { checkFiniteScores, type Scorer, scoresMissing } from '@espalier/core';
import { getBackend } from '@tensorflow/tfjs-core';
import { meanGradients } from './mean-gradients.js';
import { unitTaylor } from './unit-taylor.js';

/**
 * First-order saliency |w·ḡ|, where ḡ is the gradient of the mean loss over the calibration data: how much the loss
 * changes, to first order, when the weight goes. SNIP, arXiv:1810.02340, on a trained network.
 *
 * ḡ keeps its sign until the end, so the scores do not depend on how the data is cut into batches (averaging |w·g| over
 * batches would: it grows as batches shrink). Where a network has converged on the very data it is scored with, ḡ is close
 * to zero and mostly noise; second-order scores or magnitude serve better there.
 *
 * A channel's score is (Σ w·ḡ)² over all weights at all sites of its group, because they go together and their effects
 * cancel or add up. arXiv:1906.10771, which squares per mini-batch; we square the mean over all data, for the same reason
 * as above.
 *
 * Weights are those at the time of scoring: later changes do not show. Parameters that the loss
 * does not depend on, such as batch-norm statistics, get no opinion. Holds one float64 per weight while it is in use.
 *
 * Throws a UsageError with code 'data-missing' without calibration data, an InputError with code 'data-empty',
 * 'loss-not-finite', 'gradient-not-finite' or 'score-not-finite' for data or weights that are broken, and 'score-param'
 * when asked for what it has no scores of.
 */
export function gradient(): Scorer {
  return {
    name: 'gradient',
    async score(context) {
      const { params, groups } = context.model;
      // In place: mean gradients become w·ḡ.
      const contributions = await meanGradients(context);
      for (const [id, values] of contributions) {
        const weights = await context.model.read(id);
        for (let i = 0; i < values.length; i++) values[i] *= weights[i];
        checkFiniteScores(id, values);
      }
      return {
        params: [...contributions.keys()],
        backend: getBackend(),
        async read(id) {
          const values = contributions.get(id);
          if (!values) throw scoresMissing('gradient', id);
          return Float32Array.from(values, Math.abs);
        },
        async readGroup(id) {
          const group = groups.find((g) => g.id === id);
          const values = group && unitTaylor(group, params, contributions);
          if (!values) throw scoresMissing('gradient', id, 'group');
          return values;
        },
      };
    },
  };
}
