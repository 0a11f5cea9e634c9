import { cubic, type MaskHandle, type Plan, prune, type PrunableModel, type Strategy } from '@espalier/core';
import {
  fineTune,
  gradual,
  lotteryTicket,
  rigl,
  sparseEvolution,
  SPARSE_EVOLUTION_DEFAULTS,
  RIGL_DEFAULTS,
  srSte,
  type TrainingRule,
} from '@espalier/train';
import { given } from '../budget/resolve.js';
import { type Settings, valueOf } from '../options/table.js';
import { findScorer, findTrainingScorer, type LoadModule } from '../plugins/find.js';
import { calibration, type Hooks, type Samples, trainingOf } from './tune.js';

export interface WhileTraining {
  readonly strategy: Strategy;
  readonly sparsity: number;
  readonly samples: Samples;
  /** A copy of the dense model, borrowed. */
  readonly teacher?: PrunableModel | undefined;
  readonly hooks: Hooks & { readonly onRound?: (round: number) => void };
  readonly load?: LoadModule | undefined;
}

export interface Trained {
  readonly plan: Plan;
  /** In force. */
  readonly handle: MaskHandle;
  readonly losses: readonly number[];
  readonly best?: { readonly epoch: number; readonly score: number };
}

/** Prunes while it trains, as the schedule of the settings says: gradual, sr-ste, rigl, set or lottery-ticket. */
export async function pruneWhileTraining(
  settings: Settings,
  model: PrunableModel,
  how: WhileTraining,
): Promise<Trained> {
  const { strategy, sparsity, teacher } = how;
  const { onRound, ...hooks } = how.hooks;
  const epochs = valueOf(settings, 'epochs')!;
  const { options, samples } = trainingOf(settings, model, how.samples, epochs, teacher, hooks);
  if (settings.schedule === 'lottery-ticket') {
    const [rounds, rewindTo] = [valueOf(settings, 'rounds')!, valueOf(settings, 'rewindTo')!];
    return lotteryTicket(model, { ...options, strategy, sparsity, rounds, rewindTo, ...(onRound && { onRound }) });
  }
  const steps = epochs * Math.ceil(samples.data.size / valueOf(settings, 'batch')!);
  const rule = await ruleOf(settings, model, { ...how, samples }, steps);
  const { plan, handle, losses, best } = await fineTune(model, { ...options, rules: [rule, ...options.rules!] });
  return { plan: plan!, handle: handle!, losses, ...(best && { best }) };
}

async function ruleOf(
  settings: Settings,
  model: PrunableModel,
  how: WhileTraining,
  steps: number,
): Promise<TrainingRule> {
  const { strategy, sparsity, samples, load } = how;
  const [seed, scorer] = [valueOf(settings, 'seed')!, valueOf(settings, 'scorer')!];
  const data = calibration(settings, samples);
  if (settings.schedule === 'sr-ste') return srSte({ strategy, decay: valueOf(settings, 'decay')! });
  if (settings.schedule === 'gradual') {
    const begin = Math.floor(valueOf(settings, 'begin')! * steps);
    const end = Math.max(begin + 1, Math.min(steps - 1, Math.round(valueOf(settings, 'end')! * steps)));
    const frequency = Math.max(1, Math.round((end - begin) / valueOf(settings, 'updates')!));
    const schedule = cubic({ sparsity, begin, end, frequency });
    return gradual({
      scorer: await findTrainingScorer(scorer, { seed, load }),
      strategy,
      schedule,
      data,
      ...given(settings),
    });
  }
  const { plan, handle } = await prune(model, {
    scorer: await findScorer(scorer, { seed, load }),
    strategy,
    sparsity,
    data,
    ...given(settings),
  });
  // The first step of the training masks them; until then nothing looks.
  handle.restore();
  const [every, fraction] = [valueOf(settings, 'every')!, valueOf(settings, 'fraction')!];
  if (settings.schedule === 'rigl')
    return rigl({ plan, every, fraction, until: settings.until ?? RIGL_DEFAULTS.until });
  return sparseEvolution({ plan, every, fraction, until: settings.until ?? SPARSE_EVOLUTION_DEFAULTS.until, seed });
}
