import type { Param } from '@espalier/core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { buildModel } from './build.js';
import { weightsOf } from './params.js';
import { classOf, type Config, copyOf, disposeModel, modelConfig } from './tfjs.js';

/**
 * The parameters with the uses that they have at this input, batch first. The model keeps its open sizes: uses are looked up in a copy
 * whose input is fixed.
 */
export function usesAt(model: LayersModel, params: readonly Param[], inputShape: readonly number[]): Param[] {
  const config = copyOf(modelConfig(model)) as Config;
  fixInput(config, inputShape);
  const fixed = buildModel(classOf(model), config);
  try {
    const uses = new Map(weightsOf(fixed).map(({ param }) => [param.id, param.uses]));
    return params.map((param) => ({ ...param, uses: uses.get(param.id) ?? param.uses }));
  } finally {
    disposeModel(fixed);
  }
}

/** Writes the sizes into the first input that the configuration declares. */
function fixInput(value: unknown, [, ...sizes]: readonly number[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'batchInputShape' && Array.isArray(inner)) {
      (value as Config)[key] = [inner[0], ...sizes];
      return true;
    }
    if (fixInput(inner, [1, ...sizes])) return true;
  }
  return false;
}
