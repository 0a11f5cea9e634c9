import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Branch } from './branches.js';
import { buildModel } from './build.js';
import { weightsOf } from './params.js';
import { classOf, type Config, copyOf, modelConfig } from './tfjs.js';

type Reference = [layer: string, node: number, tensor: number, ...rest: unknown[]];

/**
 * A new model of the same layers and weights without these branches: whoever read x + f(x) reads x. The model given is left
 * as it is.
 */
export function bypass(model: LayersModel, branches: readonly Branch[]): LayersModel {
  const { layers, ...config } = copyOf(modelConfig(model)) as Config & { layers: (Config & { name: string })[] };
  const gone = new Set(branches.flatMap((branch) => [...branch.layers]));
  const past = new Map(branches.map(({ group, layers: own }) => [group.id, pastOf(group.id, own, layers)]));
  const redirect = (reference: Reference): Reference => {
    let [layer, node, tensor] = reference;
    for (let to = past.get(layer); to; to = past.get(layer)) [layer, node, tensor] = to;
    return [layer, node, tensor, ...reference.slice(3)];
  };
  const left = layers
    .filter(({ name }) => !gone.has(name))
    .map((layer) => ({
      ...layer,
      inboundNodes: (layer.inboundNodes as Reference[][]).map((inputs) => inputs.map(redirect)),
    }));
  const outputLayers = (config.outputLayers as Reference[]).map(redirect);
  const smaller = buildModel(classOf(model), { ...config, layers: left, outputLayers });
  const values = new Map(weightsOf(model).map(({ param, variable }) => [param.id, variable]));
  tf.tidy(() => weightsOf(smaller).forEach(({ param, variable }) => variable.assign(values.get(param.id)!.clone())));
  if (!model.trainable) smaller.trainable = false;
  const metadata = model.getUserDefinedMetadata();
  if (metadata) smaller.setUserDefinedMetadata(copyOf(metadata) as object);
  return smaller;
}

/** What the branch is added to. */
function pastOf(add: string, own: ReadonlySet<string>, layers: readonly (Config & { name: string })[]): Reference {
  const [inputs] = layers.find(({ name }) => name === add)!.inboundNodes as Reference[][];
  return inputs.find(([layer]) => !own.has(layer))!;
}
