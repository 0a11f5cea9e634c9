import type { io } from '@tensorflow/tfjs-core';
import { checkManifest, type WeightGroup } from './manifest.js';
import { isObject, type JsonObject, kind, refuse } from '../kit/refuse.js';

export type ModelFormat = 'layers-model' | 'graph-model';

/** A model.json, checked: everything but the bytes of its weights. */
export interface ModelDocument {
  readonly format: ModelFormat;
  readonly groups: readonly WeightGroup[];
  readonly artifacts: io.ModelArtifacts;
}

const OBJECTS = ['trainingConfig', 'userDefinedMetadata', 'signature', 'modelInitializer', 'initializerSignature'];
const CONTAINERS = ['Sequential', 'Functional', 'Model'];
const FIX = 'export the model again with TensorFlow.js';

const wrong = (where: string, wanted: string, value: unknown): never =>
  refuse('model-invalid', where, wanted, kind(value), FIX);

/**
 * Checks the fields of a model.json that TensorFlow.js reads without checking. Layers may still be of an unknown class or
 * have a configuration that their class refuses.
 * InputErrors: 'model-invalid', 'model-format', 'model-layer', and those of the weights manifest.
 */
export function checkDocument(json: unknown, where: string): ModelDocument {
  if (!isObject(json)) return wrong(where, 'an object with modelTopology and weightsManifest', json);
  const { modelTopology, weightsManifest, generatedBy, convertedBy } = json;
  if (!isObject(modelTopology)) return wrong(`${where}: modelTopology`, 'an object', modelTopology);
  if (weightsManifest === undefined) wrong(`${where}: weightsManifest`, 'an array', undefined);
  const format = checkFormat(json.format, modelTopology, where);
  if (format === 'layers-model') checkTopology(modelTopology, where);
  else if (!Array.isArray(modelTopology.node)) wrong(`${where}: modelTopology.node`, 'an array', modelTopology.node);
  for (const [field, value] of Object.entries({ generatedBy, convertedBy })) {
    if (value != null && typeof value !== 'string') wrong(`${where}: ${field}`, 'a string or null', value);
  }
  const extras: JsonObject = {};
  for (const field of OBJECTS) {
    const value = json[field];
    if (value == null) continue;
    extras[field] = isObject(value) ? value : wrong(`${where}: ${field}`, 'an object', value);
  }
  if (isObject(extras.trainingConfig)) checkTraining(extras.trainingConfig, `${where}: trainingConfig`);
  const groups = checkManifest(weightsManifest, where);
  const artifacts = {
    format,
    ...(generatedBy != null && { generatedBy: generatedBy as string }),
    ...(convertedBy !== undefined && { convertedBy: convertedBy as string | null }),
    modelTopology,
    weightSpecs: groups.flatMap((group) => group.specs),
    ...extras,
  };
  return { format, groups, artifacts };
}

function checkFormat(format: unknown, topology: JsonObject, where: string): ModelFormat {
  if (format === 'layers-model' || format === 'graph-model') return format;
  // The field came with TensorFlow.js 1.0; before, the topology alone told the two apart.
  if (format == null) return Array.isArray(topology.node) ? 'graph-model' : 'layers-model';
  return refuse('model-format', `${where}: format`, "'layers-model' or 'graph-model'", kind(format), FIX);
}

function checkTopology(topology: JsonObject, where: string): void {
  const inKeras = topology.model_config != null;
  const at = `${where}: modelTopology${inKeras ? '.model_config' : ''}`;
  checkLayer(inKeras ? topology.model_config : topology, at);
}

/** A layer's `{ class_name, config }`, and those of the layers inside it. */
function checkLayer(layer: unknown, at: string): void {
  const fail = (place: string, wanted: string, value: unknown): never =>
    refuse('model-layer', place, wanted, kind(value), FIX);
  if (!isObject(layer)) return fail(at, 'an object', layer);
  const { class_name: name, config } = layer;
  if (typeof name !== 'string' || name === '') fail(`${at}.class_name`, 'the name of a layer class', name);
  const isContainer = CONTAINERS.includes(name as string);
  // Keras 1 wrote a Sequential's layers in place of its config.
  if (!isObject(config) && !(isContainer && Array.isArray(config))) return fail(`${at}.config`, 'an object', config);
  if (isContainer) {
    const [layers, path] = Array.isArray(config) ? [config, `${at}.config`] : [config.layers, `${at}.config.layers`];
    if (!Array.isArray(layers)) return fail(path, 'an array', layers);
    layers.forEach((inner, i) => checkLayer(inner, `${path}[${i}]`));
  } else if (isObject(config) && isObject(config.layer)) {
    checkLayer(config.layer, `${at}.config.layer`);
  }
}

function checkTraining(training: JsonObject, at: string): void {
  const { optimizer_config: optimizer, loss } = training;
  if (!isObject(optimizer)) return wrong(`${at}.optimizer_config`, 'an object', optimizer);
  if (typeof optimizer.class_name !== 'string')
    wrong(`${at}.optimizer_config.class_name`, 'a name', optimizer.class_name);
  if (typeof loss !== 'string' && !Array.isArray(loss) && !isObject(loss))
    wrong(`${at}.loss`, 'one or more losses', loss);
}
