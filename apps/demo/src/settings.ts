/** What the user chose: options of a pruning by their names, and what the page shows; plain data, small enough for the address bar. */
import { namesOf, OPTIONS, SCORERS as ALL, type Settings as Options } from '@espalier/pipeline/options';
import type { ZooName } from '@espalier/zoo/web';

export { needsData } from '@espalier/pipeline/options';

export const MODELS = ['lenet-300-100', 'lenet-5', 'resnet-ds'] as const satisfies readonly ZooName[];
export const STRATEGIES = ['unstructured', 'nm', 'block', 'structured'] as const;
export const PATTERNS = ['2:4', '1:4', '4:8', '1:2', '4:16'] as const;
/** Those that answer while somebody waits, and need no training. */
export const SCORERS = namesOf(ALL.filter(({ slow, training }) => !slow && !training));
export const BACKENDS = ['cpu', 'wasm', 'webgl', 'webgpu'] as const;
export const VALUES = ['float32', 'float16', 'int8', 'int4', 'codebook'] as const;
export const SCOPES = ['global', 'local'] as const;
export const MOST_EPOCHS = 10;
export const MOST_SPARSITY = 0.99;
/** How many test samples can be picked. */
export const SHOWN = 40;

export type StrategyName = (typeof STRATEGIES)[number];
export type Backend = (typeof BACKENDS)[number];
/** How numbers are written in a compact file. */
export type Values = (typeof VALUES)[number];
/** One of the zoo's, or the one that was dropped on the page. */
export type ModelChoice = ZooName | 'own';

/** Options of a pruning that the page has a control for. */
export interface Choice {
  readonly strategy: StrategyName;
  readonly keep: number;
  readonly group: number;
  readonly scorer: string;
  readonly scope: (typeof SCOPES)[number];
  /** N:M patterns have their own. */
  readonly sparsity: number;
  readonly fineTune: number;
}

export interface Settings extends Choice {
  readonly model: ModelChoice;
  /** The kernel whose weights and mask are shown; null = the first that may be pruned. */
  readonly kernel: string | null;
  /** The two models that are tried: 'dense', 'live', or a measured one by its id. */
  readonly a: string;
  readonly b: string;
  /** The test sample that they answer; null = what is drawn. */
  readonly sample: number | null;
  /** Where models are timed; null = wherever they run. */
  readonly backends: readonly Backend[] | null;
  /** What is taken away, and how its numbers are written. */
  readonly take: string;
  readonly values: Values;
}

/** What decides the mask and the pictures of it. */
export const CUTTING = ['strategy', 'keep', 'group', 'scorer', 'scope', 'sparsity', 'kernel'] as const;

/** As the table of options has it, but that a visitor sees something at once: more is pruned, and training is shown. */
export const DEFAULTS: Settings = {
  model: 'lenet-300-100',
  strategy: OPTIONS.strategy.default as StrategyName,
  keep: OPTIONS.keep.default!,
  group: OPTIONS.group.default!,
  scorer: OPTIONS.scorer.default!,
  scope: OPTIONS.scope.default as 'global',
  sparsity: 0.9,
  fineTune: 1,
  kernel: null,
  a: 'dense',
  b: 'live',
  sample: 0,
  backends: null,
  take: 'live',
  values: 'float32',
};

/** The pattern as people write it, and back. */
export const patternOf = ({ keep, group }: Pick<Choice, 'keep' | 'group'>) => `${keep}:${group}`;
export function fromPattern(pattern: string): Pick<Choice, 'keep' | 'group'> {
  const [keep, group] = pattern.split(':').map(Number);
  return { keep, group };
}

/** What is really removed: a pattern fixes it. */
export const sparsityOf = ({ strategy, keep, group, sparsity }: Choice) =>
  strategy === 'nm' ? 1 - keep / group : sparsity;

/**
 * The options of the pruning that is chosen: what the workers do, and what the command that is shown says. Axes that a pattern or a
 * block does not divide stay dense, so that every choice does something.
 */
export function optionsOf({ strategy, keep, group, scorer, scope, sparsity, fineTune }: Choice): Options {
  const fitting = { tail: 'dense', scorer, fineTune } as const;
  if (strategy === 'nm') return { strategy, keep, group, ...fitting };
  const { tail, ...common } = fitting;
  return { strategy, scope, sparsity, ...common, ...(strategy === 'block' && { tail }) };
}
