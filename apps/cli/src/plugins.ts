import { type Scorer, show, type Strategy, UsageError } from '@espalier/core';
import { gradient } from '@espalier/scorer-gradient';
import { hessian } from '@espalier/scorer-hessian';
import { magnitude, random } from '@espalier/scorer-magnitude';
import { nm, NM_DEFAULTS } from '@espalier/strategy-nm';
import { structured } from '@espalier/strategy-structured';
import { unstructured } from '@espalier/strategy-unstructured';

export const STRATEGIES = ['unstructured', 'structured', 'nm'] as const;
export type StrategyName = (typeof STRATEGIES)[number];
export const SCORERS = ['magnitude', 'random', 'gradient', 'hessian'] as const;
export type ScorerName = (typeof SCORERS)[number];
export const SCOPES = ['global', 'local'] as const;
export type Scope = (typeof SCOPES)[number];

/** The scorers that look at data. */
export const needsData = (scorer: ScorerName) => scorer === 'gradient' || scorer === 'hessian';

export function makeScorer(name: ScorerName, seed: number): Scorer {
  return {
    magnitude: () => magnitude(),
    random: () => random({ seed }),
    gradient: () => gradient(),
    hessian: () => hessian(),
  }[name]();
}

export interface StrategyChoice {
  readonly strategy: StrategyName;
  readonly scope?: Scope | undefined;
  readonly keep?: number | undefined;
  readonly group?: number | undefined;
  readonly tail?: 'error' | 'dense' | undefined;
}

export function makeStrategy({ strategy, scope = 'global', keep, group, tail }: StrategyChoice): Strategy {
  if (strategy === 'unstructured') return unstructured({ scope });
  if (strategy === 'structured') return structured({ scope });
  return nm({ keep: keep ?? NM_DEFAULTS.keep, group: group ?? NM_DEFAULTS.group, tail: tail ?? NM_DEFAULTS.tail });
}

/** A strategy of `compare`: a name, or an N:M pattern such as 1:4. */
export function parseStrategy(text: string): StrategyChoice {
  const pattern = /^(\d{1,6}):(\d{1,6})$/.exec(text);
  if (pattern) {
    const choice = { strategy: 'nm', keep: Number(pattern[1]), group: Number(pattern[2]), tail: 'dense' } as const;
    makeStrategy(choice);
    return choice;
  }
  const strategy = STRATEGIES.find((name) => name === text);
  if (strategy) return strategy === 'nm' ? { strategy, tail: 'dense' } : { strategy };
  const wanted = `${STRATEGIES.join(', ')} or a pattern such as 2:4`;
  throw new UsageError('option-value', `--strategies wants ${wanted}, got ${show(text)}`, {
    where: '--strategies',
    wanted,
    found: text,
  });
}
