import { engine, type Tensor } from '@tensorflow/tfjs-core';
import type { Predict } from './accuracy.js';

export interface Contender {
  readonly name: string;
  readonly predict: Predict;
}

/** Runs each contender `warmup` times or for `warmupMs`, whichever is longer. Resolves to the name of the backend that ran; several, joined, where they differ. */
export async function warmUp(
  entries: readonly Contender[],
  x: Tensor,
  { warmup, warmupMs, now }: { warmup: number; warmupMs: number; now: () => number },
): Promise<string> {
  const holders = new Set<string>();
  const end = now() + warmupMs;
  for (let run = 0; run < Math.max(1, warmup) || now() < end; run++) {
    for (const { predict } of entries) {
      await call(predict, x, (output) => holders.add(holderOf(output)));
    }
  }
  return [...holders].join('+');
}

/** The name of the backend whose memory holds the tensor. */
function holderOf({ dataId }: Tensor): string {
  const { state, registry } = engine();
  const holder = state.tensorInfo.get(dataId)?.backend;
  const found = Object.entries(registry).find(([, backend]) => backend === holder);
  return found ? found[0] : 'unknown';
}

/**
 * Doubles the calls in a run until they take long enough, three times running: one run alone may be long because the machine
 * did something else. Long enough is `minTimeMs`, or twenty grains of a coarse clock. These runs are warm-up too.
 */
export async function repeatsFor(
  entry: Contender,
  x: Tensor,
  { minTimeMs, now }: { minTimeMs: number; now: () => number },
): Promise<number> {
  if (minTimeMs === 0) return 1;
  const wanted = Math.max(minTimeMs, 20 * grainOf(now));
  const longEnough = async (repeats: number) => {
    for (let run = 0; run < 3; run++) if ((await timed(entry, x, repeats, now)) < wanted) return false;
    return true;
  };
  let repeats = 1;
  while (repeats < 65_536 && !(await longEnough(repeats))) repeats *= 2;
  return repeats;
}

/** The least step that the clock is seen to take, in milliseconds; 0 for a clock that stands still. Browsers round theirs to between 0.005 and 1. */
function grainOf(now: () => number): number {
  let [least, last] = [Infinity, now()];
  for (let step = 0, reading = 0; step < 5 && reading < 1e5; reading++) {
    const time = now();
    if (time === last) continue;
    [least, last] = [Math.min(least, time - last), time];
    step++;
  }
  return least === Infinity ? 0 : least;
}

/** A nanosecond: where a clock is so coarse that nothing seems to pass, ratios stay numbers. */
const LEAST_MS = 1e-6;

/** Milliseconds that `repeats` calls take, outputs downloaded. */
export async function timed({ predict }: Contender, x: Tensor, repeats: number, now: () => number): Promise<number> {
  const start = now();
  for (let i = 0; i < repeats; i++) await call(predict, x);
  return Math.max(now() - start, LEAST_MS);
}

async function call(predict: Predict, x: Tensor, look?: (output: Tensor) => void): Promise<void> {
  const output = predict(x);
  try {
    look?.(output);
    await output.data();
  } finally {
    if (output !== x) output.dispose();
  }
}
