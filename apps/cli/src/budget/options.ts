import { UsageError } from '@espalier/core';
import { byMax, byMean, l2, type Limits, max, mean, sum } from '@espalier/strategy-structured';
import { type Command, Option } from 'commander';
import { list, oneOf, positiveInteger, usage } from '../options.js';
import type { StrategyName } from '../plugins.js';
import { bytesTarget, latencyTarget, macsTarget, paramsTarget, type Target } from './target.js';

export const AGGREGATES = { mean, sum, max, l2 };
export const NORMALISERS = { mean: byMean, max: byMax, none: (scores: Float64Array) => scores };

/** A glob and a fraction: 'block*=0.25', or a fraction for all layers. */
export interface LimitOption {
  readonly glob: string;
  readonly fraction: number;
}

export const GRANULARITIES = ['channel', 'layer'] as const;

export interface BudgetOptions {
  readonly granularity?: (typeof GRANULARITIES)[number];
  readonly params?: Target;
  readonly macs?: Target;
  readonly bytes?: Target;
  readonly latency?: Target;
  readonly budget?: string;
  readonly roundTo?: number | 'auto';
  readonly floor?: LimitOption[];
  readonly ceiling?: LimitOption[];
  readonly aggregate?: keyof typeof AGGREGATES;
  readonly normalise?: keyof typeof NORMALISERS;
  readonly perCost?: boolean;
  readonly keepInputs?: string[];
  readonly inputShape?: number[];
}

const limit =
  (option: string) =>
  (text: string): LimitOption => {
    const at = text.lastIndexOf('=');
    const value = text.slice(at + 1).trim();
    const fraction = value === '' ? NaN : Number(value);
    if (fraction >= 0 && fraction <= 1) return { glob: at < 0 ? '**' : text.slice(0, at), fraction };
    throw usage(option, 'a fraction from 0 to 1, or GLOB=FRACTION', text);
  };

const inputShape = (text: string): number[] => {
  const sizes = text.split(',').map((part) => Number(part.trim() || NaN));
  if (sizes.length > 1 && sizes.every((n) => Number.isSafeInteger(n) && n > 0)) return sizes;
  throw usage('--input-shape', 'positive sizes with the batch first, such as 1,64,64,3', text);
};

const keys = <T extends object>(choices: T) => Object.keys(choices) as (keyof T & string)[];

/** The options of `prune` that say how much is to be left, and where. */
export function addBudgetOptions(command: Command): Command {
  return command
    .option(
      '--granularity <what>',
      'structured: channel, or layer: whole residual branches (default: channel)',
      oneOf('--granularity', GRANULARITIES),
    )
    .option('--params <f>', 'keeps this fraction, or amount (20k), of the parameters', paramsTarget)
    .option('--macs <f>', 'structured: keeps this fraction, or amount (1.5M), of the MACs', macsTarget)
    .option('--bytes <f>', 'structured: keeps this fraction, or amount (64kB), of the files', bytesTarget)
    .option(
      '--latency <f>',
      'structured: as quick as this fraction of the time, or as 12ms, on --backend',
      latencyTarget,
    )
    .option('--budget <name>', 'a table of sparsities (file.json); unstructured also: uniform | global | erk | lamp')
    .option(
      '--round-to <n>',
      'structured: layers keep a multiple of n channels; auto = measured on --backend',
      (text) => (text === 'auto' ? text : positiveInteger('--round-to')(text)),
    )
    .option(
      '--floor <list>',
      'structured: the least fraction of channels that stays, F or GLOB=F',
      list(limit('--floor')),
    )
    .option('--ceiling <list>', 'structured: the most that stays, F or GLOB=F', list(limit('--ceiling')))
    .addOption(
      new Option(
        '--aggregate <how>',
        `structured: how the scores of a channel become one: ${keys(AGGREGATES).join(' | ')} (default: mean)`,
      ).argParser(oneOf('--aggregate', keys(AGGREGATES))),
    )
    .addOption(
      new Option(
        '--normalise <by>',
        `structured: what makes layers compare: ${keys(NORMALISERS).join(' | ')} (default: mean)`,
      ).argParser(oneOf('--normalise', keys(NORMALISERS))),
    )
    .option('--per-cost', 'structured: ranks channels by their score for each MAC, parameter or byte of the budget')
    .option(
      '--keep-inputs <globs>',
      'layers to leave alone together with the channels that they read',
      list((glob) => glob),
    )
    .option(
      '--input-shape <sizes>',
      'the input, batch first (1,64,64,3), where the model leaves sizes open',
      inputShape,
    );
}

const TARGETS = [
  ['--params', 'params'],
  ['--macs', 'macs'],
  ['--bytes', 'bytes'],
  ['--latency', 'latency'],
] as const;

export const SHARES = ['uniform', 'global', 'erk', 'lamp'] as const;
export const isTableFile = (budget: string | undefined) =>
  budget !== undefined && !(SHARES as readonly string[]).includes(budget);

/** Refuses options that contradict each other or the strategy. */
export function checkBudgetOptions(
  o: BudgetOptions & { readonly strategy: StrategyName; readonly sparsity?: number; readonly scope?: string },
): void {
  const refuse = (option: string, why: string) => {
    throw new UsageError('option-combination', `${option} ${why}`, { where: option });
  };
  const given = TARGETS.filter(([, key]) => o[key] !== undefined).map(([name]) => name);
  const goals = [
    ...(o.sparsity === undefined ? [] : ['--sparsity']),
    ...given,
    ...(isTableFile(o.budget) ? ['--budget with a table'] : []),
  ];
  if (goals.length > 1) refuse(goals[1], `contradicts ${goals[0]}: give one of them`);
  const isChannels = o.strategy === 'structured';
  if (given.length > 0 && !isChannels && !(given[0] === '--params' && o.strategy === 'unstructured')) {
    refuse(given[0], `is for --strategy structured; ${o.strategy} sets zeros, which dense files and kernels keep`);
  }
  for (const [option, value] of [
    ['--round-to', o.roundTo],
    ['--floor', o.floor],
    ['--ceiling', o.ceiling],
    ['--aggregate', o.aggregate],
    ['--normalise', o.normalise],
    ['--per-cost', o.perCost],
  ] as const) {
    if (value !== undefined && !isChannels) refuse(option, `is for --strategy structured, not ${o.strategy}`);
  }
  if (o.granularity !== undefined && !isChannels)
    refuse('--granularity', `is for --strategy structured, not ${o.strategy}`);
  if (o.granularity === 'layer') {
    for (const [option, value] of [
      ['--latency', o.latency],
      ['--budget', o.budget],
      ['--round-to', o.roundTo],
      ['--floor', o.floor],
      ['--ceiling', o.ceiling],
      ['--per-cost', o.perCost],
      ['--scope', o.scope],
    ] as const) {
      if (value !== undefined) refuse(option, 'is for channels, not for --granularity layer');
    }
  }
  if (o.perCost && given.length === 0) refuse('--per-cost', 'is for --params, --macs, --bytes or --latency');
  if (o.budget === undefined) return;
  if (!isChannels && o.strategy !== 'unstructured')
    refuse('--budget', `is for --strategy unstructured or structured, not ${o.strategy}`);
  if (o.scope !== undefined) refuse('--scope', 'is not for --budget, which says how layers share');
  if (isChannels && !isTableFile(o.budget))
    refuse('--budget', `${o.budget} is for --strategy unstructured; channels take a table (file.json)`);
}

export function limitsOf({ floor = [], ceiling = [] }: BudgetOptions): Limits {
  const limits: Record<string, { floor?: number; ceiling?: number }> = {};
  for (const { glob, fraction } of floor) limits[glob] = { ...limits[glob], floor: fraction };
  for (const { glob, fraction } of ceiling) limits[glob] = { ...limits[glob], ceiling: fraction };
  return limits;
}
