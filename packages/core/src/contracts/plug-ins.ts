import type { Note } from './note.js';
import type { Batch, PrunableModel } from './model.js';
import type { Group, Param, Plan, Scores } from './plan.js';

export interface Context {
  readonly model: PrunableModel;
  /** Calibration data; throws a UsageError with code 'data-missing' where there is none. Restarts on every call. */
  batches(): AsyncIterable<Batch>;
}

export interface Selection {
  readonly params: readonly Param[];
  readonly groups: readonly Group[];
  readonly branches?: readonly Group[];
  readonly scores: Scores;
  /** Fraction removed, in [0, 1]. */
  readonly sparsity: number;
  /** What an earlier step pruned stays pruned. */
  readonly previous?: Plan;
}

export interface Scorer {
  readonly name: string;
  score(context: Context): Promise<Scores>;
}

export interface Strategy {
  readonly name: string;
  /** The one sparsity it can reach, where its pattern fixes it (2:4 is 0.5). */
  readonly sparsity?: number;
  /** Throws where no scores at all could make the selection possible; asked before any scoring. */
  check?(selection: Omit<Selection, 'scores'>): void;
  select(selection: Selection): Promise<Plan>;
}

/** A plan with the values that make the best of it. */
export interface Update {
  /** What is pruned now: the plan that was given, or one as sparse where weights changed places. */
  readonly plan: Plan;
  /** New values by parameter, +0 where the plan prunes. Parameters that are not listed keep theirs. */
  readonly values: Readonly<Record<string, Float32Array>>;
  /** What the user should hear: dampened Hessians, kernels left as they are, too little data. */
  readonly notes?: readonly Note[];
}

/** New values for the weights that stay, so that they make up for those that go. */
export interface Repair {
  readonly name: string;
  /** The schedule that it works best with, where that is not one-shot. */
  schedule?(strategy: Strategy, sparsity: number): Schedule | undefined;
  /** The model has its weights of before the plan, and has them again afterwards. */
  repair(context: Context, plan: Plan): Promise<Update>;
}

export interface Schedule {
  /** The sparsity to reach at a step; undefined = leave the plan as it is. */
  (step: number): number | undefined;
  /** Steps 0 to steps − 1 are all there is to it. */
  readonly steps: number;
}
