import { say } from '../notes.js';
import { type Plan, planCost, type PrunableModel, UsageError, type Note } from '@espalier/core';
import type { Settings } from '../options/table.js';
import { isMeasured, type Measuring, timeModels } from './measured.js';
import type { Goal } from './resolve.js';

/** How a budget was met. Amounts are parameters, MACs, bytes of files, or milliseconds. */
export interface Outcome {
  readonly of: Goal['of'];
  readonly wanted: number;
  readonly dense: number;
  readonly kept: number;
  /** Of the dense model's; for a latency, as the rounds' ratios had it. */
  readonly fraction: { readonly wanted: number; readonly kept: number };
}

/** The input that latency is measured with: the input shape asked for, else the data's samples, else the model's own shape. */
export function timedInput(
  { signature }: PrunableModel,
  settings: Settings,
  sample: readonly number[] | undefined,
): { inputShape: readonly number[]; batch: number } {
  const { inputShape } = settings;
  if (inputShape) return { inputShape: inputShape.slice(1), batch: inputShape[0] };
  const own = sample ?? signature.inputs[0].shape.slice(1);
  if (!isMeasured(settings) || !own.includes(null as never)) return { inputShape: own as number[], batch: 1 };
  const fix = 'give the shape of its input, batch first, such as 1,64,64,3';
  throw new UsageError('input-shape', `the model leaves sizes open, and measuring needs them; ${fix}`, {
    where: 'inputShape',
    wanted: 'all sizes of the input',
    found: 'none',
    fix,
  });
}

/** Counts the plan's cost, or measures the smaller model once more, beside the dense one. */
export async function outcomeOf(
  { of, target, cost, dense }: Goal,
  plan: Plan,
  measuring: Measuring,
  pruned: PrunableModel,
  weightsKept: number,
): Promise<Outcome> {
  if (of === 'latency') {
    const [whole, smaller] = await timeModels(measuring, [pruned]);
    const wanted = target.amount ?? target.fraction! * whole.medianMs;
    return {
      ...{ of, wanted, dense: whole.medianMs, kept: smaller.medianMs },
      fraction: { wanted: target.fraction ?? wanted / whole.medianMs, kept: 1 / smaller.speedup.median },
    };
  }
  const wanted = target.amount ?? target.fraction! * dense;
  const kept = plan.params.length > 0 ? weightsKept : planCost(plan, withBranches(measuring.model), cost);
  return { of, wanted, dense, kept, fraction: { wanted: wanted / dense, kept: kept / dense } };
}

const percent = (fraction: number) => `${(100 * fraction).toFixed(1)}%`;
const milliseconds = (ms: number) => `${ms.toPrecision(3)} ms`;

/** A budget that was met from far below, or missed after training moved the plan, is said. */
export function checkOutcome({ of, wanted, kept, fraction }: Outcome): Note[] {
  const [tolerance, off] = [of === 'latency' ? 0.1 : 0.02, kept / wanted - 1];
  if (Math.abs(off) <= tolerance) return [];
  const found =
    of === 'latency' ? milliseconds(kept) : say('share-of', { share: percent(fraction.kept), what: say(of) });
  const asked = of === 'latency' ? milliseconds(wanted) : percent(fraction.wanted);
  return [say(off < 0 ? 'budget-undercut' : 'budget-missed', { asked, found })];
}

const withBranches = ({ params, groups, branches = [] }: PrunableModel) => ({
  params,
  groups: [...groups, ...branches],
});
