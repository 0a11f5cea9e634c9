import { show, UsageError } from '@espalier/core';
import type { LayerSensitivity, Sensitivity } from './sensitivity.js';

/** What a budget is made for. */
export interface SensitivityGoal {
  /** Each layer alone may cost this much accuracy, in its own unit (points of percent). */
  readonly drop?: number;
  /** The sparsity of all layers together; the drop is then the same for all and as small as it can be. */
  readonly sparsity?: number;
}

export const SENSITIVITY_BUDGET_DEFAULTS = { drop: 1 };

/** The fraction to remove of each layer, and the drop that each of them costs alone. */
export interface SensitivityBudget {
  readonly drop: number;
  readonly sparsity: Readonly<Record<string, number>>;
}

/**
 * A sparsity for every layer from what each costs alone: the highest up to which its accuracy stays within the drop, on
 * straight lines between the measured points, never above the highest of them. Rounded down to four digits.
 *
 * UsageErrors: 'sensitivity-goal', and 'sensitivity-range' where no drop reaches the wanted sparsity.
 */
export function sensitivityBudget(found: Sensitivity, goal: SensitivityGoal = {}): SensitivityBudget {
  const { drop = goal.sparsity === undefined ? SENSITIVITY_BUDGET_DEFAULTS.drop : undefined, sparsity } = goal;
  if ((drop === undefined) === (sparsity === undefined) || (drop !== undefined && !(drop >= 0)))
    throw new UsageError('sensitivity-goal', `a budget wants a drop of 0 or more, or a sparsity, got ${show(drop)}`);
  const chosen = drop ?? dropFor(found, sparsity!);
  return {
    drop: chosen,
    sparsity: Object.fromEntries(found.layers.map((layer) => [layer.id, highestWithin(layer, found.dense, chosen)])),
  };
}

function highestWithin({ points }: LayerSensitivity, dense: number, drop: number): number {
  const least = dense - drop;
  let [sparsity, accuracy] = [0, dense];
  for (const point of points) {
    if (point.accuracy < least) {
      sparsity += ((accuracy - least) / (accuracy - point.accuracy)) * (point.sparsity - sparsity);
      break;
    }
    ({ sparsity, accuracy } = point);
  }
  return Math.floor(1e4 * sparsity + 1e-6) / 1e4;
}

function dropFor(found: Sensitivity, wanted: number): number {
  const total = found.layers.reduce((sum, { size }) => sum + size, 0);
  const reached = (drop: number) =>
    found.layers.reduce((sum, layer) => sum + layer.size * highestWithin(layer, found.dense, drop), 0) / total;
  let high = found.layers.reduce(
    (most, { points }) => points.reduce((m, { accuracy }) => Math.max(m, found.dense - accuracy), most),
    0,
  );
  // Rounding down takes up to 1e-4 of every layer.
  if (reached(high) < wanted - 1e-3) throw outOfRange(wanted, reached(high));
  let low = 0;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (reached(middle) < wanted) low = middle;
    else high = middle;
  }
  return high;
}

function outOfRange(wanted: number, found: number): UsageError {
  const fix = 'measure higher sparsities, or ask for less';
  const most = Math.floor(1000 * found) / 1000;
  return new UsageError(
    'sensitivity-range',
    `a sparsity of ${wanted} is beyond what was measured, which reaches ${most}; ${fix}`,
    { where: 'sparsity', wanted: `at most ${most}`, found: String(wanted), fix },
  );
}
