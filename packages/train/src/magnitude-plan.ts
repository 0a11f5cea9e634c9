import { isPrunable, type Plan, type PrunableModel, selectPlan, type Strategy } from '@espalier/core';

/** What a strategy decides on |w|, now. */
export async function magnitudePlan(
  model: PrunableModel,
  strategy: Strategy,
  sparsity: number,
  previous?: Plan,
): Promise<Plan> {
  const { params, groups } = model;
  const scores = {
    params: params.filter(isPrunable).map(({ id }) => id),
    read: async (id: string) => (await model.read(id)).map(Math.abs),
  };
  return selectPlan(strategy, { params, groups, scores, sparsity, ...(previous && { previous }) });
}
