import type { PrunableModel } from '@espalier/core';
import type { Acceleration } from '@espalier/kernels-kit';
import { accelerate } from '@espalier/kernels-wasm';
import type { Tensor } from '@tensorflow/tfjs-core';

/** The backends that have sparse kernels. */
export const ACCELERATED = ['wasm', 'webgpu'];

/** A model on the sparse kernels of the current backend, chosen already; `predict` is run where the choice needs it. */
export async function accelerated(backend: string, model: PrunableModel, predict: () => Tensor): Promise<Acceleration> {
  if (backend !== 'webgpu') return accelerate(model.model);
  const webgpu = await import('@espalier/kernels-webgpu');
  const fast = await webgpu.accelerate(model.model);
  predict().dispose();
  await fast.ready();
  return fast;
}
