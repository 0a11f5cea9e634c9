import { memoryPlan, type Plan, type PlanSummary, type PrunableModel, summarisePlan } from '@espalier/core';

type Weights = Pick<PrunableModel, 'params' | 'groups'>;

const NOTHING_PRUNED = memoryPlan({});

/**
 * Weights of the model: all of them, those in kernels that may be pruned, and what the plan keeps of all (without a
 * plan, all). A weight that happens to be zero counts as kept unless the plan prunes it.
 */
export async function countParams(model: Weights, plan: Plan = NOTHING_PRUNED): Promise<PlanSummary['params']> {
  return (await summarisePlan(plan, model, 0)).params;
}

/**
 * Multiply-accumulates per sample in kernels, dense and with pruned weights left out: Σ size · uses, where uses is 1 for a
 * dense layer and the number of output pixels for a convolution, depthwise ones included. Biases and activations are not
 * counted. null where the model leaves sizes open.
 */
export async function countMacs(model: Weights, plan: Plan = NOTHING_PRUNED): Promise<PlanSummary['macs']> {
  return (await summarisePlan(plan, model, 0)).macs;
}
