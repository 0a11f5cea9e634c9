import { type PrunableModel, show, type Strategy, UsageError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { magnitudePlan } from './magnitude-plan.js';
import type { TrainingRule } from './rule.js';
import { SR_STE_DEFAULTS } from './defaults.js';

export interface SrSteOptions {
  /** An N:M strategy, or any other with a sparsity of its own. */
  readonly strategy: Strategy;
  /** λ_W, how strongly weights outside the mask decay. */
  readonly decay?: number;
}

/**
 * Trains an N:M network from dense weights: each step masks the weights as they are, w̃ = m(w) ⊙ w, takes the gradients there
 * and lets all weights learn from them, g(w̃) + λ·(1 − m) ⊙ w, so that a weight may come back while the ones that keep
 * losing fade. Training ends with the last mask in force. arXiv:2102.04010 (SR-STE).
 *
 * Throws a UsageError with code 'sr-ste-decay', or 'sr-ste-strategy' for a strategy without a sparsity of its own.
 */
export function srSte(options: SrSteOptions): TrainingRule {
  const { strategy, decay } = { ...SR_STE_DEFAULTS, ...options };
  if (!(decay >= 0 && decay < Infinity)) throw wrong('sr-ste-decay', 'decay', 'a number of at least 0', decay);
  const { sparsity } = strategy;
  if (sparsity === undefined)
    throw wrong('sr-ste-strategy', 'strategy', 'one with a sparsity of its own, such as nm()', strategy.name);
  const planFor = (model: PrunableModel) => magnitudePlan(model, strategy, sparsity);
  return {
    name: `sr-ste ${strategy.name}`,
    async gradients({ model }, next) {
      const plan = await planFor(model);
      const dense = plan.params.map((id) => tf.clone(model.variable(id)));
      const handle = await model.mask(plan);
      let outside: tf.Tensor[] = [];
      try {
        handle.apply();
        outside = plan.params.map((id, i) => tf.sub(dense[i], model.variable(id)));
        const { loss, grads } = await next();
        const refined = { ...grads };
        for (const [i, id] of plan.params.entries()) {
          if (!grads[id]) continue;
          refined[id] = tf.tidy(() => tf.add(grads[id], tf.mul(outside[i], decay)));
          grads[id].dispose();
        }
        return { loss, grads: refined };
      } finally {
        handle.restore();
        tf.dispose([dense, outside]);
      }
    },
    end: planFor,
  };
}

function wrong(code: string, where: string, wanted: string, found: unknown): UsageError {
  return new UsageError(code, `SR-STE needs as ${where} ${wanted}, got ${show(found)}`, {
    where,
    wanted,
    found: String(found),
  });
}
