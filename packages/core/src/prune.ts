import type {
  Batch,
  Context,
  MaskHandle,
  Plan,
  PrunableModel,
  Repair,
  Schedule,
  Scorer,
  Strategy,
  Update,
  Note,
} from './contracts.js';
import { checkSparsity } from './counting.js';
import { type Protection, protect } from './eligible.js';
import { UsageError } from './errors.js';
import { uniqueNotes } from './note.js';
import { checkPlan, selectPlan, settlePlan } from './plan.js';
import { oneShot } from './schedule.js';
import { scoreModel } from './scores.js';
import { type PlanSummary, summarisePlan } from './summary.js';
import { PRUNE_DEFAULTS } from './defaults.js';

export interface PruneStep {
  readonly step: number;
  readonly steps: number;
  readonly sparsity: number;
  readonly plan: Plan;
  /** In force; fine-tune with it. */
  readonly handle: MaskHandle;
}

export interface PruneOptions extends Protection {
  readonly scorer: Scorer;
  readonly strategy: Strategy;
  /** Fraction removed, in [0, 1]. Default: what the strategy's pattern fixes, else 0.5. */
  readonly sparsity?: number;
  /** Calibration data, for scorers that need it. Restarts on every call. */
  readonly data?: () => AsyncIterable<Batch>;
  /** New values for the weights that stay; default: they keep theirs. */
  readonly repair?: Repair;
  /** Default: what the repair works best with, else one shot at `sparsity`. */
  readonly schedule?: Schedule;
  /** After each step's masks are in force: the place to fine-tune, to show progress, or to throw to give up. */
  readonly onStep?: (step: PruneStep) => void | Promise<void>;
}

export interface PruneResult extends PlanSummary {
  readonly plan: Plan;
  /** The masks, in force on the model. `restore()` undoes the pruning, `makePermanent()` ends the possibility. */
  readonly handle: MaskHandle;
}

/**
 * Scores the model, lets the strategy decide and masks what it prunes: afterwards the model's pruned weights are zeros,
 * and `result.plan` is what was decided. For plans that remove channels, `model.shrink(result.plan)` is the smaller model.
 *
 * With a schedule every step scores the model again as the steps before left it. If anything throws, the model is put back
 * as it was. Errors: UsageError for options that cannot be right, InputError for weights, scores or data that are broken.
 */
export async function prune(model: PrunableModel, options: PruneOptions): Promise<PruneResult> {
  const { scorer, strategy, repair, onStep } = options;
  const sparsity = options.sparsity ?? strategy.sparsity ?? PRUNE_DEFAULTS.sparsity;
  const schedule = options.schedule ?? repair?.schedule?.(strategy, sparsity) ?? oneShot(sparsity);
  checkSparsity(sparsity);
  checkFixedSparsity(strategy, schedule, sparsity);
  const { params, groups, branches } = protect(model, options);
  strategy.check?.({ params, groups, branches, sparsity: mostOf(schedule, sparsity) });
  const context: Context = { model, batches: options.data ?? missingData(scorer.name, repair?.name) };

  const handles: MaskHandle[] = [];
  let plan: Plan | undefined;
  let notes: Note[] = [];
  let reached = 0;
  try {
    for (let step = 0; step < schedule.steps; step++) {
      const target = schedule(step);
      if (target === undefined) continue;
      const scores = await scoreModel(scorer, context);
      // Scorers may read the weights late, and masks and training are about to change them.
      const selection = { params, groups, branches, scores, sparsity: target, ...(plan && { previous: plan }) };
      plan = await selectPlan(strategy, selection);
      const update = await repair?.repair(context, plan);
      if (update) plan = await settlePlan(update.plan);
      notes = [...(scores.notes ?? []), ...(update?.notes ?? [])];
      const handle = await maskAndWrite(model, plan, update);
      handles.push(handle);
      handle.apply();
      reached = target;
      await onStep?.({ step, steps: schedule.steps, sparsity: target, plan, handle });
    }
    if (!plan) throw new UsageError('schedule-empty', 'the schedule has no step that sets a sparsity');
    const summary = await summarisePlan(plan, { params, groups, branches }, reached);
    // Scorer and repair often say the same of the same data, and stages say it again.
    return { ...summary, notes: uniqueNotes([...summary.notes, ...notes]), plan, handle: stack(handles) };
  } catch (error) {
    for (const handle of handles.reverse()) handle.restore();
    throw error;
  }
}

/** The highest sparsity on the way: what can reach it can reach the others. */
function mostOf(schedule: Schedule, sparsity: number): number {
  let most: number | undefined;
  for (let step = 0; step < schedule.steps; step++) most = Math.max(most ?? 0, schedule(step) ?? 0);
  return most ?? sparsity;
}

/** Masks the model and writes what a repair made of it; `restore()` also takes the repair back. */
async function maskAndWrite(model: PrunableModel, plan: Plan, update: Update | undefined): Promise<MaskHandle> {
  const before: [string, Float32Array][] = [];
  for (const id of Object.keys(update?.values ?? {})) before.push([id, await model.read(id)]);
  const handle = await model.mask(plan);
  if (!update) return handle;
  let undone = false;
  const restore = () => {
    handle.restore();
    if (!undone) for (const [id, values] of before) model.write(id, values);
    undone = true;
  };
  try {
    for (const [id, values] of Object.entries(update.values)) model.write(id, values);
  } catch (error) {
    restore();
    throw error;
  }
  return { ...handle, restore, makePermanent: () => ((undone = true), handle.makePermanent()) };
}

/** Masks a model with a plan made elsewhere; throws an InputError with code 'plan-mismatch' where it does not fit. */
export async function replay(model: PrunableModel, plan: Plan): Promise<MaskHandle> {
  await checkPlan(plan, model);
  const handle = await model.mask(plan);
  handle.apply();
  return handle;
}

/** Each later mask contains the earlier ones, so the last one rules and all of them together remember what was there. */
function stack(handles: readonly MaskHandle[]): MaskHandle {
  const last = handles[handles.length - 1];
  if (handles.length === 1) return last;
  return {
    plan: last.plan,
    apply: () => last.apply(),
    maskGradients: (grads) => last.maskGradients(grads),
    restore: () => [...handles].reverse().forEach((handle) => handle.restore()),
    makePermanent: () => handles.forEach((handle) => handle.makePermanent()),
  };
}

function checkFixedSparsity(strategy: Strategy, schedule: Schedule, sparsity: number): void {
  if (strategy.sparsity === undefined) return;
  const wanted = String(strategy.sparsity);
  const fix = `leave the sparsity out, or give ${wanted}`;
  if (Math.abs(sparsity - strategy.sparsity) > 1e-9) {
    throw new UsageError('sparsity-fixed', `${strategy.name} has the sparsity ${wanted}, got ${sparsity}; ${fix}`, {
      where: 'sparsity',
      wanted,
      found: String(sparsity),
      fix,
    });
  }
  if (schedule.steps > 1) {
    throw new UsageError(
      'schedule-fixed',
      `${strategy.name} has one sparsity, ${wanted}, and cannot follow a schedule of ${schedule.steps} steps; use one-shot`,
      { where: 'schedule' },
    );
  }
}

function missingData(scorer: string, repair: string | undefined): () => never {
  const who =
    repair === undefined ? `the ${scorer} scorer needs` : `the ${scorer} scorer or the repair ${repair} needs`;
  return () => {
    throw new UsageError('data-missing', `${who} calibration data; pass data`, {
      where: 'data',
      wanted: 'calibration data',
      found: 'none',
      fix: 'pass data',
    });
  };
}
