import { type Plan, seededRandom } from '@espalier/core';
import { checkExchange, exchange, exchangeAll, type ExchangeSchedule, isDue } from './regrow.js';
import type { TrainingRule } from './rule.js';
import { SPARSE_EVOLUTION_DEFAULTS } from './defaults.js';

export interface SparseEvolutionOptions extends Partial<ExchangeSchedule> {
  /** What is pruned at first; how many weights of each parameter stay is how many it keeps. */
  readonly plan: Plan;
  readonly seed?: number;
}

/**
 * SET, sparse evolutionary training: every `every` steps the fraction of active weights with the smallest |w| gives way to as
 * many inactive ones drawn at random, which start at 0. arXiv:1707.04383, which draws the smallest of both signs apart.
 *
 * Throws a UsageError with code 'exchange-option'.
 */
export function sparseEvolution({ plan: start, ...options }: SparseEvolutionOptions): TrainingRule {
  const { seed, ...schedule } = { ...SPARSE_EVOLUTION_DEFAULTS, ...options };
  checkExchange(schedule);
  return {
    name: 'set',
    async plan({ model, step, steps, plan }) {
      if (!plan) return start;
      if (!isDue(schedule, step, steps)) return undefined;
      // From seed and step alone, so that a training that goes on from a checkpoint draws the same.
      const random = seededRandom(seed * 0x9e3779b1 + step);
      return exchangeAll(plan, async (id, mask) => {
        const stay = (await model.read(id)).map(Math.abs);
        const come = Float64Array.from(stay, random);
        return exchange({ mask, stay, come, mayReturn: false }, schedule.fraction);
      });
    },
  };
}
