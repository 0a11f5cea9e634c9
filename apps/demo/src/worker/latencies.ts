/** How long a model takes on each backend, dense and pruned in the same rounds. */
import { type Contender, type MeasuredBackend, OPTIONS } from '@espalier/pipeline';
import { latency } from '@espalier/measure';
import type { PrunableModel } from '@espalier/core';
import { tidy, zeros } from '@tensorflow/tfjs-core';
import { useBackend, useWorkBackend } from './backend.js';
import { breathe } from './breathe.js';
import type { Backend } from './protocol.js';
import type { Steps } from './steps.js';

const ROUNDS = 20;
const FEWEST_ROUNDS = 3;
/** For the rounds of one backend; the first call, which is slow, sets the pace. */
const BUDGET_MS = 5000;
const SLOW_MS = 400;

/** One backend after the other; on wasm pruned models run on the sparse kernels, the dense one on TensorFlow.js's own. */
export async function timeOn(
  backends: readonly Backend[],
  contenders: readonly Contender[],
  inputShape: readonly number[],
  steps: Steps,
): Promise<MeasuredBackend[]> {
  const measured: MeasuredBackend[] = [];
  const [, pruned] = contenders;
  for (const [i, backend] of backends.entries()) {
    await useBackend(backend);
    const fast = pruned && (await accelerated(backend, pruned.model));
    try {
      const paced = await pace(contenders, inputShape);
      if (fast && 'ready' in fast) await fast.ready();
      const times = await latency(contenders, {
        inputShape,
        ...paced,
        seed: OPTIONS.seed.default!,
        onProgress: ({ round, rounds }) => steps.within('latency', (i + round / rounds) / backends.length),
      });
      measured.push(...times.map((time) => ({ ...time, backend })));
    } finally {
      fast?.dispose();
      await bringHome(contenders);
      await breathe();
    }
  }
  await useWorkBackend();
  return measured;
}

/** Downloads weights while their backend is still the current one: the next one would have to wait for the GPU, which few can. */
async function bringHome(contenders: readonly Contender[]): Promise<void> {
  for (const { model } of contenders) for (const { id } of model.params) await model.variable(id).data();
}

/** The kernels that skip zeros, on the backends that have them. */
async function accelerated(backend: Backend, { model }: PrunableModel) {
  if (backend === 'wasm') return (await import('@espalier/kernels-wasm')).accelerate(model);
  if (backend === 'webgpu') return (await import('@espalier/kernels-webgpu')).accelerate(model);
  return undefined;
}

/** How many rounds there is time for: large models on slow backends get few. */
async function pace(contenders: readonly Contender[], inputShape: readonly number[]) {
  const start = performance.now();
  for (const { predict } of contenders) {
    const y = tidy(() => predict(zeros([1, ...inputShape])));
    await y.data();
    y.dispose();
  }
  const ms = performance.now() - start;
  const rounds = Math.max(FEWEST_ROUNDS, Math.min(ROUNDS, Math.floor(BUDGET_MS / ms)));
  return { rounds, ...(ms > SLOW_MS && { warmup: 1, warmupMs: 0 }) };
}
