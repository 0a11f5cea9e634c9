import type { Schedule } from './contracts.js';
import { checkSparsity } from './counting.js';
import { show, UsageError } from './errors.js';

const schedule = (steps: number, at: (step: number) => number | undefined): Schedule => Object.assign(at, { steps });

/** Everything at once. */
export function oneShot(sparsity: number): Schedule {
  checkSparsity(sparsity);
  return schedule(1, (step) => (step === 0 ? sparsity : undefined));
}

/**
 * `steps` rounds that each remove the same fraction of what is left, ending at `sparsity`:
 * s(k) = 1 − (1 − sparsity)^((k + 1) / steps). The rounds of arXiv:1803.03635.
 */
export function iterative({ sparsity, steps }: { sparsity: number; steps: number }): Schedule {
  checkSparsity(sparsity);
  checkSteps(steps, 'steps');
  return schedule(steps, (step) => {
    if (step < 0 || step >= steps) return undefined;
    return step === steps - 1 ? sparsity : 1 - (1 - sparsity) ** ((step + 1) / steps);
  });
}

export interface CubicOptions {
  readonly sparsity: number;
  /** The step of the last update. */
  readonly end: number;
  readonly begin?: number;
  readonly initial?: number;
  /** Steps from one update to the next. */
  readonly frequency?: number;
}

export const CUBIC_DEFAULTS = { begin: 0, initial: 0, frequency: 1 };

/**
 * Fast at first, then slower: s(t) = s_f + (s_i − s_f)·(1 − p)³ with p = (t − begin) / (end − begin), updated every
 * `frequency` steps and always at `end`, so that s_f is reached even where frequency does not divide the span.
 * arXiv:1710.01878. An update to sparsity 0 is left out.
 */
export function cubic(options: CubicOptions): Schedule {
  const { sparsity, end, begin, initial, frequency } = { ...CUBIC_DEFAULTS, ...options };
  checkSparsity(sparsity);
  checkSparsity(initial, 'initial');
  checkSteps(frequency, 'frequency');
  checkSteps(end - begin, 'end − begin');
  return schedule(end + 1, (step) => {
    if (step < begin || step > end || (step !== end && (step - begin) % frequency !== 0)) return undefined;
    if (step === end) return sparsity;
    const value = sparsity + (initial - sparsity) * (1 - (step - begin) / (end - begin)) ** 3;
    return value === 0 ? undefined : value;
  });
}

function checkSteps(steps: number, where: string): void {
  if (Number.isInteger(steps) && steps > 0) return;
  throw new UsageError('steps-range', `${where} must be a positive integer, got ${show(steps)}`, {
    where,
    wanted: 'a positive integer',
    found: String(steps),
  });
}
