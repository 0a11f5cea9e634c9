import type { PrunableModel } from '@espalier/core';
import { copyOf } from '@espalier/pipeline';
import { type BackendLatency, type KernelCall, latency, recordKernels, replayKernel } from '@espalier/measure';
import { randomUniform, relu, scalar, type Tensor, zeros } from '@tensorflow/tfjs-core';
import type { BenchLayer, BenchRow, RuntimeTimes, Times, Work } from './report.js';
import { type Running, type Runtime, RUNTIMES, stock } from './runtimes.js';

export interface MeasureOptions {
  readonly backend: string;
  readonly inputShape: readonly number[];
  readonly batch: number;
  readonly rounds: number;
  readonly layers: boolean;
  readonly seed: number;
  readonly onProgress: (share: number, what: string) => void;
}

/** A layer repeats one kernel whose code is warm already, so it needs little of what a whole model does. */
const LAYER = { rounds: 15, warmup: 1, warmupMs: 10, minTimeMs: 1 };

/** Runs of a layer's kernels in one timed call on a GPU: so many, or what takes so long where the device is slow. */
const GPU_RUNS = 20;
const GPU_CALL_MS = 20;

/** The part of the progress that the whole model is. */
const WHOLE = 0.3;

interface Started {
  readonly runtime: Runtime;
  readonly running: Running;
}

type Measured = Work & Pick<BenchRow, 'dense' | 'runtimes' | 'layers'>;

/**
 * The dense model on stock kernels and the pruned one in every way that the backend has, in the same rounds: first whole, then each
 * of its weights by itself. The backend is the current one; both models are borrowed.
 */
export async function measureRow(dense: PrunableModel, pruned: PrunableModel, o: MeasureOptions): Promise<Measured> {
  const x = randomUniform([o.batch, ...o.inputShape], 0, 1, 'float32', o.seed + 1);
  const started: Started[] = [];
  try {
    const calls = { dense: callsOf(dense, x), pruned: callsOf(pruned, x) };
    for (const runtime of RUNTIMES.filter(({ backends = [o.backend] }) => backends.includes(o.backend))) {
      // A copy each: acceleration belongs to the tensors.
      started.push({ runtime, running: await runtime.start(await copyOf(pruned), o.backend, x) });
    }
    const reference = { name: 'dense', predict: (input: Tensor) => dense.predict(input) };
    const [whole] = await latency(
      [
        reference,
        ...started.map(({ runtime, running }) => ({ name: runtime.name, predict: (y: Tensor) => running.predict(y) })),
      ],
      {
        x,
        rounds: o.rounds,
        seed: o.seed,
        onProgress: ({ round, rounds }) => o.onProgress((WHOLE * round) / rounds, 'whole model'),
      },
    );
    const kept = await nonzerosOf(pruned, calls.pruned);
    const works = [...calls.dense].map(([id, list]) => workOf(dense, list, calls.pruned.get(id) ?? [], kept));
    const layers: BenchLayer[] = [];
    if (o.layers) {
      for (const [i, [id, list]] of [...calls.dense].entries()) {
        o.onProgress(WHOLE + ((1 - WHOLE) * i) / calls.dense.size, id);
        const mine = calls.pruned.get(id) ?? [];
        if (mine.length === 0) continue;
        const times = await timeLayer(dense, list, mine, started, o);
        layers.push({
          id,
          shape: dense.variable(id).shape,
          prunedShape: pruned.variable(id).shape,
          sparsity: 1 - kept.get(id)! / Math.max(1, pruned.variable(id).size),
          calls: mine.map(({ kernel, shapes }) => ({ kernel, inputs: shapes })),
          ...works[i],
          ...times,
        });
      }
    }
    return {
      ...ratioOf(works.reduce((sum, { macs }) => [sum[0] + macs.dense, sum[1] + macs.kept], [0, 0])),
      ...withOutcomes(resultsOf(whole), started),
      ...(o.layers && { layers }),
    };
  } finally {
    for (const { running } of started) running.dispose();
    x.dispose();
  }
}

async function timeLayer(
  dense: PrunableModel,
  denseCalls: readonly KernelCall[],
  prunedCalls: readonly KernelCall[],
  started: readonly Started[],
  o: MeasureOptions,
): Promise<Pick<BenchLayer, 'dense' | 'runtimes'>> {
  const { weight: id } = denseCalls[0];
  const able = started.filter(({ running }) => running.weight);
  const replays = [
    { name: stock.name, calls: denseCalls, weight: dense.variable(id) as Tensor },
    ...able.map(({ runtime, running }) => ({ name: runtime.name, calls: prunedCalls, weight: running.weight!(id) })),
  ].map(({ name, calls, weight }) => ({ name, kernels: calls.map((call) => replayKernel(call, weight)) }));
  // Kernels on cpu and wasm are done when they return. A GPU is waited for by downloading what comes after them, which takes long
  // itself: so a call is several runs there.
  const onGpu = o.backend === 'webgpu';
  const token = onGpu ? relu(zeros([1024])) : scalar(0);
  try {
    const runs = onGpu ? await gpuRuns(replays, token) : 1;
    const contenders = replays.map(({ name, kernels }) => ({
      name,
      predict(x: Tensor) {
        for (let i = 0; i < runs; i++) for (const { run } of kernels) run();
        return onGpu ? relu(x) : x;
      },
    }));
    const [result] = await latency(contenders, {
      x: token,
      seed: o.seed,
      ...LAYER,
      rounds: Math.min(o.rounds, LAYER.rounds),
    });
    const { dense: reference, runtimes } = resultsOf(result, runs);
    return {
      dense: reference,
      runtimes: runtimes.map((times, i) => {
        const { kernel, reason } = able[i].running.kernel?.(id) ?? {};
        return { ...times, ...(kernel !== undefined && { kernel }), ...(reason !== undefined && { reason }) };
      }),
    };
  } finally {
    for (const { kernels } of replays) for (const kernel of kernels) kernel.dispose();
    token.dispose();
  }
}

/** How many runs one timed call is, by the slowest of all that are compared. */
async function gpuRuns(
  replays: readonly { readonly kernels: readonly { run(): void }[] }[],
  token: Tensor,
): Promise<number> {
  let slowest = 0;
  for (const { kernels } of replays) {
    let ms = Infinity;
    // The first run compiles.
    for (let i = 0; i < 3; i++) {
      const started = performance.now();
      for (const { run } of kernels) run();
      const after = relu(token);
      await after.data();
      after.dispose();
      ms = Math.min(ms, performance.now() - started);
    }
    slowest = Math.max(slowest, ms);
  }
  return Math.max(1, Math.min(GPU_RUNS, Math.round(GPU_CALL_MS / slowest)));
}

/** The calls that one prediction makes, by weight, in the model's order. */
function callsOf(model: PrunableModel, x: Tensor): Map<string, KernelCall[]> {
  const kernels = model.params.filter(({ role }) => role === 'kernel').map(({ id }) => id);
  const ids = new Map(kernels.map((id) => [model.variable(id).dataId as object, id]));
  const calls = recordKernels(() => void model.predict(x), ids);
  return new Map(
    kernels
      .map((id) => [id, calls.filter(({ weight }) => weight === id)] as const)
      .filter(([, list]) => list.length > 0)
      .map(([id, list]) => [id, [...list]]),
  );
}

async function nonzerosOf(
  model: PrunableModel,
  calls: ReadonlyMap<string, readonly KernelCall[]>,
): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const id of calls.keys()) {
    const values = await model.read(id);
    let count = 0;
    for (let i = 0; i < values.length; i++) if (values[i] !== 0) count++;
    found.set(id, count);
  }
  return found;
}

function workOf(
  dense: PrunableModel,
  denseCalls: readonly KernelCall[],
  prunedCalls: readonly KernelCall[],
  kept: ReadonlyMap<string, number>,
): Work {
  const { weight } = denseCalls[0];
  const uses = (calls: readonly KernelCall[]) => calls.reduce((sum, call) => sum + call.uses, 0);
  return ratioOf([dense.variable(weight).size * uses(denseCalls), (kept.get(weight) ?? 0) * uses(prunedCalls)]);
}

function withOutcomes(
  { dense, runtimes }: Pick<Measured, 'dense' | 'runtimes'>,
  started: readonly Started[],
): Pick<Measured, 'dense' | 'runtimes'> {
  return {
    dense,
    runtimes: runtimes.map((times, i) => {
      const outcome = started[i].running.outcome?.();
      return { ...times, ...(outcome && { ran: outcome.runtime, reason: outcome.reason }) };
    }),
  };
}

const ratioOf = ([dense, kept]: readonly number[]): Work => ({
  macs: { dense, kept },
  theoretical: kept > 0 ? dense / kept : null,
});

function resultsOf(
  { entries: [dense, ...others] }: BackendLatency,
  runs = 1,
): { dense: Times; runtimes: RuntimeTimes[] } {
  const times = ({ medianMs, p10Ms, p90Ms }: Times) => ({
    medianMs: medianMs / runs,
    p10Ms: p10Ms / runs,
    p90Ms: p90Ms / runs,
  });
  return {
    dense: times(dense),
    runtimes: others.map((entry) => ({ runtime: entry.name, ...times(entry), speedup: entry.speedup })),
  };
}
