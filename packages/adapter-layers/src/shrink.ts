import { checkPlan, countKept, type Group, isKept, keptSlices, type Plan, unitsOf } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { type LayersModel, models } from '@tensorflow/tfjs-layers';
import { type Weight, weightsOf } from './params.js';

/**
 * A new model without the units that the plan removes. Element masks of the plan are applied to what is left. The model
 * given is left as it is.
 */
export async function shrinkModel(
  model: LayersModel,
  weights: readonly Weight[],
  groups: readonly Group[],
  plan: Plan,
): Promise<LayersModel> {
  await checkPlan(plan, { params: weights.map(({ param }) => param), groups });
  const smaller = await models.modelFromJSON(smallerTopology(model, groups, plan));
  try {
    const target = new Map(weightsOf(smaller).map((weight) => [weight.param.id, weight]));
    for (const weight of weights) {
      const { values, shape } = await keptValues(weight, groups, plan);
      tf.tidy(() => target.get(weight.param.id)!.variable.assign(tf.tensor(values, shape, 'float32')));
    }
    smaller.setUserDefinedMetadata((model.getUserDefinedMetadata() ?? {}) as object);
    return smaller;
  } catch (error) {
    smaller.dispose();
    throw error;
  }
}

interface LayerJson {
  class_name: string;
  config: Record<string, unknown> & { name: string };
}

function smallerTopology(model: LayersModel, groups: readonly Group[], plan: Plan) {
  const topology = model.toJSON(null, false) as unknown as { config: { layers: LayerJson[] } };
  const sizes = new Map(groups.flatMap(({ id }) => (unitsOf(plan, id) ? [[id, countKept(plan.units[id])]] : [])));
  topology.config.layers.forEach(({ config }, i) => {
    // Some programs note the input shape on every layer, and behind the first it would no longer be true.
    if (model.getClassName() === 'Sequential' && i > 0) delete config.batch_input_shape;
    const size = sizes.get(config.name);
    if (size !== undefined) config['filters' in config ? 'filters' : 'units'] = size;
  });
  return topology as unknown as Parameters<typeof models.modelFromJSON>[0];
}

/** The weight with the removed slices of every axis left out. */
async function keptValues(
  { param, variable }: Weight,
  groups: readonly Group[],
  plan: Plan,
): Promise<{ values: Float32Array; shape: number[] }> {
  let values = Float32Array.from(await variable.data());
  const shape = [...param.shape];
  if (plan.params.includes(param.id)) {
    const mask = await plan.mask(param.id);
    values.forEach((_, i) => {
      if (!isKept(mask, i)) values[i] = 0;
    });
  }
  for (const group of groups) {
    const units = unitsOf(plan, group.id);
    if (!units) continue;
    for (const site of group.sites) {
      if (site.param !== param.id) continue;
      const slices = keptSlices(units, site);
      const inner = shape.slice(site.axis + 1).reduce((a, b) => a * b, 1);
      const length = shape[site.axis];
      values = values.filter((_, i) => isKept(slices, Math.floor(i / inner) % length));
      shape[site.axis] = countKept(slices);
    }
  }
  return { values, shape };
}
