/** What the user chose: plain data, small enough for the address bar. */
import type { ZooName } from '@espalier/zoo/web';

export const MODELS = ['lenet-300-100', 'lenet-5', 'resnet-ds'] as const satisfies readonly ZooName[];
export const CUTS = ['unstructured', 'nm', 'block', 'structured'] as const;
export const PATTERNS = ['2:4', '1:4', '4:8', '1:2', '4:16'] as const;
export const SCORERS = ['magnitude', 'gradient', 'hessian', 'wanda', 'random'] as const;
export const SCOPES = ['global', 'local'] as const;
export const MOST_EPOCHS = 10;
export const MOST_SPARSITY = 0.99;

export type Cut = (typeof CUTS)[number];
export type Pattern = (typeof PATTERNS)[number];
export type ScorerName = (typeof SCORERS)[number];
export type Scope = (typeof SCOPES)[number];
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
}

export const DEFAULTS: Settings = {
  model: 'lenet-300-100',
  cut: 'unstructured',
  pattern: '2:4',
  scorer: 'magnitude',
  scope: 'global',
  sparsity: 0.9,
  epochs: 1,
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
