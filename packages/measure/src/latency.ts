import { seededRandom, show, shuffle, sizeOf, UsageError } from '@espalier/core';
import { getBackend, tensor, type Tensor } from '@tensorflow/tfjs-core';
import { type Contender, repeatsFor, timed, warmUp } from './calls.js';
import { spread, type Spread } from './quantile.js';

export interface LatencyOptions {
  /** The shape of one sample; the input is drawn from [0, 1). Give this or `x`. */
  readonly inputShape?: readonly number[];
  /** An input to use instead, batch first; borrowed. */
  readonly x?: Tensor;
  readonly batch?: number;
  /** Timed rounds; in each of them every contender runs once. */
  readonly rounds?: number;
  /** Runs of each contender before the clock counts: caches fill, kernels compile, weights move to the backend. */
  readonly warmup?: number;
  /** Warm-up goes on for at least this long: JavaScript engines compile what runs often, step by step. */
  readonly warmupMs?: number;
  /** A timed run repeats the call until about this long has passed, so that the clock's grain does not show. */
  readonly minTimeMs?: number;
  /** Fixes the order within rounds, and the input. */
  readonly seed?: number;
  /** Default: the backend in use. */
  readonly backends?: readonly string[];
  /** Makes a backend the current one and resolves to the name of the one that is; needed with `backends`. */
  readonly useBackend?: (name: string) => Promise<string>;
  /** Before every round; throw in it to give up. */
  readonly onProgress?: (progress: LatencyProgress) => void;
  /** Milliseconds that only go forward. */
  readonly now?: () => number;
}

export interface LatencyProgress {
  readonly backend: string;
  /** From 0. */
  readonly round: number;
  readonly rounds: number;
}

export const LATENCY_DEFAULTS = { batch: 1, rounds: 30, warmup: 3, warmupMs: 300, minTimeMs: 2, seed: 0 };

export interface BackendLatency {
  /** What was asked for. */
  readonly backend: string;
  /** The backend that held the outputs: the one that really ran. */
  readonly ran: string;
  readonly batch: number;
  readonly entries: readonly ContenderLatency[];
}

export interface ContenderLatency {
  readonly name: string;
  /** Of one call, output downloaded. */
  readonly medianMs: number;
  readonly p10Ms: number;
  readonly p90Ms: number;
  /** Timed runs behind these numbers. */
  readonly runs: number;
  /** Time of the first contender over this one's, round by round: above 1 this one is faster. */
  readonly speedup: Spread;
}

/**
 * How long each contender takes, on one backend after the other. The first contender is what the others are compared with:
 * every round times each of them once, in an order drawn from the seed, so that a machine that slows down slows all of them,
 * and the speed-up is the median of the rounds' ratios. A run ends when the output has arrived in JavaScript.
 *
 * The backend that was current is made current again. Throws a UsageError with code 'latency-options'.
 */
export async function latency(entries: readonly Contender[], options: LatencyOptions = {}): Promise<BackendLatency[]> {
  const o = { ...LATENCY_DEFAULTS, now: () => performance.now(), ...options };
  checkOptions(entries, o);
  const before = getBackend();
  const { backends = [before], useBackend } = o;
  const results: BackendLatency[] = [];
  try {
    for (const backend of backends) {
      await useBackend?.(backend);
      results.push(await onBackend(entries, backend, o));
    }
  } finally {
    if (before !== undefined && getBackend() !== before) await useBackend?.(before);
  }
  return results;
}

type Settings = LatencyOptions & typeof LATENCY_DEFAULTS & { readonly now: () => number };

async function onBackend(entries: readonly Contender[], backend: string, o: Settings): Promise<BackendLatency> {
  const { rounds, seed, now } = o;
  const x = o.x ?? randomInput(o);
  try {
    const ran = await warmUp(entries, x, o);
    const repeats: number[] = [];
    for (const entry of entries) repeats.push(await repeatsFor(entry, x, o));
    const times = entries.map(() => new Float64Array(rounds));
    const random = seededRandom(seed);
    for (let round = 0; round < rounds; round++) {
      o.onProgress?.({ backend, round, rounds });
      const order = shuffle(
        entries.map((_, i) => i),
        random,
      );
      for (const i of order) times[i][round] = (await timed(entries[i], x, repeats[i], now)) / repeats[i];
    }
    return {
      backend,
      ran,
      batch: x.shape[0],
      entries: entries.map(({ name }, i) => {
        const { median, p10, p90 } = spread(times[i]);
        const speedup = spread(times[0].map((dense, round) => dense / times[i][round]));
        return { name, medianMs: median, p10Ms: p10, p90Ms: p90, runs: rounds, speedup };
      }),
    };
  } finally {
    if (x !== o.x) x.dispose();
  }
}

function randomInput({ inputShape = [], batch, seed }: Settings): Tensor {
  const shape = [batch, ...inputShape];
  const random = seededRandom(seed);
  return tensor(
    Float32Array.from({ length: sizeOf(shape) }, () => random()),
    shape,
    'float32',
  );
}

function checkOptions(entries: readonly Contender[], o: Settings): void {
  const refuse = (where: string, wanted: string, found: unknown): never => {
    throw new UsageError('latency-options', `latency: ${where} must be ${wanted}, got ${show(found)}`, {
      where,
      wanted,
      found: String(found),
    });
  };
  if (entries.length === 0) refuse('entries', 'one contender or more', 'none');
  if ((o.x === undefined) === (o.inputShape === undefined)) {
    refuse('the input', 'given once, as x or as inputShape', o.x === undefined ? 'neither' : 'both');
  }
  if (o.backends && !o.useBackend) refuse('useBackend', 'given with backends', 'none');
  for (const name of ['batch', 'rounds'] as const) {
    if (!(Number.isInteger(o[name]) && o[name] > 0)) refuse(name, 'a positive integer', o[name]);
  }
  if (!(Number.isInteger(o.warmup) && o.warmup >= 0)) refuse('warmup', 'an integer from 0 up', o.warmup);
  for (const name of ['minTimeMs', 'warmupMs'] as const) {
    if (!(o[name] >= 0 && o[name] < Infinity)) refuse(name, 'a number from 0 up', o[name]);
  }
}
