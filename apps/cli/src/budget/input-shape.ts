import { adaptLayers, type LayersPrunable, loadLayersModel } from '@espalier/adapter-layers';
import { InputError } from '@espalier/core';
import type { ModelFile } from '@espalier/format';

const KEYS = ['batch_input_shape', 'batchInputShape', 'batch_shape', 'batchShape'];

/**
 * The model with the MACs that it has at this input, batch first. The model itself keeps its open sizes: only `uses` of its
 * parameters are looked up, in a copy whose input is fixed.
 */
export async function atInputShape(
  { artifacts }: ModelFile,
  model: LayersPrunable,
  shape: readonly number[],
): Promise<LayersPrunable> {
  const [input, ...others] = model.model.inputs;
  const fits =
    others.length === 0 &&
    input.shape.length === shape.length &&
    input.shape.every((n, i) => i === 0 || n === null || n === shape[i]);
  if (!fits) {
    const wanted = model.model.inputs.map(({ shape: own }) => `[${own.map((n) => n ?? '?').join(', ')}]`).join(' and ');
    const found = `[${shape.join(', ')}]`;
    throw new InputError('input-shape', `--input-shape: the model takes ${wanted}, got ${found}`, {
      where: '--input-shape',
      wanted,
      found,
    });
  }
  if (!input.shape.slice(1).includes(null)) return model;
  const topology = structuredClone(artifacts.modelTopology);
  fixInput(topology, shape);
  const fixed = await loadLayersModel({ ...artifacts, modelTopology: topology });
  const uses = new Map(adaptLayers(fixed).params.map((param) => [param.id, param.uses]));
  fixed.dispose();
  return { ...model, params: model.params.map((param) => ({ ...param, uses: uses.get(param.id) ?? param.uses })) };
}

/** Writes the sizes into the first input that the topology declares: models here have one. */
function fixInput(value: unknown, [, ...sizes]: readonly number[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  for (const [key, inner] of Object.entries(value)) {
    if (KEYS.includes(key) && Array.isArray(inner)) {
      (value as Record<string, unknown>)[key] = [inner[0], ...sizes];
      return true;
    }
    if (fixInput(inner, [1, ...sizes])) return true;
  }
  return false;
}
