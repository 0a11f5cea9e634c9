import type { Group, Param } from '@espalier/core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { isAdapted } from './artifacts.js';
import { findGroups } from './groups.js';
import { weightsOf } from './params.js';
import { callsOf, classOf, graphOf, isModel, type Layer, product, type Shape } from './tfjs.js';

export interface LayerDescription {
  /** With the names of the models around it in front: 'encoder/conv1'. */
  readonly name: string;
  readonly className: string;
  /** With the batch in front; null = open. */
  readonly outputShape: Shape;
  readonly params: number;
  /** Multiply-accumulates a sample; null where sizes are open or the class is not known. */
  readonly macs: number | null;
  /** Ids of the parameters that element strategies may prune. */
  readonly prunable: readonly string[];
  /** Why `prunable` is empty. */
  readonly reason?: string;
  /** The channels that it makes, and why none of them may be removed. */
  readonly channels?: { readonly size: number; readonly prunable: boolean; readonly reason?: string };
}

interface Adapted {
  readonly model: LayersModel;
  readonly params?: readonly Param[];
  readonly groups?: readonly Group[];
}

/** What a person wants to know of each layer before pruning. Takes a model, or what `adaptLayers` returns. */
export function describeLayers(model: LayersModel | Adapted): LayerDescription[] {
  const layersModel = isAdapted(model) ? model.model : model;
  const weights = weightsOf(layersModel);
  const known = new Map((isAdapted(model) ? (model.params ?? []) : []).map((param) => [param.id, param]));
  const kept = new Map((isAdapted(model) ? (model.groups ?? []) : []).map((group) => [group.id, group]));
  const { madeBy } = findGroups(layersModel, weights);
  const calls = callsOf(layersModel);
  return namedLayers(layersModel).map(({ name, layer }) => {
    const params = weights.filter((weight) => weight.layer === layer).map(({ param }) => known.get(param.id) ?? param);
    const prunable = params.filter(({ role, skip }) => role === 'kernel' && skip === undefined).map(({ id }) => id);
    const groups = madeBy.get(layer)?.map((group) => kept.get(group.id) ?? group);
    return {
      name,
      className: classOf(layer),
      outputShape: calls.get(layer)?.[0].output ?? [],
      params: params.reduce((sum, { shape }) => sum + product(shape)!, 0),
      macs: macsOf(params),
      prunable,
      ...(prunable.length === 0 && { reason: reasonOf(params) }),
      ...(groups && { channels: channelsOf(groups) }),
    };
  });
}

/** Some of a layer's channels may go where others have to stay. */
function channelsOf(groups: readonly Group[]): LayerDescription['channels'] {
  const reason = groups.find(({ skip }) => skip !== undefined)?.skip;
  const prunable = groups.some(({ skip }) => skip === undefined);
  const size = groups.reduce((sum, group) => sum + group.size, 0);
  return { size, prunable, ...(reason !== undefined && !prunable && { reason }) };
}

function namedLayers(model: LayersModel, prefix = ''): { name: string; layer: Layer }[] {
  graphOf(model);
  return model.layers.flatMap((layer) => {
    const name = prefix + layer.name;
    return isModel(layer) ? namedLayers(layer, `${name}/`) : [{ name, layer }];
  });
}

function macsOf(params: readonly Param[]): number | null {
  return params
    .filter(({ role }) => role === 'kernel')
    .reduce<number | null>(
      (sum, { shape, uses }) => (sum === null || uses === null ? null : sum + product(shape)! * uses),
      0,
    );
}

function reasonOf(params: readonly Param[]): string {
  if (params.length === 0) return 'no weights';
  return params.find(({ role }) => role === 'kernel')?.skip ?? 'no kernel';
}
