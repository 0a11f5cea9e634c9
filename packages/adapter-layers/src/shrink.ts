import { type Group, isKept, keptSlices, type Plan, resolveMask, unitsOf } from '@espalier/core';
import { checkLeft, checkUnits, takeSlices, type Values } from '@espalier/core/adapters';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { buildModel, isRegistered } from './build.js';
import type { Resize } from './flow.js';
import type { Dependencies } from './groups.js';
import { type Weight, weightsOf } from './params.js';
import { classOf, type Config, copyOf, disposeModel, modelConfig } from './tfjs.js';
import { unknownClass } from './topology.js';

/**
 * A new model without the units that the plan removes, of the same layers under the same names. Element masks come along as
 * zeros. On any input it gives what the masked model gives, to rounding. The optimizer stays behind.
 *
 * Throws an InputError with code 'plan-mismatch' for a plan of another model, 'group-fixed' or 'group-empty' for units that
 * cannot go, 'layer-unknown' for a layer whose class is not registered.
 */
export async function shrinkModel(
  model: LayersModel,
  weights: readonly Weight[],
  { groups, resizes }: Dependencies,
  plan: Plan,
): Promise<LayersModel> {
  await checkUnits(plan, weights, groups);
  checkLeft(plan, groups);
  const values = new Map<string, Values>();
  for (const weight of weights) values.set(weight.param.id, await keptValues(weight, groups, plan));
  for (const layer of model.layers) if (!isRegistered(classOf(layer))) throw unknownClass(layer.name, classOf(layer));

  const smaller = buildModel(classOf(model), resizeConfig(model, resizes, plan));
  try {
    fill(smaller, values);
    if (!model.trainable) smaller.trainable = false;
    const metadata = model.getUserDefinedMetadata();
    if (metadata) smaller.setUserDefinedMetadata(copyOf(metadata) as object);
    return smaller;
  } catch (error) {
    disposeModel(smaller);
    throw error;
  }
}

async function keptValues({ param, variable }: Weight, groups: readonly Group[], plan: Plan): Promise<Values> {
  const bits = await resolveMask(plan, param, groups);
  const all = (await variable.data<'float32'>()).slice();
  if (bits) all.forEach((_, i) => isKept(bits, i) || (all[i] = 0));
  let values: Values = { shape: param.shape, data: all };
  for (const group of groups) {
    const units = unitsOf(plan, group.id);
    if (!units) continue;
    for (const site of group.sites) {
      if (site.param === param.id) values = takeSlices(values, site.axis, keptSlices(units, site));
    }
  }
  return values;
}

/** The model's configuration with fewer units where the plan removes some. */
function resizeConfig(model: LayersModel, resizes: readonly Resize[], plan: Plan): Config {
  const config = modelConfig(model);
  const isSequential = classOf(model) === 'Sequential';
  return { ...config, layers: config.layers.map((entry, i) => ({ ...entry, config: resized(entry, i) })) };

  function resized(entry: Config, index: number): Config {
    let own = { ...(entry.config as Config) };
    // The input's shape is said by the first layer; what others say of theirs may be of the larger model.
    if (entry.className !== 'InputLayer' && !(isSequential && index === 0)) delete own.batchInputShape;
    for (const { layer, group, unitOf, change } of resizes) {
      const units = layer === own.name && unitsOf(plan, group);
      if (units)
        own = change(
          own,
          unitOf.reduce((sum, unit) => sum + Number(isKept(units, unit)), 0),
        );
    }
    return own;
  }
}

function fill(model: LayersModel, values: ReadonlyMap<string, Values>): void {
  tf.tidy(() => {
    for (const { param, variable } of weightsOf(model)) {
      const { shape, data } = values.get(param.id)!;
      // Assigned to the variable itself: a constraint of the layer would change what training left.
      variable.assign(tf.tensor(data, [...shape], variable.dtype));
    }
  });
}
