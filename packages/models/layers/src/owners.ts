import { InputError, show } from '@espalier/core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { isModel, type Layer } from './tfjs.js';

/**
 * Throws an InputError with code 'layer-shared' where a layer with weights is in two models at once, the one nested in the
 * other or both in a third: configurations and files would make two layers of it, with a copy of its weights each.
 */
export function checkOwners(model: LayersModel): void {
  const owners = new Map<Layer, LayersModel>();
  const visit = (owner: LayersModel) => {
    for (const layer of owner.layers) {
      const before = owners.get(layer);
      if (before && layer.weights.length > 0) throw shared(layer, before, owner);
      owners.set(layer, owner);
      if (isModel(layer)) visit(layer);
    }
  };
  visit(model);
}

function shared({ name }: Layer, first: LayersModel, second: LayersModel): InputError {
  const fix = 'call the one model inside the other instead of its layers, or give each layers of its own';
  return new InputError(
    'layer-shared',
    `the layer ${show(name)} is part of ${show(first.name)} and of ${show(second.name)}, and its weights would be there twice; ${fix}`,
    { where: name, wanted: 'a layer in one model', found: `${first.name} and ${second.name}`, fix },
  );
}
