import { type Call, decide, type KernelArguments, type Stock } from '@espalier/kernels-kit';
import type { NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf } from '@espalier/core';
import type { Matrix } from './formats/format.js';
import { type Gpu, poisoned, valuesOf } from './gpu.js';
import { type Clock, clockOf, touch } from './timing.js';

/** The stock kernel keeps its place unless another is quicker by more than this. */
const MARGIN = 0.04;
/** Results may differ by the order of adding: max|a − b| ≤ 1e-4 · max|b|. */
const TOLERANCE = 1e-4;
/** A sample is at least so long, so that coarse clocks will do (browsers round timestamps to 0.1 ms); all together about so long. */
const SAMPLE_MS = 3;
const TOTAL_MS = 80;
const MOST_ROUNDS = 7;
/** Memory for the results of one sample: they are freed after it. */
const MOST_BYTES = 2 ** 26;
const MOST_REPEATS = 64;

interface Lane<T> {
  readonly format: T;
  run(call: Call, output: TensorInfo): void;
}

export interface Contest<T> {
  readonly call: Call;
  readonly args: KernelArguments;
  readonly stock: Stock;
  readonly matrix: Matrix;
  readonly lanes: readonly Lane<T>[];
  /** Turns false when nobody waits for the outcome any more. */
  isOpen(): boolean;
}

export interface Measured<T> {
  /** undefined = the stock kernel. */
  readonly winner: T | undefined;
  /** The quickest of ours, and how many times as fast it was as the stock kernel; undefined = none was right. */
  readonly best: T | undefined;
  readonly ratio: number;
  readonly clock: Clock['kind'];
  /** The names of those whose results were not those of the stock kernel. */
  readonly wrong: readonly string[];
}

/**
 * Times kernels of the same shapes against the stock one, on inputs and weights of its own, so that whatever happens to the model
 * meanwhile does not matter. Each is checked first: one whose results are not the stock kernel's is out.
 */
export async function measure<T extends { readonly name: string }>(
  gpu: Gpu,
  contest: Contest<T>,
): Promise<Measured<T>> {
  const { device } = gpu;
  // One program that is refused takes a whole batch with it, and no time.
  device.pushErrorScope('validation');
  const clock = clockOf(gpu);
  let scoped = true;
  const pop = async () => {
    if (!scoped) return null;
    scoped = false;
    return device.popErrorScope();
  };
  const own: TensorInfo[] = [];
  const make = (shape: readonly number[], values: Float32Array): TensorInfo => {
    const made = gpu.makeTensorInfo([...shape], 'float32', values);
    own.push(made);
    return made;
  };
  try {
    const { x, inputs, call } = copyOf(contest, make);
    const stock = () => contest.stock({ ...contest.args, inputs });
    const wanted = await taken(gpu, stock());
    const out = make([wanted.length], new Float32Array(wanted.length));
    const right: Lane<T>[] = [];
    const wrong: string[] = [];
    for (const lane of contest.lanes) {
      const probe = poisoned(gpu, wanted.length);
      lane.run(call, probe);
      if (close(await taken(gpu, probe), wanted)) right.push(lane);
      else wrong.push(lane.format.name);
    }
    const runs = [
      { of: undefined as T | undefined, run: () => void gpu.disposeData(stock().dataId) },
      ...right.map((lane) => ({ of: lane.format as T | undefined, run: () => lane.run(call, out) })),
    ];
    if (right.length === 0) return { winner: undefined, best: undefined, ratio: 0, clock: clock.kind, wrong };
    const lanes = await race(
      clock,
      runs,
      () => touch(gpu, { ...x, shape: [sizeOf(x.shape)] }),
      4 * wanted.length,
      contest,
    );
    const refused = await pop();
    if (refused) throw new Error(refused.message.split('\n')[0]);
    const { winner, times } = decide(lanes, MARGIN);
    const best = right.reduce((a, { format }) => (times.get(format)! < times.get(a)! ? format : a), right[0].format);
    return { winner, best, ratio: times.get(undefined)! / times.get(best)!, clock: clock.kind, wrong };
  } finally {
    await pop();
    clock.dispose();
    for (const { dataId } of own) gpu.disposeData(dataId);
  }
}

/** Samples of all runs, in turn. */
async function race<T>(
  clock: Clock,
  runs: readonly { readonly of: T; run(): void }[],
  between: () => void,
  bytes: number,
  { isOpen }: Pick<Contest<T>, 'isOpen'>,
) {
  const most = Math.max(1, Math.min(MOST_REPEATS, Math.floor(MOST_BYTES / Math.max(1, bytes))));
  const lanes: { of: T; once: number; repeat: number; samples: number[]; step: () => void }[] = [];
  for (const { of, run } of runs) {
    const step = () => {
      run();
      between();
    };
    const once = Math.max(1e-4, await clock.time(step, 1));
    lanes.push({ of, once, repeat: Math.max(1, Math.min(most, Math.ceil(SAMPLE_MS / once))), samples: [], step });
  }
  const round = lanes.reduce((sum, { once, repeat }) => sum + once * repeat, 0);
  const rounds = Math.max(1, Math.min(MOST_ROUNDS, Math.round(TOTAL_MS / round)));
  for (let r = 0; r < rounds; r++) {
    for (const lane of lanes) {
      if (!isOpen()) throw new Error('the acceleration is disposed');
      lane.samples.push(await clock.time(lane.step, lane.repeat));
    }
  }
  return lanes;
}

/** The call with tensors of our own: random inputs, the layer's weights. */
function copyOf<T>(
  { call, args, matrix }: Contest<T>,
  make: (shape: readonly number[], values: Float32Array) => TensorInfo,
) {
  let state = 1;
  const random = (size: number) =>
    Float32Array.from({ length: size }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32 - 0.5;
    });
  const made = new Map<object, TensorInfo>();
  const inputs: NamedTensorInfoMap = {};
  for (const [name, info] of Object.entries(args.inputs)) {
    if (!info) continue;
    const weights = name === 'filter' || name === 'b';
    inputs[name] = make(info.shape, weights ? matrix.values : random(sizeOf(info.shape)));
    made.set(info, inputs[name]);
  }
  const x = made.get(call.x)!;
  const { slope } = call.activation;
  return {
    x,
    inputs,
    call: {
      ...call,
      x,
      bias: call.bias && made.get(call.bias),
      activation: typeof slope === 'object' ? { ...call.activation, slope: made.get(slope)! } : call.activation,
    },
  };
}

async function taken(gpu: Gpu, result: TensorInfo): Promise<Float32Array> {
  const values = await valuesOf(gpu, result);
  gpu.disposeData(result.dataId);
  return values;
}

function close(a: Float32Array, b: Float32Array): boolean {
  let [worst, scale] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    worst = Math.max(worst, Math.abs(a[i] - b[i])); // NaN stays.
    scale = Math.max(scale, Math.abs(b[i]));
  }
  return a.length === b.length && worst <= TOLERANCE * scale;
}
