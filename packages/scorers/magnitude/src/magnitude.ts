import { InputError, show, type Scorer, UsageError } from '@espalier/core';

export interface MagnitudeOptions {
  /** 1: |w|. 2: w². They order weights alike; sums over a channel, and so its rank, differ (L1 and squared L2 norm). */
  readonly norm?: 1 | 2;
}

export const MAGNITUDE_DEFAULTS = { norm: 1 } as const;

/**
 * Magnitude saliency: |w| (norm 1) or w² (norm 2), for every parameter of the model. arXiv:1506.02626; the channel norms
 * of arXiv:1608.08710.
 *
 * Nothing is cached: each read goes to the model, so a checkpoint that does not fit in memory can be scored, and scores
 * follow the weights when those change. Identical on every backend.
 *
 * Throws a UsageError with code 'magnitude-norm' for another norm. Reading throws an InputError with code
 * 'weight-not-finite' for NaN and infinite weights and for squares beyond float32, and with code 'score-param' for a
 * parameter that the model does not have.
 */
export function magnitude(options: MagnitudeOptions = {}): Scorer {
  const { norm } = { ...MAGNITUDE_DEFAULTS, ...options };
  if (norm !== 1 && norm !== 2) {
    throw new UsageError('magnitude-norm', `magnitude: norm must be 1 (|w|) or 2 (w²), got ${show(norm)}`, {
      where: 'norm',
      wanted: '1 or 2',
      found: String(norm),
    });
  }
  return {
    name: `magnitude-l${norm}`,
    async score({ model }) {
      const params = model.params.map(({ id }) => id);
      const known = new Set(params);
      return {
        params,
        async read(id) {
          if (!known.has(id)) {
            throw new InputError('score-param', `magnitude has no scores for ${show(id)}`, { where: id });
          }
          const weights = await model.read(id);
          const scores = new Float32Array(weights.length);
          for (let i = 0; i < weights.length; i++) {
            scores[i] = norm === 1 ? Math.abs(weights[i]) : weights[i] * weights[i];
            if (!(scores[i] < Infinity)) throw notFinite(id, i, weights[i]);
          }
          return scores;
        },
      };
    },
  };
}

function notFinite(where: string, index: number, weight: number): InputError {
  const overflow = Number.isFinite(weight);
  const wanted = overflow ? 'weights whose square fits float32' : 'finite weights';
  const fix = overflow ? 'use norm 1' : 'load weights from a training run that did not diverge';
  const found = `${weight} at index ${index}`;
  return new InputError('weight-not-finite', `magnitude needs ${wanted} in ${show(where)}, got ${found}; ${fix}`, {
    where,
    wanted,
    found,
    fix,
  });
}
