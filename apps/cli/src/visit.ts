import type { PrunableModel } from '@espalier/core';
import { copyOf } from '@espalier/pipeline';
import { useBackend } from './backend.js';

/**
 * Runs something with models on a backend. TensorFlow.js moves a tensor to where it is used in the middle of a computation, and a GPU's
 * memory cannot be read so: what visits webgpu are copies, made before and disposed there. The models are borrowed; the backend stays
 * the current one.
 */
export async function visit<T>(
  backend: string,
  models: readonly PrunableModel[],
  run: (models: readonly PrunableModel[]) => Promise<T>,
): Promise<T> {
  const copies: PrunableModel[] = [];
  try {
    if (backend === 'webgpu') for (const model of models) copies.push(await copyOf(model));
    await useBackend(backend);
    return await run(backend === 'webgpu' ? copies : models);
  } finally {
    for (const copy of copies) copy.dispose();
  }
}
