import { describeLayer } from '@espalier/adapter-kit';
import type { LayerDescription, PrunableModel } from '@espalier/core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { findGroups } from './groups.js';
import type { Weight } from './params.js';
import { callsOf } from './calls.js';
import { classOf, graphOf, isModel, type Layer } from './tfjs.js';

/** A row for each layer, those of nested models in the nested model's place. */
export function describeLayers(
  model: LayersModel,
  weights: readonly Weight[],
  madeBy: ReturnType<typeof findGroups>['madeBy'],
  { groups }: Pick<PrunableModel, 'groups'>,
  inputShape?: readonly number[],
): LayerDescription[] {
  const known = new Map(groups.map((group) => [group.id, group]));
  const calls = callsOf(model, inputShape);
  return namedLayers(model).map(({ name, layer }) =>
    describeLayer({
      name,
      className: classOf(layer),
      outputShape: calls.get(layer)?.[0].output ?? [],
      params: weights.filter((weight) => weight.layer === layer).map(({ param }) => param),
      groups: madeBy.get(layer)?.map((group) => known.get(group.id) ?? group),
    }),
  );
}

function namedLayers(model: LayersModel, prefix = ''): { name: string; layer: Layer }[] {
  graphOf(model);
  return model.layers.flatMap((layer) => {
    const name = prefix + layer.name;
    return isModel(layer) ? namedLayers(layer, `${name}/`) : [{ name, layer }];
  });
}
