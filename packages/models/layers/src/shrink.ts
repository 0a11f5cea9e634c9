import { type Change, type Group, isKept, type Plan, resolveMask, unitsOf } from '@espalier/core';
import { checkLeft, checkUnits, changeOf, changedValues, type Values } from '@espalier/adapter-kit';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { buildModel, isRegistered } from './build.js';
import type { Path } from './flow.js';
import type { Dependencies, Size } from './groups.js';
import { checkOwners } from './owners.js';
import { type Weight, weightsOf } from './params.js';
import {
  classOf,
  type Config,
  copyOf,
  disposeModel,
  graphOf,
  isModel,
  type Layer,
  layersOf,
  modelConfig,
} from './tfjs.js';
import { unknownClass } from './topology.js';

/**
 * A new model without the units that the plan removes, of the same layers under the same names, and what was removed
 * where. Element masks come along as zeros. On any input it gives what the masked model gives, to rounding. The optimizer
 * stays behind.
 *
 * Throws an InputError with code 'plan-mismatch' for a plan of another model, 'group-fixed' or 'group-empty' for units that
 * cannot go, 'layer-unknown' for a layer whose class is not registered, 'layer-shared' for one that two models hold.
 */
export async function shrinkModel(
  model: LayersModel,
  weights: readonly Weight[],
  { groups, sizes }: Dependencies,
  plan: Plan,
): Promise<{ readonly smaller: LayersModel; readonly change: Change }> {
  checkOwners(model);
  await checkUnits(plan, weights, groups);
  checkLeft(plan, groups);
  const values = new Map<string, Values>();
  const change = changeOf(plan, { params: weights.map(({ param }) => param), groups });
  for (const weight of weights) values.set(weight.param.id, await keptValues(weight, groups, plan, change));
  for (const layer of layersOf(model))
    if (!isRegistered(classOf(layer))) throw unknownClass(layer.name, classOf(layer));

  const smaller = buildModel(classOf(model), resizeConfig(model, sizes, plan));
  try {
    fill(smaller, values);
    if (!model.trainable) smaller.trainable = false;
    const metadata = model.getUserDefinedMetadata();
    if (metadata) smaller.setUserDefinedMetadata(copyOf(metadata) as object);
    return { smaller, change };
  } catch (error) {
    disposeModel(smaller);
    throw error;
  }
}

async function keptValues(
  { param, variable }: Weight,
  groups: readonly Group[],
  plan: Plan,
  change: Change,
): Promise<Values> {
  const bits = await resolveMask(plan, param, groups);
  const data = (await variable.data<'float32'>()).slice();
  if (bits) data.forEach((_, i) => isKept(bits, i) || (data[i] = 0));
  return changedValues(param.id, { shape: param.shape, data }, change);
}

/** The model's configuration with fewer units where the plan removes some, in nested models too. */
function resizeConfig(model: LayersModel, sizes: readonly Size[], plan: Plan): Config {
  const byLayer = new Map<Layer, Size[]>();
  for (const size of sizes) byLayer.set(size.layer, [...(byLayer.get(size.layer) ?? []), size]);
  return resized(model, modelConfig(model));

  function resized(of: LayersModel, config: ReturnType<typeof modelConfig>): Config {
    const isSequential = classOf(of) === 'Sequential';
    const layers = config.layers.map((entry, i) => {
      const [layer, own] = [of.layers[i], entry.config as Config];
      if (isModel(layer)) return { ...entry, config: resized(layer, own as typeof config) };
      const isFirst = isSequential && i === 0;
      const changes = [...(byLayer.get(layer) ?? []), ...((isFirst && byLayer.get(inputLayerOf(of))) || [])];
      // The input's shape is said by the first layer; what others say of theirs may be of the larger model.
      const keepsShape = isFirst || classOf(layer) === 'InputLayer';
      const { batchInputShape, ...rest } = copyOf(own) as Config;
      const changed: Config = keepsShape ? { ...rest, batchInputShape } : rest;
      for (const size of changes) write(changed, size.path, keptOf(size, plan));
      return { ...entry, config: changed };
    });
    return { ...config, layers };
  }
}

const inputLayerOf = (model: LayersModel) => graphOf(model).inputLayers[0];

function keptOf({ length, parts }: Size, plan: Plan): number {
  let kept = length;
  for (const { group, unitOf } of parts) {
    const units = unitsOf(plan, group);
    if (units) kept -= unitOf.filter((unit) => unit >= 0 && !isKept(units, unit)).length;
  }
  return kept;
}

function write(config: Config, path: Path, value: number): void {
  const inner = path.slice(0, -1).reduce((at, key) => at[key] as Config, config);
  inner[path[path.length - 1]] = value;
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
