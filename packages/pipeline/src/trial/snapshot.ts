import type { PrunableModel } from '@espalier/core';
import { tensor, tidy } from '@tensorflow/tfjs-core';

/** Remembers every weight; the function it resolves to writes them back, bit for bit. */
export async function snapshot(model: PrunableModel): Promise<() => void> {
  const values = new Map<string, Float32Array>();
  for (const { id } of model.params) values.set(id, await model.read(id));
  return () =>
    tidy(() => {
      for (const { id, shape } of model.params) {
        model.variable(id).assign(tensor(values.get(id)!, shape as number[], 'float32'));
      }
    });
}
