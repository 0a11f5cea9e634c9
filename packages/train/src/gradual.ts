import {
  type Batch,
  checkedScores,
  protect,
  type Schedule,
  selectPlan,
  type Strategy,
  UsageError,
} from '@espalier/core';
import type { TrainingRule } from './rule.js';
import type { TrainingScorer } from './running-fisher.js';

export interface GradualOptions {
  /** Any scorer, or `runningFisher()`, which is of training alone. */
  readonly scorer: TrainingScorer;
  readonly strategy: Strategy;
  /** In optimizer steps; `cubic({ sparsity, begin, end, frequency })` of core is the usual one. */
  readonly schedule: Schedule;
  /** Calibration data, for scorers that need it. */
  readonly data?: () => AsyncIterable<Batch>;
  readonly ignore?: readonly string[];
}

/**
 * Gradual pruning: at the steps that the schedule names, the weights as they are then are scored and pruned a little
 * further, and training goes on with what is left. What was pruned stays pruned. arXiv:1710.01878.
 *
 * Errors of scorer and strategy pass through.
 */
export function gradual({ scorer, strategy, schedule, data, ignore = [] }: GradualOptions): TrainingRule {
  return {
    name: `gradual ${strategy.name} by ${scorer.name}`,
    async plan({ model, step, plan, squares }) {
      const sparsity = schedule(step);
      if (sparsity === undefined) return undefined;
      const { params, groups } = protect(model, { ignore });
      const found = await scorer.score({ model, batches: data ?? missingData(scorer.name), squares });
      const scores = checkedScores(scorer.name, found, model);
      const selection = { params, groups, scores, sparsity, ...(plan && { previous: plan }) };
      return selectPlan(strategy, selection);
    },
  };
}

function missingData(scorer: string): () => never {
  return () => {
    const fix = 'pass data to gradual()';
    throw new UsageError('data-missing', `the ${scorer} scorer needs calibration data; ${fix}`, { where: 'data', fix });
  };
}
