import type { Plan, PrunableModel } from '@espalier/core';
import type { Checkpoint } from './checkpoint.js';
import { type EarlyStopping, patienceOf } from './early-stopping.js';
import { readWeights, writeWeights } from './weights.js';

export interface BestEpoch {
  readonly best: Checkpoint['best'];
  /** Scores the epoch; resolves to true when training should end. */
  isOver(epoch: number, plan: Plan | undefined): Promise<boolean>;
  /** Puts the best weights back. */
  restore(): void;
}

/** Scores count only among epochs with the same plan: a network that is pruned further has another best. */
export function bestEpoch(
  model: PrunableModel,
  stopping: EarlyStopping,
  saved: Checkpoint['best'],
  plan: Plan | undefined,
): BestEpoch {
  const patience = patienceOf(stopping);
  let [best, of] = [saved, plan];
  return {
    get best() {
      return best;
    },
    async isOver(epoch, now) {
      const score = await stopping.score();
      if (!best || now !== of || score > best.score) {
        best = { epoch, score, weights: await readWeights(model) };
        of = now;
      }
      return epoch - best.epoch >= patience;
    },
    restore() {
      if (best) writeWeights(model, best.weights);
    },
  };
}
