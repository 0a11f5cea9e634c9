/** What the user chose: plain data, small enough for the address bar. */
import type { ZooName } from '@espalier/zoo/web';

export const MODELS = ['lenet-300-100', 'lenet-5', 'resnet-ds'] as const satisfies readonly ZooName[];
export const CUTS = ['unstructured', 'nm', 'block', 'structured'] as const;
export const PATTERNS = ['2:4', '1:4', '4:8', '1:2', '4:16'] as const;
export const SCORERS = ['magnitude', 'gradient', 'hessian', 'wanda', 'random'] as const;
export const BACKENDS = ['cpu', 'wasm', 'webgl', 'webgpu'] as const;
export const VALUES = ['float32', 'float16', 'int8', 'int4', 'codebook'] as const;
export const SCOPES = ['global', 'local'] as const;
export const MOST_EPOCHS = 10;
export const MOST_SPARSITY = 0.99;
/** How many test samples can be picked. */
export const SHOWN = 40;

export type Cut = (typeof CUTS)[number];
export type Pattern = (typeof PATTERNS)[number];
export type ScorerName = (typeof SCORERS)[number];
export type Scope = (typeof SCOPES)[number];
export type Backend = (typeof BACKENDS)[number];
/** How numbers are written in a compact file. */
export type Values = (typeof VALUES)[number];
/** One of the zoo's, or the one that was dropped on the page. */
export type ModelChoice = ZooName | 'own';

export interface Settings {
  readonly model: ModelChoice;
  readonly cut: Cut;
  readonly pattern: Pattern;
  readonly scorer: ScorerName;
  readonly scope: Scope;
  /** Fraction removed; N:M patterns have their own. */
  readonly sparsity: number;
  readonly epochs: number;
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
export const CUTTING = ['cut', 'pattern', 'scorer', 'scope', 'sparsity', 'kernel'] as const;

export const DEFAULTS: Settings = {
  model: 'lenet-300-100',
  cut: 'unstructured',
  pattern: '2:4',
  scorer: 'magnitude',
  scope: 'global',
  sparsity: 0.9,
  epochs: 1,
  kernel: null,
  a: 'dense',
  b: 'live',
  sample: 0,
  backends: null,
  take: 'live',
  values: 'float32',
};

/** The scorers that look at data. */
export const needsData = (scorer: ScorerName) => scorer !== 'magnitude' && scorer !== 'random';

export const patternOf = ({ pattern }: Pick<Settings, 'pattern'>) => {
  const [keep, group] = pattern.split(':').map(Number);
  return { keep, group };
};

/** What is really removed: a pattern fixes it. */
export function sparsityOf(settings: Pick<Settings, 'cut' | 'pattern' | 'sparsity'>): number {
  if (settings.cut !== 'nm') return settings.sparsity;
  const { keep, group } = patternOf(settings);
  return 1 - keep / group;
}
