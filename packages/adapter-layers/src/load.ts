import { InputError, isEspalierError, show } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { type LayersModel, models } from '@tensorflow/tfjs-layers';

type Json = Record<string, unknown>;

/**
 * A tf.LayersModel from its artifacts, after checks that name what is wrong: graph models, unknown layer classes, weights
 * that are missing, too many or of another shape. Nothing is left in memory on an error.
 */
export async function loadLayersModel(artifacts: tf.io.ModelArtifacts): Promise<LayersModel> {
  const topology = artifacts.modelTopology as Json | undefined;
  if (artifacts.format === 'graph-model' || (topology && 'node' in topology)) {
    throw new InputError(
      'model-kind',
      'a graph model is not supported yet; use a layers model (format: layers-model)',
      { where: 'format', wanted: 'layers-model', found: 'graph-model' },
    );
  }
  const modern = modernise(structuredClone(topology ?? {})) as Json;
  checkClasses((modern.model_config ?? modern) as Json);
  let model: LayersModel | undefined;
  try {
    model = await models.modelFromJSON({ modelTopology: modern } as unknown as Parameters<
      typeof models.modelFromJSON
    >[0]);
    loadWeights(model, artifacts);
    if (artifacts.userDefinedMetadata) model.setUserDefinedMetadata(artifacts.userDefinedMetadata);
    return model;
  } catch (error) {
    model?.dispose();
    if (isEspalierError(error)) throw error;
    const found = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new InputError('model-topology', `the model's topology cannot be built: ${show(found)}`, {
      where: 'modelTopology',
      found,
      cause: error,
    });
  }
}

/** Keras 3 writes batch_shape and dtype policies where tfjs-layers wants batch_input_shape and names. */
function modernise(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(modernise);
  if (typeof value !== 'object' || value === null) return value;
  const out: Json = {};
  for (const [key, entry] of Object.entries(value)) {
    if (key === 'batch_shape' && !('batch_input_shape' in value)) out.batch_input_shape = entry;
    else if (key === 'dtype' && typeof entry === 'object' && entry !== null)
      out.dtype = ((entry as Json).config as Json | undefined)?.name ?? 'float32';
    else out[key] = modernise(entry);
  }
  return out;
}

/** Throws an InputError with code 'layer-unknown' that names the first layer whose class nobody registered. */
function checkClasses(model: Json): void {
  const known = tf.serialization.SerializationMap.getMap().classNameMap;
  const config = model.config as Json | Json[] | undefined;
  const listed = Array.isArray(config) ? config : config?.layers;
  if (!Array.isArray(listed))
    throw new InputError('model-topology', 'the model has no list of layers', { where: 'modelTopology.config.layers' });
  for (const entry of listed as Json[]) {
    const className = entry?.class_name;
    const name = (entry?.config as Json | undefined)?.name ?? entry?.name;
    if (typeof className !== 'string' || !Object.hasOwn(known, className)) {
      const fix =
        className === 'Lambda'
          ? 'rebuild it without Lambda, which no file can carry'
          : 'register custom layers with tf.serialization.registerClass';
      throw new InputError(
        'layer-unknown',
        `layer ${show(String(name))} has the class ${show(String(className))}, which TensorFlow.js does not know; ${fix}`,
        { where: String(name), found: String(className), fix },
      );
    }
    if ((entry.config as Json | undefined)?.layers) checkClasses(entry);
  }
}

function loadWeights(model: LayersModel, { weightSpecs = [], weightData }: tf.io.ModelArtifacts): void {
  const wanted = new Map(model.weights.map((weight) => [weight.originalName, weight.shape]));
  const nameOf = (name: string) => (wanted.has(name) ? name : shortened(name));
  const given = new Map(weightSpecs.map((spec) => [nameOf(spec.name), spec]));
  for (const [name, spec] of given) {
    const shape = wanted.get(name);
    if (!shape)
      throw weightError(
        'weight-extra',
        `the manifest holds ${show(spec.name)}, which no layer of the model has`,
        spec.name,
      );
    if (String(shape) !== String(spec.shape)) {
      throw weightError(
        'weight-shape',
        `${show(spec.name)} has the shape [${spec.shape.join(', ')}] in the manifest, its layer wants [${shape.join(', ')}]`,
        spec.name,
      );
    }
  }
  const missing = [...wanted.keys()].find((name) => !given.has(name));
  if (missing !== undefined)
    throw weightError('weight-missing', `the manifest has no weight ${show(missing)}, which the model needs`, missing);
  if (given.size !== weightSpecs.length)
    throw weightError(
      'weight-duplicate',
      'two weights of the manifest belong to the same weight of the model',
      'weightsManifest',
    );

  const tensors = tf.io.decodeWeights(tf.io.CompositeArrayBuffer.join(weightData ?? new ArrayBuffer(0)), weightSpecs);
  try {
    model.loadWeights(tensors, true);
  } finally {
    tf.dispose(tensors);
  }
}

const weightError = (code: string, message: string, where: string) =>
  new InputError(code, `${message}; save the model again`, { where, fix: 'save the model again' });

/** 'conv1/conv1/kernel', as older converters write, is 'conv1/kernel'. */
function shortened(name: string): string {
  const parts = name.split('/');
  return [...parts.slice(0, -2), ...parts.slice(-1)].join('/');
}

/** What a model is saved as; weight data in one buffer. */
export async function toArtifacts(model: LayersModel): Promise<tf.io.ModelArtifacts> {
  let saved: tf.io.ModelArtifacts | undefined;
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      saved = artifacts;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
  return { ...saved!, weightData: tf.io.CompositeArrayBuffer.join(saved!.weightData!) };
}
