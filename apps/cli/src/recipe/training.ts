import type { AnyPrunable } from '../adapted.js';
import { type Batch, cubic, type MaskHandle, type Plan, prune, type Scorer, type Strategy } from '@espalier/core';
import { arrayBatches, type Dataset } from '@espalier/data';
import { accuracy } from '@espalier/measure';
import {
  cosine,
  distill,
  type EpochEnd,
  fineTune,
  type FineTuneOptions,
  gradual,
  holdOut,
  lotteryTicket,
  type Progress,
  rigl,
  runningFisher,
  sparseEvolution,
  srSte,
  type TrainingRule,
} from '@espalier/train';
import { makeRepair, makeScorer, makeStrategy, type ScorerName } from '../plugins.js';
import { type Recipe, RUNNING_FISHER } from './schema.js';

export interface Hooks {
  readonly onProgress: (progress: Progress) => void;
  readonly onEpoch?: (end: EpochEnd) => void;
  readonly onRound?: (round: number, sparsity: number) => void;
  readonly checkpoint?: FineTuneOptions['checkpoint'];
  readonly resume?: Uint8Array;
}

export interface Trained {
  readonly plan: Plan;
  readonly handle: MaskHandle;
  readonly losses: readonly number[];
  readonly best?: { readonly epoch: number; readonly score: number };
}

export const strategyOf = ({ strategy: { kind, ...options } }: Recipe): Strategy => {
  const block = 'outputs' in options ? { block: { outputs: options.outputs, inputs: options.inputs } } : {};
  return makeStrategy({ strategy: kind, ...options, ...block });
};

/** The schema lets RUNNING_FISHER, which is none of these, pass with the schedule gradual alone. */
export const scorerOf = ({ scorer, seed }: Recipe): Scorer => makeScorer(scorer as ScorerName, seed);

export const sparsityOf = (recipe: Recipe) => recipe.sparsity ?? strategyOf(recipe).sparsity ?? 0.5;

/** Does what the recipe says of pruning and training. The teacher is borrowed. */
export async function trainBy(
  recipe: Recipe,
  model: AnyPrunable,
  all: Dataset,
  inputShape: number[],
  teacher: AnyPrunable | undefined,
  hooks: Hooks,
): Promise<Trained> {
  const { training, seed, schedule, ignore } = recipe;
  const [strategy, sparsity] = [strategyOf(recipe), sparsityOf(recipe)];
  const stopping = training.earlyStopping;
  const split = stopping && holdOut(all, stopping.fraction, seed);
  const data = split?.train ?? all;
  const batches = arrayBatches(data, { batchSize: training.batchSize, inputShape, seed });
  const options: FineTuneOptions = {
    data,
    inputShape,
    epochs: training.epochs,
    batchSize: training.batchSize,
    seed,
    learningRate: cosine(training.learningRate),
    onProgress: hooks.onProgress,
    ...(hooks.onEpoch && { onEpoch: hooks.onEpoch }),
    ...(hooks.checkpoint && { checkpoint: hooks.checkpoint }),
    ...(hooks.resume && { resume: hooks.resume }),
    ...(split && {
      earlyStopping: {
        patience: stopping!.patience,
        score: () => accuracy((x) => model.predict(x), split.validation, { inputShape, batchSize: 256 }),
      },
    }),
  };
  const taught = teacher ? [distill({ teacher, ...training.distill })] : [];
  if (schedule.kind === 'lottery-ticket') {
    const { rounds, rewindTo } = schedule;
    return lotteryTicket(model, {
      ...options,
      rules: taught,
      strategy,
      sparsity,
      rounds,
      rewindTo,
      ...(hooks.onRound && { onRound: hooks.onRound }),
    });
  }
  const steps = training.epochs * Math.ceil(data.size / training.batchSize);
  const repair = makeRepair(recipe.repair, { steps: recipe.repairSteps });
  const oneShot = () =>
    prune(model, { scorer: scorerOf(recipe), strategy, sparsity, data: batches, ignore, ...(repair && { repair }) });
  if (schedule.kind === 'one-shot') {
    const { plan, handle } = await oneShot();
    const { losses, best } = await fineTune(model, { ...options, rules: taught, handles: [handle] });
    return { plan, handle, losses, ...(best && { best }) };
  }
  const rule = await ruleOf(recipe, { strategy, sparsity, steps, batches, oneShot });
  const { plan, handle, losses, best } = await fineTune(model, { ...options, rules: [rule, ...taught] });
  return { plan: plan!, handle: handle!, losses, ...(best && { best }) };
}

interface Parts {
  readonly strategy: Strategy;
  readonly sparsity: number;
  readonly steps: number;
  readonly batches: () => AsyncIterable<Batch>;
  readonly oneShot: () => Promise<{ plan: Plan; handle: MaskHandle }>;
}

async function ruleOf(recipe: Recipe, { strategy, sparsity, steps, batches, oneShot }: Parts): Promise<TrainingRule> {
  const { schedule, seed, ignore } = recipe;
  if (schedule.kind === 'sr-ste') return srSte({ strategy, decay: schedule.decay });
  if (schedule.kind === 'gradual') {
    const begin = Math.floor(schedule.begin * steps);
    const end = Math.max(begin + 1, Math.min(steps - 1, Math.round(schedule.end * steps)));
    const scorer = recipe.scorer === RUNNING_FISHER ? runningFisher() : scorerOf(recipe);
    const frequency = Math.max(1, Math.round((end - begin) / schedule.updates));
    return gradual({ scorer, strategy, schedule: cubic({ sparsity, begin, end, frequency }), data: batches, ignore });
  }
  const { plan, handle } = await oneShot();
  // The first step of the training masks them; until then nothing looks.
  handle.restore();
  const { every, fraction, until } = schedule as { every: number; fraction: number; until: number };
  return schedule.kind === 'rigl'
    ? rigl({ plan, every, fraction, until })
    : sparseEvolution({ plan, every, fraction, until, seed });
}
