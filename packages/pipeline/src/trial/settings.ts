import type { PrunableModel } from '@espalier/core';
import { given, resolveGoal } from '../budget/resolve.js';
import { OF_TRAINING } from '../options/check.js';
import { strategyLabel } from '../options/strategy-words.js';
import { type Settings, valueOf } from '../options/table.js';
import { findRepair, findScorer, labelOfPlugin } from '../plugins/find.js';
import { STRATEGIES } from '../plugins/lists.js';
import type { Host } from '../run/host.js';
import { type Hooks, type Samples, tune } from '../run/tune.js';
import type { Trial } from './tools.js';

export interface TrialFrom {
  readonly model: PrunableModel;
  /** To train on; absent = there are none. */
  readonly samples?: Samples | undefined;
  readonly lent?: Pick<Host, 'load' | 'readJson'>;
  readonly hooks?: Hooks;
}

/** The trial that settings describe: what a comparison measures is what `runPruning` would do. */
export async function trialOf(settings: Settings, { model, samples, lent = {}, hooks }: TrialFrom): Promise<Trial> {
  const { strategy, sparsity } = await resolveGoal(settings, model, lent);
  const [seed, name] = [valueOf(settings, 'seed')!, valueOf(settings, 'scorer')!];
  const scorer = await findScorer(name, { seed, load: lent.load });
  const repair = await findRepair(valueOf(settings, 'repair')!, { steps: settings.repairSteps }, lent.load);
  const epochs = valueOf(settings, 'fineTune')!;
  const scopes = STRATEGIES.find((own) => own.name === valueOf(settings, 'strategy'))?.scopes;
  const scope = scopes && scopes.length > 0 ? valueOf(settings, 'scope') : settings.scope;
  const label = {
    strategy: strategyLabel(settings, strategy.name),
    scorer: labelOfPlugin('scorer', name, scorer),
    ...(scope !== undefined && { scope }),
  };
  return {
    id: `${label.strategy} ${label.scorer} ${sparsity}${epochs > 0 ? ' tuned' : ''}`,
    strategy,
    scorer,
    sparsity,
    label,
    ...(repair && { repair }),
    ...given(settings),
    ...(settings.keepShape && { keepShape: true }),
    ...(epochs > 0 &&
      samples && {
        async fineTune(masked, handles) {
          const { losses } = await tune(settings, masked, samples, { handles, ...(hooks && { hooks }) });
          return { epochs: losses.length, loss: losses[losses.length - 1] };
        },
      }),
  };
}

export interface Matrix {
  readonly strategies: readonly Settings[];
  readonly scorers: readonly string[];
  readonly sparsities: readonly number[];
}

/**
 * Settings for every strategy with every scorer at every sparsity, N:M at its own; one-shot, and once more with fine-tuning if `base`
 * asks for it. The same choice written twice is one.
 */
export function expand(base: Settings, { strategies, scorers, sparsities }: Matrix): Settings[] {
  const seen = new Set<string>();
  return strategies
    .flatMap((chosen) => {
      const isPattern = chosen.strategy === 'nm';
      const { scope, ...rest } = base;
      const own = { ...rest, ...(!isPattern && scope !== undefined && { scope }), ...chosen };
      return scorers.flatMap((scorer) =>
        isPattern ? [{ ...own, scorer }] : sparsities.map((sparsity) => ({ ...own, scorer, sparsity })),
      );
    })
    .filter((settings) => {
      const key = JSON.stringify(Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1)));
      return !seen.has(key) && seen.add(key);
    })
    .flatMap((settings) => ((settings.fineTune ?? 0) > 0 ? [untrained(settings), settings] : [settings]));
}

const untrained = (settings: Settings): Settings =>
  Object.fromEntries(Object.entries(settings).filter(([key]) => !OF_TRAINING.some((name) => name === key)));
