import type { Plan } from '@espalier/core';
import { dispose } from '@tensorflow/tfjs-core';
import { checkExchange, exchange, exchangeAll, type ExchangeSchedule, isDue } from './regrow.js';
import type { TrainingRule } from './rule.js';
import { RIGL_DEFAULTS } from './defaults.js';

export interface RiglOptions extends Partial<ExchangeSchedule> {
  /** What is pruned at first; how many weights of each parameter stay is how many it keeps. */
  readonly plan: Plan;
}

/**
 * RigL: every `every` steps the active weights of each parameter with the smallest |w| give way to as many inactive ones with
 * the largest |∂L/∂w|, which start at 0. The fraction replaced falls along half a cosine,
 * f(t) = fraction / 2 · (1 + cos(π·t / (until·steps))). Gradients are those of the step's batch, in inference mode.
 * arXiv:1911.11134.
 *
 * Throws a UsageError with code 'exchange-option'.
 */
export function rigl({ plan: start, ...options }: RiglOptions): TrainingRule {
  const schedule = { ...RIGL_DEFAULTS, ...options };
  checkExchange(schedule);
  return {
    name: 'rigl',
    async plan({ model, batch, step, steps, plan }) {
      if (!plan) return start;
      if (!isDue(schedule, step, steps)) return undefined;
      const fraction = (schedule.fraction / 2) * (1 + Math.cos((Math.PI * step) / (schedule.until * steps)));
      const { grads } = await model.gradients(batch);
      try {
        return await exchangeAll(plan, async (id, mask) => {
          const stay = (await model.read(id)).map(Math.abs);
          const come = grads[id] ? (await grads[id].data<'float32'>()).map(Math.abs) : stay.map(() => 0);
          return exchange({ mask, stay, come, mayReturn: true }, fraction);
        });
      } finally {
        dispose(grads);
      }
    },
  };
}
