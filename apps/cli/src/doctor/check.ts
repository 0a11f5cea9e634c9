import { isEspalierError, type EspalierError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { type Backend, useBackend } from '../backend.js';
import { type AdapterFacts, openWebGpu } from '../webgpu.js';

/** What was found of one backend. */
export interface BackendHealth {
  readonly backend: Backend;
  readonly works: boolean;
  /** Whether Espalier cannot do without it. */
  readonly needed: boolean;
  /** max|a − b| / max|b| of a small matrix product against cpu; absent = it did not run. */
  readonly error?: number;
  /** What it is, in words. */
  readonly facts: readonly string[];
  readonly reason?: string;
  readonly fix?: string;
  readonly adapter?: AdapterFacts;
}

/** Products may differ by the order of adding. */
export const TOLERANCE = 1e-4;

const FACTS: Readonly<Record<Backend, () => Promise<readonly string[]>>> = {
  cpu: async () => ['plain JavaScript, what the others are compared with'],
  wasm: wasmFacts,
  webgpu: webGpuFacts,
};

/** Starts every backend and runs a small product on it. */
export async function checkBackends(backends: readonly Backend[]): Promise<BackendHealth[]> {
  const wanted = await sample('cpu').catch(() => undefined);
  const found: BackendHealth[] = [];
  for (const backend of backends) found.push(await check(backend, wanted));
  return found;
}

async function check(backend: Backend, wanted: Float32Array | undefined): Promise<BackendHealth> {
  const known = { backend, needed: backend !== 'webgpu' };
  try {
    const error = distance(await sample(backend), wanted);
    const adapter = backend === 'webgpu' ? await openWebGpu() : undefined;
    const rest = { ...known, error, ...(adapter && { adapter }) };
    if (error <= TOLERANCE) return { ...rest, works: true, facts: await FACTS[backend]() };
    return {
      ...rest,
      works: false,
      facts: [],
      reason: `a small matrix product differs from cpu's by ${error.toPrecision(2)} of its largest value`,
    };
  } catch (error) {
    const { found, fix } = error as EspalierError;
    const reason =
      isEspalierError(error) && found !== undefined ? found : error instanceof Error ? error.message : String(error);
    return { ...known, works: false, facts: [], reason, ...(isEspalierError(error) && fix !== undefined && { fix }) };
  }
}

const [ROWS, INNER, COLUMNS] = [7, 33, 19];

async function sample(backend: Backend): Promise<Float32Array> {
  await useBackend(backend);
  const wave = (size: number) => Float32Array.from({ length: size }, (_, i) => Math.sin(i + 1));
  const y = tf.tidy(() =>
    tf.matMul(tf.tensor2d(wave(ROWS * INNER), [ROWS, INNER]), tf.tensor2d(wave(INNER * COLUMNS), [INNER, COLUMNS])),
  );
  const values = (await y.data()) as Float32Array;
  y.dispose();
  return values;
}

function distance(a: Float32Array, b: Float32Array | undefined): number {
  if (!b) return NaN;
  const largest = b.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
  return a.reduce((max, v, i) => Math.max(max, Math.abs(v - b[i])), 0) / largest;
}

async function wasmFacts(): Promise<string[]> {
  const { accelerate } = await import('@espalier/kernels-wasm');
  const kernels = await accelerate({ weights: {} });
  const { build } = kernels;
  kernels.dispose();
  if (build === undefined) return ['without SIMD: no sparse kernels'];
  return ['sparse kernels with SIMD', build === 'relaxed-simd' ? 'relaxed SIMD' : 'no relaxed SIMD (Node 22 has it)'];
}

async function webGpuFacts(): Promise<string[]> {
  const { name, software, timestamps, limits } = await openWebGpu();
  const { accelerate } = await import('@espalier/kernels-webgpu');
  // Runs the sparse kernels once and compares; throws where they are wrong.
  (await accelerate({ weights: {} })).dispose();
  const size = (bytes: number) => (bytes >= 2 ** 30 ? `${bytes / 2 ** 30} GiB` : `${bytes / 2 ** 10} KiB`);
  return [
    `${name}${software ? ', in software: right, but no measure of a GPU' : ''}`,
    'sparse kernels',
    timestamps ? 'times by its own timestamps' : 'times by the wall clock',
    `buffers up to ${size(limits.bufferBytes)}, workgroups of ${limits.workgroupThreads} threads with ${size(limits.workgroupBytes)}`,
  ];
}
