import {
  memoryPlan,
  type Plan,
  type PlanSummary,
  type PrunableModel,
  summarisePlan,
  UsageError,
  type Note,
} from '@espalier/core';
import type { PermutedGroup } from '@espalier/strategy-nm';
import { accuracy } from '@espalier/measure';
import { isMeasured, settleByMeasuring } from '../budget/measured.js';
import { checkOutcome, type Outcome, outcomeOf, timedInput } from '../budget/outcome.js';
import { type Resolved, resolveBudget, strategySettings } from '../budget/resolve.js';
import { isTraining, trains } from '../options/check.js';
import { type Settings, valueOf } from '../options/table.js';
import { findRepair, findScorer, findStrategy, labelOfPlugin } from '../plugins/find.js';
import { needsData } from '../plugins/needs-data.js';
import type { Host } from './host.js';
import { reestimateNorms } from './norms.js';
import { permute } from './permute.js';
import { pruneStepwise } from './stepwise.js';
import { type Trained, pruneWhileTraining } from './train.js';
import { calibration, type Hooks, type Samples } from './tune.js';

export interface RunOptions {
  readonly settings: Settings;
  /** With its loss; it is pruned in place, or left as it is where the result is a smaller model. */
  readonly model: PrunableModel;
  readonly calibration?: Samples | undefined;
  readonly test?: Samples | undefined;
  readonly host: Host;
  readonly hooks?: Pick<Hooks, 'checkpoint' | 'resume'>;
}

/** What came of a pruning. */
export interface Run {
  /** The model that was given, with its pruned weights at zero for good, or a smaller one, the caller's to dispose. */
  readonly pruned: PrunableModel;
  readonly plan: Plan;
  readonly strategy: string;
  readonly scorer: string;
  readonly summary: PlanSummary;
  /** Percent; absent without test samples. */
  readonly accuracy?: { readonly dense: number; readonly pruned: number };
  readonly permuted?: readonly PermutedGroup[];
  /** Batch norms estimated again. */
  readonly reestimated?: readonly string[];
  readonly budget?: Outcome;
  /** The multiple that measuring found. */
  readonly roundTo?: number;
  /** Of the last training. */
  readonly training?: Pick<Trained, 'losses' | 'best'>;
  readonly notes: readonly Note[];
}

/** Everything that can be refused before anything is read: plug-ins that are not there, data that is missing. */
export async function checkSettings(settings: Settings, { load }: Pick<Host, 'load'>): Promise<void> {
  await findStrategy(strategySettings(settings), load);
  const [seed, scorer] = [valueOf(settings, 'seed')!, valueOf(settings, 'scorer')!];
  await findScorer(scorer, { seed, load });
  const repair = valueOf(settings, 'repair')!;
  await findRepair(repair, { steps: settings.repairSteps }, load);
  if (settings.data !== undefined) return;
  if (needsData(scorer)) throw dataMissing('scorer', scorer);
  if (repair !== 'none') throw dataMissing('repair', repair);
  if (settings.reestimateNorms) throw dataMissing('reestimateNorms');
  if (isTraining(settings.schedule)) throw dataMissing('schedule', settings.schedule);
  if (trains(settings)) throw dataMissing('fineTune');
}

/** A UsageError with code 'data-missing': the option that needs data, `where`, was given none. */
export function dataMissing(where: string, value = ''): UsageError {
  const what = value === '' ? where : `${where} ${value}`;
  const fix = 'pass data';
  return new UsageError('data-missing', `${what} needs data; ${fix}`, { where, wanted: 'data', found: 'none', fix });
}

/**
 * Does to a model what settings say: budget, permutation, pruning with its schedule, repair and training, norms; and measures what came
 * out. The one way that the command line, recipes and `prune()` share. If anything throws, nothing is left of the work but what
 * `permute` did to the order of channels, which changes no output.
 */
export async function runPruning(options: RunOptions): Promise<Run> {
  const { settings, model, calibration: data, test, host, hooks = {} } = options;
  const { task, note, load } = host;
  const resolved = await resolveBudget(settings, model, host);
  const measure = (which: string, candidate: PrunableModel) => accuracyOf(which, candidate, test!, host);
  const dense = test && (await measure('dense', model));
  const batches = data && calibration(settings, data);
  const scorer = await findScorer(valueOf(settings, 'scorer')!, { seed: valueOf(settings, 'seed')!, load });
  const missing = () => {
    throw dataMissing('scorer', scorer.name);
  };
  const permuted = settings.permute ? await permute(model, settings, scorer, batches ?? missing, host) : undefined;
  const measuring = { model, ...timedInput(model, settings, data?.inputShape), seed: valueOf(settings, 'seed')! };
  const settled = isMeasured(settings)
    ? await settleByMeasuring(resolved, scorer, settings, { ...measuring, batches: batches ?? missing, task })
    : { resolved, scorer };
  const teacher = settings.distill ? await model.shrink(memoryPlan({})) : undefined;
  const made = await (
    isTraining(settings.schedule)
      ? whileTraining({ settings, model, data, host, hooks }, settled.resolved, teacher)
      : pruneStepwise({ settings, model, ...settled, batches, samples: data, teacher, host, hooks })
  ).finally(() => teacher?.dispose());
  made.summary.notes.forEach(note);
  const shrinks = Object.keys(made.plan.units).length > 0 && !settings.keepShape;
  let pruned = model;
  try {
    if (shrinks) pruned = await model.shrink(made.plan);
    const norms = settings.reestimateNorms
      ? await reestimateNorms(pruned, batches!, shrinks ? [] : [made.handle], host)
      : undefined;
    // The caller's model is wanted no more once there is a smaller one, and is its masked self otherwise.
    made.handle.makePermanent();
    const after = test && (await measure(made.training ? 'trained' : 'pruned', pruned));
    const { goal } = settled.resolved;
    const budget = goal && (await outcomeOf(goal, made.plan, measuring, pruned, made.summary.params.kept));
    const missed = budget ? checkOutcome(budget) : [];
    missed.forEach(note);
    return {
      pruned,
      plan: made.plan,
      strategy: settled.resolved.strategy.name,
      scorer: labelOfPlugin('scorer', valueOf(settings, 'scorer')!, scorer),
      summary: made.summary,
      ...(test && { accuracy: { dense: dense!, pruned: after! } }),
      ...(permuted && { permuted }),
      ...(norms && { reestimated: norms.layers }),
      ...(budget && { budget }),
      ...('roundTo' in settled && settled.roundTo !== undefined && { roundTo: settled.roundTo }),
      ...(made.training && { training: made.training }),
      notes: [...model.notes, ...made.summary.notes, ...(norms?.notes ?? [])],
    };
  } catch (error) {
    if (pruned !== model) pruned.dispose();
    throw error;
  }
}

async function whileTraining(
  {
    settings,
    model,
    data,
    host,
    hooks,
  }: { settings: Settings; model: PrunableModel; data: Samples | undefined; host: Host; hooks: Hooks },
  { strategy, sparsity }: Resolved,
  teacher: PrunableModel | undefined,
) {
  const rounds = settings.schedule === 'lottery-ticket' ? valueOf(settings, 'rounds')! + 1 : 1;
  const epochs = valueOf(settings, 'epochs')!;
  let round = 0;
  const trained = await host.task(
    `train ${epochs} epoch${epochs === 1 ? '' : 's'}, ${settings.schedule}${teacher ? ', distilled' : ''}`,
    (bar) =>
      pruneWhileTraining(settings, model, {
        ...{ strategy, sparsity, samples: data!, teacher, load: host.load },
        hooks: {
          ...(rounds === 1 && hooks),
          onRound: (now) => (round = now),
          onProgress: ({ step, steps, epoch, loss }) =>
            bar.update(
              round * steps + step,
              rounds * steps,
              `${rounds > 1 ? `round ${round + 1} of ${rounds}, ` : ''}epoch ${epoch}, loss ${loss.toFixed(4)}`,
            ),
        },
      }),
    ({ losses, best }) =>
      `loss ${[losses[0], ...losses.slice(1).slice(-1)].map((loss) => loss.toFixed(4)).join(' → ')}${best ? `, best epoch ${best.epoch} (${best.score.toFixed(2)}% of what was held out)` : ''}`,
  );
  const { plan, handle, losses, best } = trained;
  return {
    plan,
    handle,
    summary: await summarisePlan(plan, model, sparsity),
    training: { losses, ...(best && { best }) },
  };
}

/** Percent of the test samples. */
export const accuracyOf = (
  which: string,
  model: PrunableModel,
  { data, inputShape }: Samples,
  { task }: Pick<Host, 'task'>,
) =>
  task(
    `accuracy ${which}`,
    (bar) => accuracy((x) => model.predict(x), data, { inputShape, onProgress: bar.update }),
    (value) => `${value.toFixed(2)}%`,
  );
