import type { Repair, Scorer, Strategy } from '@espalier/core';
import type { TrainingScorer } from '@espalier/train';

/** A scorer by name. Loaded when it is first made: a page and a command line start without those that nobody asks for. */
export interface ScorerPlugin {
  readonly name: string;
  /** Whether it looks at data. */
  readonly data: boolean;
  /** It reads the optimizer's state, and is for schedules that prune while they train. */
  readonly training?: boolean;
  /** It takes too long for a page that answers at once. */
  readonly slow?: boolean;
  make(options: { readonly seed: number }): Promise<TrainingScorer>;
}

export type Scope = 'global' | 'local' | 'output';

/** What a recipe says of a strategy. */
export interface StrategySettings {
  readonly strategy: string;
  readonly scope?: Scope | undefined;
  readonly keep?: number | undefined;
  readonly group?: number | undefined;
  readonly block?: string | undefined;
  readonly tail?: 'error' | 'dense' | undefined;
  readonly transposable?: boolean | undefined;
}

export interface StrategyPlugin {
  readonly name: string;
  /** The scopes it knows; none = it has no choice. */
  readonly scopes: readonly Scope[];
  make(settings: StrategySettings): Promise<Strategy>;
}

export interface RepairPlugin {
  readonly name: string;
  make(settings: { readonly steps?: number | undefined }): Promise<Repair>;
}

export type { Scorer };
