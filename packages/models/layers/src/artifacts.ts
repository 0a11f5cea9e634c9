import type { io } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { checkOwners } from './owners.js';
import { weightsOf } from './params.js';
import { type Config, forgotten, isModel } from './tfjs.js';

/**
 * A model as files hold it: topology, weights as one ArrayBuffer in float32, user-defined metadata; no optimizer. Any
 * TensorFlow.js program loads it, and it loads again with the same bytes. Takes what `adaptLayers` returns, too.
 *
 * Throws an InputError with code 'weight-duplicate' or 'layer-shared' for a model whose weights a file could not tell apart.
 */
export async function toArtifacts(model: LayersModel | { readonly model: LayersModel }): Promise<io.ModelArtifacts> {
  const layers = isAdapted(model) ? model.model : model;
  checkOwners(layers);
  weightsOf(layers);
  let saved: io.ModelArtifacts | undefined;
  await layers.save({
    async save(artifacts) {
      saved = artifacts;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    },
  });
  complete(saved!.modelTopology as FileModel, layers);
  return saved!;
}

interface FileModel {
  readonly config: { readonly layers: readonly FileModel[] } & Config;
}

/** Writes into a saved topology what TensorFlow.js forgets. */
function complete({ config }: FileModel, model: LayersModel): void {
  for (const [i, layer] of model.layers.entries()) {
    if (isModel(layer)) complete(config.layers[i], layer);
    const { depthMultiplier, depthwiseConstraint: constraint } = forgotten(layer);
    if (depthMultiplier === undefined) continue;
    const { className, config: of } = (constraint ?? {}) as Config;
    Object.assign(config.layers[i].config, {
      depth_multiplier: depthMultiplier,
      depthwise_constraint: constraint ? { class_name: className, config: snakeCase(of as Config) } : null,
    });
  }
}

/** maxValue → max_value */
const snakeCase = (config: Config): Config =>
  Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`), value]),
  );

/** A Sequential has a field `model` of its own, and fields that an adapted model lacks. */
export const isAdapted = (model: object): model is { readonly model: LayersModel } => !('getConfig' in model);
