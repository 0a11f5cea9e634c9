import { UsageError } from '@espalier/core';
import { enableTraining } from '@espalier/kernels-wasm';
import * as tf from '@tensorflow/tfjs-core';

export const BACKENDS = ['cpu', 'wasm'] as const;
export type Backend = (typeof BACKENDS)[number];

/** Makes a backend the current one and returns the name of the one that runs; wasm comes with the kernels it needs to train. */
export async function useBackend(name: string): Promise<string> {
  if (name === 'cpu') await import('@tensorflow/tfjs-backend-cpu');
  else if (name === 'wasm') {
    await import('@tensorflow/tfjs-backend-wasm');
    enableTraining();
  }
  // Hides tfjs's advice to install tfjs-node, which could not run these backends.
  tf.env().set('PROD', true);
  const works = (BACKENDS as readonly string[]).includes(name) && (await tf.setBackend(name).catch(() => false));
  if (!works) {
    throw new UsageError(
      'backend-unavailable',
      `the backend '${name}' does not run here; use one of ${BACKENDS.join(', ')}`,
      { where: 'backend', wanted: BACKENDS.join(' or '), found: name },
    );
  }
  await tf.ready();
  return tf.getBackend();
}
