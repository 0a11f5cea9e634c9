import { type Repair, type Scorer, show, type Strategy, UsageError } from '@espalier/core';
import { obsRepair, obsScorer } from '@espalier/repair-obs';
import { wanda } from '@espalier/scorer-activation';
import { gradient } from '@espalier/scorer-gradient';
import { blockFisher, gaussNewton, hessian, hutchinson } from '@espalier/scorer-hessian';
import { magnitude, random } from '@espalier/scorer-magnitude';
import { block, BLOCK_DEFAULTS } from '@espalier/strategy-block';
import { nm, NM_DEFAULTS } from '@espalier/strategy-nm';
import { structured } from '@espalier/strategy-structured';
import { unstructured } from '@espalier/strategy-unstructured';
import { biasCompensation } from '@espalier/train';

export const STRATEGIES = ['unstructured', 'structured', 'nm', 'block'] as const;
export type StrategyName = (typeof STRATEGIES)[number];
export const SCORERS = [
  ...(['magnitude', 'random', 'gradient', 'hessian', 'gauss-newton', 'hutchinson', 'block-fisher'] as const),
  ...(['wanda', 'obs'] as const),
] as const;
export type ScorerName = (typeof SCORERS)[number];
export const REPAIRS = ['none', 'obs', 'bias'] as const;
export type RepairName = (typeof REPAIRS)[number];
export const SCOPES = ['global', 'local', 'output'] as const;
export type Scope = (typeof SCOPES)[number];

/** The scorers that look at data. */
export const needsData = (scorer: ScorerName) => scorer !== 'magnitude' && scorer !== 'random';

export function makeScorer(name: ScorerName, seed: number): Scorer {
  return {
    magnitude: () => magnitude(),
    random: () => random({ seed }),
    gradient: () => gradient(),
    hessian: () => hessian(),
    'gauss-newton': () => gaussNewton(),
    hutchinson: () => hutchinson({ seed }),
    'block-fisher': () => blockFisher(),
    wanda: () => wanda(),
    obs: () => obsScorer(),
  }[name]();
}

/** `steps` along the loss of the labels, of the repair obs. */
export const makeRepair = (name: RepairName, { steps }: { steps?: number | undefined } = {}): Repair | undefined =>
  ({
    none: () => undefined,
    obs: () => obsRepair(steps === undefined ? {} : { steps }),
    bias: () => biasCompensation(),
  })[name]();

export interface StrategyChoice {
  readonly strategy: StrategyName;
  readonly scope?: Scope | undefined;
  readonly keep?: number | undefined;
  readonly group?: number | undefined;
  readonly block?: BlockSize | undefined;
  readonly tail?: 'error' | 'dense' | undefined;
  readonly transposable?: boolean | undefined;
}

export interface BlockSize {
  readonly outputs: number;
  readonly inputs: number;
}

export function makeStrategy(choice: StrategyChoice): Strategy {
  const { strategy, scope = 'global', keep, group, block: size, tail, transposable = false } = choice;
  if (strategy === 'unstructured') return unstructured({ scope });
  if (scope === 'output') {
    throw new UsageError('option-combination', `--scope output is for --strategy unstructured, not ${strategy}`, {
      where: '--scope',
    });
  }
  if (strategy === 'structured') return structured({ scope });
  if (strategy === 'block') return block({ ...size, scope, tail: tail ?? BLOCK_DEFAULTS.tail });
  const pattern = { keep: keep ?? NM_DEFAULTS.keep, group: group ?? NM_DEFAULTS.group };
  return nm({ ...pattern, tail: tail ?? NM_DEFAULTS.tail, transposable });
}

/** OUTPUTSxINPUTS, such as 4x1 or 4×1; undefined for anything else. */
export function parseBlock(text: string): BlockSize | undefined {
  const [, outputs, inputs] = /^(\d{1,6})[x×](\d{1,6})$/i.exec(text) ?? [];
  return outputs === undefined ? undefined : { outputs: Number(outputs), inputs: Number(inputs) };
}

/** What a strategy is called in a report's rows: N:M and blocks by their pattern. */
export function labelOf({ strategy, block: size }: StrategyChoice, name: string): string {
  if (strategy === 'nm') return name;
  const { outputs, inputs } = size ?? BLOCK_DEFAULTS;
  return strategy === 'block' ? `${outputs}x${inputs} blocks` : strategy;
}

/** A strategy of `compare` or `bench`: a name, an N:M pattern such as 1:4, or a block such as 16x1. */
export function parseStrategy(text: string, where = '--strategies'): StrategyChoice {
  const pattern = /^(\d{1,6}):(\d{1,6})$/.exec(text);
  const size = parseBlock(text);
  if (pattern ?? size) {
    const tail = 'dense' as const;
    const choice: StrategyChoice = size
      ? { strategy: 'block', block: size, tail }
      : { strategy: 'nm', keep: Number(pattern![1]), group: Number(pattern![2]), tail };
    makeStrategy(choice);
    return choice;
  }
  const strategy = STRATEGIES.find((name) => name === text);
  if (strategy) return strategy === 'nm' || strategy === 'block' ? { strategy, tail: 'dense' } : { strategy };
  const wanted = `${STRATEGIES.join(', ')}, a pattern such as 2:4 or a block such as 4x1`;
  throw new UsageError('option-value', `${where} wants ${wanted}, got ${show(text)}`, {
    where,
    wanted,
    found: text,
  });
}
