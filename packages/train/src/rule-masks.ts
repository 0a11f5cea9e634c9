import type { MaskHandle, Plan, PrunableModel } from '@espalier/core';
import type { Optimizer } from '@tensorflow/tfjs-core';
import { maskMoments } from './optimizer.js';

/** The plan that the rules of a training have made, and its mask. */
export interface RuleMasks {
  readonly plan: Plan | undefined;
  readonly handle: MaskHandle | undefined;
  /** In place of the plan before: what that one alone pruned starts again at zero. */
  replace(plan: Plan): Promise<void>;
}

export function ruleMasks(model: PrunableModel, optimizer: Optimizer): RuleMasks {
  let [plan, handle]: [Plan | undefined, MaskHandle | undefined] = [undefined, undefined];
  return {
    get plan() {
      return plan;
    },
    get handle() {
      return handle;
    },
    async replace(next) {
      handle?.makePermanent();
      handle = await model.mask(next);
      plan = next;
      handle.apply();
      maskMoments(optimizer, model, handle);
    },
  };
}
