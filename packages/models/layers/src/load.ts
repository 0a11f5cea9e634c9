import { InputError, show, sizeOf } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { buildModel, invalid } from './build.js';
import { type Weight, weightsOf } from './params.js';
import { copyOf, disposeModel, variableOf } from './tfjs.js';
import { graphModel, parseTopology } from './topology.js';

const FIX = 'export the model again, topology and weights together';

/**
 * A tf.LayersModel from what a file holds: what `tf.loadLayersModel` does, with checks in front that name what is wrong, and
 * nothing left behind when something is. Weights come in byte for byte, even where a layer has constraints. The optimizer
 * and its state are left out. The caller disposes the model.
 *
 * Throws an InputError with code 'graph-model', 'topology-invalid', 'model-empty', 'topology-keras3', 'layer-unknown', 'layer-name', 'layer-duplicate',
 * 'layer-connection', 'weight-empty', 'weights-missing', 'weights-mismatch', 'weight-shape', 'weight-duplicate' or 'weights-invalid'.
 */
export async function loadLayersModel(artifacts: tf.io.ModelArtifacts): Promise<LayersModel> {
  if (artifacts.format === 'graph-model') throw graphModel();
  const { className, config } = parseTopology(artifacts.modelTopology);
  const model = buildModel(className, config, roomFor(artifacts));
  try {
    fill(weightsOf(model), artifacts);
    if (artifacts.userDefinedMetadata) model.setUserDefinedMetadata(copyOf(artifacts.userDefinedMetadata) as object);
    return model;
  } catch (error) {
    const variables = model.weights.map(variableOf);
    disposeModel(model);
    // TensorFlow.js keeps what is called where nothing leads to an output.
    for (const variable of variables) if (!variable.isDisposed) variable.dispose();
    throw invalid(error);
  }
}

/** Values that a topology may ask for beyond those of the file, so that small mistakes are named by what is missing. */
const SPARE_VALUES = 2 ** 20;

const roomFor = ({ weightSpecs = [] }: tf.io.ModelArtifacts) =>
  weightSpecs.reduce((sum, { shape }) => sum + sizeOf(shape), SPARE_VALUES);

function fill(weights: readonly Weight[], { weightSpecs, weightData }: tf.io.ModelArtifacts): void {
  if (weightSpecs === undefined || weightData === undefined) {
    if (weights.length === 0) return;
    throw new InputError(
      'weights-missing',
      `the topology has ${weights.length} weights, and none come with it; ${FIX}`,
      {
        where: 'weightData',
        wanted: `${weights.length} weights`,
        found: 'none',
        fix: FIX,
      },
    );
  }
  const targets = match(
    weights,
    weightSpecs.filter(({ group }) => group !== 'optimizer'),
  );
  tf.tidy(() => {
    const tensors = decode(weightData, weightSpecs);
    for (const [name, { variable }] of targets) variable.assign(tensors[name]);
  });
}

function decode(data: tf.io.WeightData, specs: tf.io.WeightsManifestEntry[]): tf.NamedTensorMap {
  try {
    return tf.io.decodeWeights(data, specs);
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw new InputError('weights-invalid', `the weights cannot be read: ${show(found)}; ${FIX}`, {
      where: 'weightData',
      found,
      fix: FIX,
      cause: error,
    });
  }
}

/** Which weight each entry of the manifest is for; throws unless that comes out even. */
function match(weights: readonly Weight[], specs: readonly tf.io.WeightsManifestEntry[]): Map<string, Weight> {
  const open = new Map(weights.map((weight) => [weight.param.id, weight]));
  const targets = new Map<string, Weight>();
  const extra: string[] = [];
  // Full names first, so that no other spelling takes a weight away from its namesake.
  for (const exact of [true, false]) {
    for (const { name } of specs) {
      if (targets.has(name)) continue;
      const id = (exact ? [name] : otherSpellings(name)).find((spelling) => open.has(spelling));
      if (id !== undefined) {
        targets.set(name, open.get(id)!);
        open.delete(id);
      } else if (!exact) extra.push(name);
    }
  }
  if (open.size > 0 || extra.length > 0) throw mismatch([...open.keys()], extra);
  for (const { name, shape, dtype } of specs) checkSpec(name, shape, dtype, targets.get(name)!);
  return targets;
}

/** TensorFlow 2.2 adds the cell's name to weights of recurrent layers (layer/cell/kernel), Keras 3 the model's in front. */
function otherSpellings(name: string): string[] {
  const parts = name.split('/');
  return [[...parts.slice(0, -2), ...parts.slice(-1)], parts.slice(1)].map((spelling) => spelling.join('/'));
}

function checkSpec(name: string, shape: readonly number[], dtype: string, { param, variable }: Weight): void {
  const text = (sizes: readonly number[], type: string) => `[${sizes.join(', ')}] ${type}`;
  if (tf.util.arraysEqual([...shape], [...param.shape]) && dtype === variable.dtype) return;
  const [wanted, found] = [text(param.shape, variable.dtype), text(shape, dtype)];
  throw new InputError('weight-shape', `weight ${show(name)}: the topology wants ${wanted}, found ${found}; ${FIX}`, {
    where: name,
    wanted,
    found,
    fix: FIX,
  });
}

function mismatch(missing: readonly string[], extra: readonly string[]): InputError {
  const list = (names: readonly string[]) =>
    names.length === 0
      ? 'none'
      : `${names.slice(0, 5).map(show).join(', ')}${names.length > 5 ? `, and ${names.length - 5} more` : ''}`;
  return new InputError(
    'weights-mismatch',
    `the weights do not fit the topology: missing ${list(missing)}; not in the topology ${list(extra)}; ${FIX}`,
    { where: 'weightSpecs', wanted: list(missing), found: list(extra), fix: FIX },
  );
}
