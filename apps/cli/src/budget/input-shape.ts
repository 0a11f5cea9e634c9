import { adaptLayers, loadLayersModel } from '@espalier/adapter-layers';
import { InputError } from '@espalier/core';
import type { ModelFile } from '@espalier/format';
import { type AnyPrunable, inputShapes, isGraph, usesAt } from '../adapted.js';

const KEYS = ['batch_input_shape', 'batchInputShape', 'batch_shape', 'batchShape'];

/**
 * The model with the MACs that it has at this input, batch first. The model itself keeps its open sizes: only `uses` of its
 * parameters are looked up, in a copy whose input is fixed.
 */
export async function atInputShape(
  file: ModelFile,
  model: AnyPrunable,
  shape: readonly number[],
): Promise<AnyPrunable> {
  const [input, ...others] = inputShapes(model);
  const fits =
    others.length === 0 &&
    input.length === shape.length &&
    input.every((n, i) => i === 0 || n === null || n === shape[i]);
  if (!fits) {
    const wanted = inputShapes(model)
      .map((own) => `[${own.map((n) => n ?? '?').join(', ')}]`)
      .join(' and ');
    const found = `[${shape.join(', ')}]`;
    throw new InputError('input-shape', `--input-shape: the model takes ${wanted}, got ${found}`, {
      where: '--input-shape',
      wanted,
      found,
    });
  }
  if (!input.slice(1).includes(null)) return model;
  const uses = isGraph(model) ? usesAt(file, shape) : await usesOfLayers(file, shape);
  return { ...model, params: model.params.map((param) => ({ ...param, uses: uses.get(param.id) ?? param.uses })) };
}

async function usesOfLayers({ artifacts }: ModelFile, shape: readonly number[]): Promise<Map<string, number | null>> {
  const topology = structuredClone(artifacts.modelTopology);
  fixInput(topology, shape);
  const fixed = await loadLayersModel({ ...artifacts, modelTopology: topology });
  const uses = new Map(adaptLayers(fixed).params.map((param) => [param.id, param.uses]));
  fixed.dispose();
  return uses;
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
