import { say } from '../notes.js';
import {
  InputError,
  memoryPlan,
  type Plan,
  prune,
  PRUNE_DEFAULTS,
  type PrunableModel,
  type PruneResult,
  resolveMask,
} from '@espalier/core';
import { latencyOf, measure } from './measured.js';
import { makePanel, panelParam } from './panel.js';
import type { Panel, Row } from '../report/report.js';
import { snapshot } from './snapshot.js';
import type { FineTuned, Phase, Tools, Trial } from './tools.js';
import { stopwatch, timedScorer, timedStrategy } from './watch.js';

export interface TrialOptions extends Trial, Tools {
  readonly model: PrunableModel;
  /** A copy of the model that is left alone, to time the pruned one against; default: one is made for the trial. */
  readonly twin?: PrunableModel;
  /** The dense model's accuracy in percent where it is known; default: it is measured. */
  readonly denseAccuracy?: number;
  /** Before each phase; throw in it to give up. */
  readonly onPhase?: (phase: Phase) => void;
}

/**
 * Prunes the model as the trial says, measures what comes out and puts the model back, bit for bit, whether that succeeds or
 * throws. Where the plan removes channels, the smaller model is what is measured. Throws what plug-ins and tools throw.
 */
export async function runTrial(options: TrialOptions): Promise<Row> {
  const { model, fineTune, accuracy, latency, clock = () => performance.now() } = options;
  const watch = stopwatch(clock, options.onPhase);
  const dense = accuracy && (options.denseAccuracy ?? (await watch.time('accuracy', () => accuracy(model))));
  // Masks remember only what they prune, and training changes the rest.
  const putBack = fineTune && (await snapshot(model));
  const panelOf = await preparePanel(model);
  const twin = latency && (options.twin ?? (await copyOf(model)));
  const tuned: FineTuned[] = [];
  let result: PruneResult | undefined;
  let smaller: PrunableModel | undefined;
  try {
    result = await prune(model, {
      ...pruneOptions(options),
      scorer: timedScorer(options.scorer, watch),
      strategy: timedStrategy(options.strategy, watch),
      onStep: async ({ handle }) => {
        if (fineTune) tuned.push(checkLoss(await watch.time('fine-tune', () => fineTune(model, [handle]))));
      },
    });
    const { plan, macs } = result;
    const panel = await panelOf(result);
    if (removesChannels(plan) && !options.keepShape) smaller = await watch.time('shrink', () => model.shrink(plan));
    const measured = await measure(smaller ?? model, twin, options, watch);
    return {
      ...describe(options, result),
      bytes: measured.bytes,
      ...(measured.compact && { compact: measured.compact }),
      accuracy: dense === undefined || measured.accuracy === null ? null : { dense, pruned: measured.accuracy },
      latency: measured.latency.map((backend) => latencyOf(backend, macs)),
      ...training(tuned),
      ...(panel && { panel }),
      seconds: watch.seconds(),
    };
  } finally {
    smaller?.dispose();
    if (twin !== options.twin) twin?.dispose();
    result?.handle.restore();
    putBack?.();
  }
}

/** A model of its own with the same weights: a plan that removes nothing shrinks to it. */
export const copyOf = (model: PrunableModel): Promise<PrunableModel> => model.shrink(memoryPlan({}));

export const sparsityOf = ({ sparsity, strategy }: Trial) => sparsity ?? strategy.sparsity ?? PRUNE_DEFAULTS.sparsity;

/** What the trial is called: 'unstructured-global-magnitude-l1-0.9'. */
export function trialId(trial: Trial): string {
  const { id, strategy, scorer, fineTune } = trial;
  return id ?? [strategy.name, scorer.name, sparsityOf(trial), ...(fineTune ? ['tuned'] : [])].join('-');
}

/** The columns of a row that say which trial it is. */
export function labelOf({ strategy, scorer, label }: Trial) {
  return {
    strategy: label?.strategy ?? strategy.name,
    scorer: label?.scorer ?? scorer.name,
    ...(label?.scope !== undefined && { scope: label.scope }),
  };
}

const removesChannels = (plan: Plan) => Object.keys(plan.units).length > 0;

function pruneOptions({ sparsity, schedule, repair, ignore, calibration }: TrialOptions) {
  return {
    ...(repair && { repair }),
    ...(sparsity !== undefined && { sparsity }),
    ...(schedule && { schedule }),
    ...(ignore && { ignore }),
    ...(calibration && { data: calibration }),
  };
}

function describe(trial: Trial, { plan, sparsity, params, macs, layers, channels, skipped, notes }: PruneResult) {
  return {
    id: trialId(trial),
    ...labelOf(trial),
    ...(plan.granularity && { granularity: plan.granularity }),
    sparsity: { ...sparsity },
    params: { ...params },
    macs: macs && { ...macs },
    layers: layers.map(({ id, shape, size, kept, threshold }) => ({ id, shape: [...shape], size, kept, threshold })),
    ...(channels && { channels: { ...channels } }),
    notes: [...notes, ...skipped.map(({ id, reason }) => say('left-alone', { id, why: reason }))],
  };
}

function checkLoss(tuned: FineTuned): FineTuned {
  if (tuned.loss === undefined || Number.isFinite(tuned.loss)) return tuned;
  const fix = 'use a lower learning rate';
  throw new InputError('training-diverged', say('tuning-diverged', { value: tuned.loss, epochs: tuned.epochs }), {
    where: 'fine-tune',
    wanted: 'a finite loss',
    found: String(tuned.loss),
    fix,
  });
}

function training(tuned: readonly FineTuned[]) {
  if (tuned.length === 0) return {};
  const { loss } = tuned[tuned.length - 1];
  return {
    fineTuned: { epochs: tuned.reduce((sum, { epochs }) => sum + epochs, 0) },
    ...(loss !== undefined && { loss }),
  };
}

/** Reads the kernel to be shown before it is pruned. */
async function preparePanel(model: PrunableModel): Promise<(result: PruneResult) => Promise<Panel | undefined>> {
  const param = panelParam(model.params);
  if (!param) return async () => undefined;
  const before = await model.read(param.id);
  return async ({ plan, layers }) => {
    const mask = await resolveMask(plan, param, model.groups);
    return makePanel({ param, before, after: await model.read(param.id), mask, layers });
  };
}
