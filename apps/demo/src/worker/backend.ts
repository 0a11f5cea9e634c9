import { UsageError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import plain from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threaded from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import { type Backend, BACKENDS, type BackendState } from './protocol.js';

/** Accuracy, scores and training run here. */
export const WORK_BACKEND: Backend = 'wasm';

const LOADERS: Readonly<Record<Backend, () => Promise<unknown>>> = {
  cpu: () => import('@tensorflow/tfjs-backend-cpu'),
  async wasm() {
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
    setWasmPaths({
      'tfjs-backend-wasm.wasm': plain,
      'tfjs-backend-wasm-simd.wasm': simd,
      'tfjs-backend-wasm-threaded-simd.wasm': threaded,
    });
    const { enableTraining } = await import('@espalier/kernels-wasm/training');
    enableTraining();
  },
  webgl: () => import('@tensorflow/tfjs-backend-webgl'),
  webgpu: () => import('@tensorflow/tfjs-backend-webgpu'),
};

/** Makes a backend the current one and returns the name of the one that runs. Its code is loaded when it is first asked for. */
export async function useBackend(name: Backend): Promise<Backend> {
  tf.env().set('PROD', true);
  await LOADERS[name]();
  const works = await tf.setBackend(name).catch(() => false);
  if (!works) {
    throw new UsageError('backend-unavailable', `the backend '${name}' does not run here`, { where: 'backend' });
  }
  await tf.ready();
  return tf.getBackend() as Backend;
}

/** wasm, or cpu where WebAssembly does not run. */
export const useWorkBackend = () => useBackend(WORK_BACKEND).catch(() => useBackend('cpu'));

/** Tries every backend with a product, and says on which device it runs or why it does not. */
export async function tryBackends(): Promise<BackendState[]> {
  const states: BackendState[] = [];
  for (const name of BACKENDS) states.push(await tryBackend(name));
  await useWorkBackend();
  return states;
}

async function tryBackend(name: Backend): Promise<BackendState> {
  const missing = name === 'webgpu' ? await withoutAdapter() : undefined;
  if (missing !== undefined) return { name, works: false, detail: missing };
  try {
    await useBackend(name);
    const y = tf.tidy(() => tf.matMul(tf.ones([2, 3]), tf.ones([3, 2])));
    const [value] = await y.data();
    y.dispose();
    return value === 3
      ? { name, works: true, detail: await deviceOf(name) }
      : { name, works: false, detail: `it computes 3 as ${value}` };
  } catch (error) {
    return { name, works: false, detail: (error as Error).message };
  }
}

/** Why WebGPU has no device here; undefined = it has one. */
async function withoutAdapter(): Promise<string | undefined> {
  const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<unknown> } };
  if (!gpu) return 'no WebGPU in this browser';
  return (await gpu.requestAdapter().catch(() => null)) ? undefined : 'no WebGPU adapter';
}

async function deviceOf(name: Backend): Promise<string> {
  if (name === 'webgl') {
    const context = new OffscreenCanvas(1, 1).getContext('webgl');
    const extension = context?.getExtension('WEBGL_debug_renderer_info');
    return extension ? String(context!.getParameter(extension.UNMASKED_RENDERER_WEBGL)) : '';
  }
  if (name !== 'webgpu') return '';
  type Info = { readonly vendor?: string; readonly architecture?: string; readonly description?: string };
  const info = (tf.backend() as unknown as { adapterInfo?: { adapterInfo?: Info } & Info }).adapterInfo;
  const { vendor, architecture, description } = info?.adapterInfo ?? info ?? {};
  return [vendor, architecture, description].filter(Boolean).join(' ');
}
