import type { Kind } from './kinds.js';

/** One option of a pruning, the same on the command line, in recipes and on the page. */
export interface Option<T = unknown> {
  readonly kind: Kind<T>;
  /** Absent = none, or what other options lead to, which `text` says. */
  readonly default?: T;
  /** What stands for its value in help: '<n>', '[moves]'; '' = a switch. */
  readonly takes: string;
  readonly text: string;
  /** The options without one of whose values it makes no sense; what has no value counts with its default. */
  readonly only?: Readonly<Record<string, readonly unknown[]>>;
}

export const option = <T>(
  kind: Kind<T>,
  takes: string,
  text: string,
  more: Pick<Option<NoInfer<T>>, 'default' | 'only'> = {},
): Option<T> => ({ kind, takes, text, ...more });

/** 'repairSteps' → '--repair-steps'. */
export const flagOf = (key: string) => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
