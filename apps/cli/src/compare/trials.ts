import type { Dataset } from '@espalier/data';
import type { Trial } from '@espalier/pipeline';
import { cosine, fineTune } from '@espalier/train';
import { LEARNING_RATE } from '../options.js';
import {
  labelOf,
  makeRepair,
  makeScorer,
  makeStrategy,
  type RepairName,
  type Scope,
  type ScorerName,
  type StrategyChoice,
} from '../plugins.js';

/** What `compare` tries, and how it trains. */
export interface TrialOptions {
  readonly strategies: readonly StrategyChoice[];
  readonly scorers: readonly ScorerName[];
  readonly sparsities: readonly number[];
  readonly scope: Scope;
  readonly fineTune: number;
  readonly lr?: number;
  readonly batch: number;
  readonly repair: RepairName;
  readonly repairSteps?: number;
  readonly ignore?: readonly string[];
  readonly seed: number;
}

/** Every strategy with every scorer at every sparsity, N:M at its own; one-shot, and once more with fine-tuning if asked. */
export function makeTrials(options: TrialOptions, data: Dataset, inputShape: number[]): Trial[] {
  const trained: Trial['fineTune'] = async (model, handles) => {
    const { losses } = await fineTune(model, {
      data,
      inputShape,
      epochs: options.fineTune,
      batchSize: options.batch,
      seed: options.seed,
      handles,
      learningRate: cosine(options.lr ?? LEARNING_RATE),
    });
    return { epochs: losses.length, loss: losses[losses.length - 1] };
  };
  const seen = new Set<string>();
  const repair = makeRepair(options.repair, { steps: options.repairSteps });
  return options.strategies
    .flatMap((choice) => {
      const strategy = makeStrategy({ ...choice, scope: options.scope });
      const sparsities = strategy.sparsity === undefined ? options.sparsities : [strategy.sparsity];
      const scope = choice.strategy === 'nm' ? {} : { scope: options.scope };
      const label = { strategy: labelOf(choice, strategy.name), ...scope };
      return options.scorers.flatMap((scorer) =>
        sparsities.map((target) => ({ strategy, scorer, target, label: { ...label, scorer } })),
      );
    })
    .filter(({ label, scorer, target }) => {
      // The same choice written twice is one trial.
      const key = `${label.strategy} ${scorer} ${target}`;
      return !seen.has(key) && seen.add(key);
    })
    .flatMap(({ strategy, scorer, target, label }): Trial[] => {
      const trial: Trial = {
        id: `${label.strategy} ${scorer} ${target}`,
        strategy,
        scorer: makeScorer(scorer, options.seed),
        sparsity: target,
        label,
        ...(repair && { repair }),
        ...(options.ignore && { ignore: options.ignore }),
      };
      return options.fineTune > 0 ? [trial, { ...trial, id: `${trial.id} tuned`, fineTune: trained }] : [trial];
    });
}
