import type { PrunableModel } from '@espalier/core';

export type Weights = Readonly<Record<string, Float32Array>>;

/** Every weight of the model, statistics of normalisations among them. */
export async function readWeights(model: PrunableModel): Promise<Weights> {
  const all: Record<string, Float32Array> = {};
  for (const { id } of model.params) all[id] = await model.read(id);
  return all;
}

export function writeWeights(model: PrunableModel, weights: Weights): void {
  for (const { id } of model.params) model.write(id, weights[id]);
}
