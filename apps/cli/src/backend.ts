import { say } from './notes.js';
import { isEspalierError, UsageError, type Note } from '@espalier/core';
import { enableTraining } from '@espalier/kernels-wasm/training';
import * as tf from '@tensorflow/tfjs-core';
import { note } from './ui.js';
import { type AdapterFacts, openWebGpu, releaseWebGpu, unavailable } from './webgpu.js';

export const BACKENDS = ['cpu', 'wasm', 'webgpu'] as const;
export type Backend = (typeof BACKENDS)[number];

/** What --backend takes. */
export const BACKEND_CHOICES = [...BACKENDS, 'auto'] as const;

/** For `auto`, the quickest first. */
const ORDER: readonly Backend[] = ['webgpu', 'wasm', 'cpu'];

/**
 * Makes a backend the current one and returns the name of the one that runs; wasm comes with the kernels it needs to train. `auto` is
 * the first that runs of webgpu, on hardware alone, wasm and cpu, and says which.
 *
 * @throws InputError `backend-unavailable` where webgpu has no adapter.
 */
export async function useBackend(name: string): Promise<string> {
  // Hides tfjs's advice to install tfjs-node, which could not run these backends.
  tf.env().set('PROD', true);
  if (name === 'auto') return pick();
  if (!(await start(name))) {
    throw new UsageError(
      'backend-unavailable',
      `the backend '${name}' does not run here; use one of ${BACKENDS.join(', ')}`,
      { where: 'backend', wanted: BACKENDS.join(' or '), found: name },
    );
  }
  return tf.getBackend();
}

/** The names with `auto` replaced by what it comes to, each once; webgpu is started, so that what is wrong shows before any work. */
export async function namesOf(names: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const name of names) found.push(name === 'auto' || name === 'webgpu' ? await useBackend(name) : name);
  return [...new Set(found)];
}

let picked: string | undefined;

async function pick(): Promise<string> {
  if (picked !== undefined) return useBackend(picked);
  let why = '';
  for (const name of ORDER) {
    try {
      const adapter = name === 'webgpu' ? await openWebGpu() : undefined;
      if (adapter?.software)
        throw unavailable(`its only adapter, ${adapter.name}, computes in software`, 'ask for it by name');
      if (!(await start(name))) continue;
      note(`backend ${name}${adapter ? `, ${adapter.name}` : ''}${why}`);
      picked = name;
      return name;
    } catch (error) {
      if (!isEspalierError(error)) throw error;
      why = ` (not webgpu: ${String(error.found)})`;
    }
  }
  throw new UsageError('backend-unavailable', 'no backend runs here', { where: 'backend' });
}

let device: Note | undefined;

/** What a report must say of its times on webgpu, once that has run. */
export const webGpuNotes = () => (device === undefined ? [] : [device]);

const sayDevice = ({ name, software }: AdapterFacts) =>
  say(software ? 'device-in-software' : 'device', { backend: 'webgpu', device: name });

async function start(name: string): Promise<boolean> {
  if (name === 'cpu') await import('@tensorflow/tfjs-backend-cpu');
  else if (name === 'wasm') {
    await import('@tensorflow/tfjs-backend-wasm');
    enableTraining();
  } else if (name === 'webgpu') {
    const adapter = await openWebGpu();
    if (device === undefined) {
      device = sayDevice(adapter);
      if (adapter.software) note(device);
      else if (!picked) note(`backend webgpu, ${adapter.name}`);
    }
    // It looks for navigator.gpu when it is loaded.
    await import('@tensorflow/tfjs-backend-webgpu');
  } else return false;
  const works = await tf.setBackend(name).catch(() => false);
  if (works) await tf.ready();
  return works;
}

/** Lets go of what keeps Node running. */
export function closeBackends(): void {
  if (tf.findBackendFactory('webgpu') !== null) {
    const gpu = tf.engine().registry.webgpu as unknown as { device?: GPUDevice } | undefined;
    tf.removeBackend('webgpu');
    gpu?.device?.destroy();
  }
  releaseWebGpu();
}
