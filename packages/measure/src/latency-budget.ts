import { show, UsageError } from '@espalier/core';

/** One of both: a fraction of the dense model's time, or milliseconds. */
export interface LatencyGoal {
  readonly fraction?: number;
  readonly ms?: number;
}

/** What a smaller model took, measured beside the dense one. */
export interface LatencyTrial {
  readonly sparsity: number;
  readonly ms: number;
  readonly denseMs: number;
  /** Its time over the dense model's, as the rounds' ratios had it. */
  readonly fraction: number;
}

export interface LatencyBudgetOptions {
  readonly goal: LatencyGoal;
  /** The highest sparsity that there is. */
  readonly most: number;
  /** Prunes at a sparsity, shrinks and measures. */
  readonly time: (sparsity: number) => Promise<Omit<LatencyTrial, 'sparsity'>>;
  /** How far below the goal is near enough, as a fraction of it. */
  readonly tolerance?: number;
  /** Models measured at most. */
  readonly trials?: number;
  readonly onTrial?: (trial: LatencyTrial, done: number, trials: number) => void;
}

export const LATENCY_BUDGET_DEFAULTS = { tolerance: 0.04, trials: 10 };

/**
 * Finds the sparsity at which a really smaller model takes as long as the goal says, by measuring one model after the other:
 * the first with everything gone that may go, then where a straight line between the nearest two models meets the goal,
 * kept away from both ends. Ends within `tolerance` below the goal, or after `trials`, with the slowest that met it.
 *
 * UsageErrors: 'latency-goal'; 'budget-infeasible' where the smallest model takes longer than the goal.
 */
export async function meetLatency(options: LatencyBudgetOptions): Promise<LatencyTrial> {
  const { goal, most, time, tolerance, trials, onTrial } = { ...LATENCY_BUDGET_DEFAULTS, ...options };
  checkGoal(goal);
  let done = 0;
  const measure = async (sparsity: number) => {
    const trial = { sparsity, ...(await time(sparsity)) };
    onTrial?.(trial, ++done, trials);
    return trial;
  };
  const smallest = await measure(most);
  const timeOf = (trial: LatencyTrial) => (goal.ms === undefined ? trial.fraction : trial.ms);
  const target = goal.ms ?? goal.fraction!;
  const dense = { ...smallest, sparsity: 0, ms: smallest.denseMs, fraction: 1 };
  if (timeOf(dense) <= target) return dense;
  if (timeOf(smallest) > target) throw infeasible(goal, smallest);

  let [slow, fast] = [dense, smallest];
  while (done < trials && timeOf(fast) < target * (1 - tolerance) && fast.sparsity - slow.sparsity > 1e-3) {
    const at = (timeOf(slow) - target) / Math.max(timeOf(slow) - timeOf(fast), Number.MIN_VALUE);
    const share = Math.min(0.9, Math.max(0.1, at));
    const trial = await measure(slow.sparsity + share * (fast.sparsity - slow.sparsity));
    if (timeOf(trial) <= target) fast = trial;
    else slow = trial;
  }
  return fast;
}

function checkGoal({ fraction, ms }: LatencyGoal): void {
  const fits = (ms === undefined) !== (fraction === undefined) && (fraction ?? 1) <= 1 && (fraction ?? ms!) > 0;
  if (fits) return;
  const [wanted, found] = ['a fraction from 0 to 1 or milliseconds', `${show(fraction)} and ${show(ms)} ms`];
  throw new UsageError('latency-goal', `a latency budget wants ${wanted}, got ${found}`, {
    where: 'latency',
    wanted,
    found,
  });
}

function infeasible({ ms, fraction }: LatencyGoal, smallest: LatencyTrial): UsageError {
  const wanted = ms === undefined ? `${+(100 * fraction!).toPrecision(3)}% of the dense time` : `${ms} ms`;
  const found = `${smallest.ms.toPrecision(3)} ms, ${(100 * smallest.fraction).toPrecision(3)}% of the dense ${smallest.denseMs.toPrecision(3)} ms`;
  const fix = 'ask for more, lower the floors, or ignore less';
  return new UsageError(
    'budget-infeasible',
    `a latency budget of ${wanted} cannot be met: with every channel gone that may go the model still takes ${found}; ${fix}`,
    { where: 'latency', wanted, found, fix },
  );
}
