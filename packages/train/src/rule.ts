import type { Batch, Plan, PrunableModel } from '@espalier/core';
import type { NamedTensorMap } from '@tensorflow/tfjs-core';

/** One step of training, before it is made. */
export interface Moment {
  readonly model: PrunableModel;
  readonly batch: Batch;
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Steps made so far, from 0, of the whole training. */
  readonly step: number;
  readonly steps: number;
  /** What the rules of this training have decided so far. */
  readonly plan: Plan | undefined;
  /** The running mean of squared gradients that the optimizer (Adam, RMSProp) keeps of a parameter; undefined = it has none. */
  squares(param: string): Promise<Float32Array | undefined>;
}

export interface Gradients {
  readonly loss: number;
  readonly grads: NamedTensorMap;
}

/**
 * What changes a training: when which weights are pruned, or what is learnt from a batch. A factory returns one; it keeps no
 * state between calls, because a training that was killed goes on from a checkpoint of weights, moments and the plan.
 */
export interface TrainingRule {
  readonly name: string;
  /** The plan in force from this step on; undefined = as before. Weights it takes away become zeros, those it gives back start there. */
  plan?(moment: Moment): Promise<Plan | undefined>;
  /** Loss and gradients of the step; `next` gives those of the other rules, and in the end the model's. The caller owns them. */
  gradients?(moment: Moment, next: () => Promise<Gradients>): Promise<Gradients>;
  /** The plan to end with, after the last step. */
  end?(model: PrunableModel, plan: Plan | undefined): Promise<Plan | undefined>;
}

/** Every rule's part in a step, the first rule outermost. */
export function gradientsOf(rules: readonly TrainingRule[], moment: Moment): Promise<Gradients> {
  const own = () => moment.model.gradients(moment.batch, { training: true });
  const chain = rules.reduceRight<() => Promise<Gradients>>(
    (next, rule) => (rule.gradients ? () => rule.gradients!(moment, next) : next),
    own,
  );
  return chain();
}
