import {
  type Call,
  comparison,
  type Geometry,
  type KernelArguments,
  type Known,
  pixelsOf,
  sparsityOf,
  type Stock,
} from '@espalier/kernels-kit';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type Encoded, type Format, type Matrix, upload } from './formats/format.js';
import { FORMATS, SCATTERED } from './formats/index.js';
import type { Gpu } from './gpu.js';
import { measure, type Measured } from './measure.js';
import type { Pattern } from './pattern.js';

export interface KernelOptions {
  /** 'auto', 'stock', or the format to use wherever it fits. */
  readonly kernel: string;
  readonly unstructuredFrom: number;
}

export interface Choice {
  /** undefined = the stock kernel. */
  readonly format?: Format;
  readonly reason: string;
}

/** One tensor of weights: its encodings, and which of them to use for how many pixels. */
export interface AcceleratedWeight extends Known {
  /** The latest choice; undefined before the first run. */
  readonly choice: Choice | undefined;
  /** A tensor, or nothing where the stock kernel, `stock`, is to run. */
  run(call: Call, args: KernelArguments, stock: Stock): TensorInfo | undefined;
  dispose(): void;
}

/** What all weights of one backend share. */
export interface Surroundings {
  readonly gpu: Gpu;
  /** Measures when it is its turn: one at a time. */
  later(work: () => Promise<void>): void;
}

/** Formats that are measured, by estimated cost. */
const CANDIDATES = 2;
/** A format must save at least so much of the multiplications, its own overhead counted, for it to be measured. */
const MOST_COST = 0.9;

/** Choices are remembered by the power of two of the pixels, apart from the few that the vector kernels are for. */
function classOf(g: Geometry): string {
  const pixels = pixelsOf(g);
  const size = pixels <= 8 ? pixels : 2 ** Math.ceil(Math.log2(pixels));
  return [size, g.kernelHeight, g.kernelWidth, g.strideHeight, g.strideWidth].join(' ');
}

export function acceleratedWeight(
  around: Surroundings,
  matrix: Matrix,
  pattern: Pattern,
  options: KernelOptions,
): AcceleratedWeight {
  const { gpu } = around;
  const encodings = encodingsOf(gpu, matrix, pattern);
  const choices = new Map<string, Choice>();
  let latest: Choice | undefined;
  let open = true;

  const compute = (format: Format, call: Call, output?: TensorInfo) =>
    format.run(gpu, encodings.of(format, call.geometry), pattern, call, output);

  function choose(key: string, call: Call, args: KernelArguments, stock: Stock): Choice {
    if (options.kernel === 'stock') return { reason: "the kernel 'stock' was asked for" };
    const found = candidates(gpu, pattern, options, call.geometry);
    if (typeof found === 'string') return { reason: found };
    if (options.kernel !== 'auto') return { format: found[0], reason: 'was asked for' };
    around.later(async () => {
      if (!open) return;
      const run = (format: Format) => (own: Call, output: TensorInfo) => void compute(format, own, output);
      const lanes = found.map((format) => ({ format, run: run(format) }));
      const race = { call, args, stock, matrix, lanes, isOpen: () => open };
      settle(key, await orWhyNot(async () => outcome(await measure(gpu, race), call)));
    });
    return { reason: "is being measured; TensorFlow.js's own kernel runs meanwhile" };
  }

  function settle(key: string, choice: Choice): void {
    if (!open) return;
    const before = choices.get(key);
    choices.set(key, choice);
    if (latest === before) latest = choice;
    encodings.keep([...choices.values()].map(({ format }) => format?.name));
  }

  return {
    pattern,
    memo: {},
    get choice() {
      return latest;
    },
    run(call, args, stock) {
      const key = classOf(call.geometry);
      let choice = choices.get(key);
      if (!choice) choices.set(key, (choice = choose(key, call, args, stock)));
      latest = choice;
      return choice.format && compute(choice.format, call);
    },
    dispose() {
      open = false;
      encodings.keep([]);
      choices.clear();
    },
  };
}

async function orWhyNot(measured: () => Promise<Choice>): Promise<Choice> {
  try {
    return await measured();
  } catch (error) {
    return { reason: `could not be measured: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** The encodings of one matrix on the device, each made when it is first asked for. */
function encodingsOf(gpu: Gpu, matrix: Matrix, pattern: Pattern) {
  const encodings = new Map<string, { readonly name: string; readonly encoded: Encoded }>();
  return {
    of(format: Format, geometry: Geometry): Encoded {
      const key = format.key(geometry);
      const known = encodings.get(key);
      if (known) return known.encoded;
      const encoded = upload(gpu, format.encode(matrix, pattern, geometry));
      encodings.set(key, { name: format.name, encoded });
      return encoded;
    },
    /** Frees those of other formats. */
    keep(names: readonly (string | undefined)[]): void {
      for (const [key, { name, encoded }] of encodings) {
        if (names.includes(name)) continue;
        for (const { dataId } of encoded.tensors) gpu.disposeData(dataId);
        encodings.delete(key);
      }
    },
  };
}

/** Formats worth measuring, the most promising first, or why there are none. */
function candidates(
  gpu: Gpu,
  pattern: Pattern,
  { kernel, unstructuredFrom }: KernelOptions,
  geometry: Geometry,
): Format[] | string {
  const fitting = FORMATS.filter((format) => format.fits(pattern, geometry) && format.bytes(pattern) <= largest(gpu));
  if (kernel !== 'auto') {
    const found = fitting.filter(({ name }) => name === kernel);
    return found.length > 0 ? found : `the kernel '${kernel}' does not fit its shape or pattern`;
  }
  const size = pattern.inputs * pattern.outputs;
  const dense = sparsityOf(pattern) < unstructuredFrom;
  const worth = fitting
    .filter((format) => format.cost(pattern) <= MOST_COST * size && !(dense && SCATTERED.includes(format.name)))
    .sort((a, b) => a.cost(pattern) - b.cost(pattern));
  return worth.length > 0
    ? worth.slice(0, CANDIDATES)
    : 'has too few zeros, or no pattern of zeros, for the kernels here';
}

function outcome({ winner, ratio, best, clock, wrong }: Measured<Format>, { geometry }: Call): Choice {
  const said = wrong.length > 0 ? `; on this device ${wrong.join(' and ')} computes wrongly` : '';
  if (best === undefined) return { reason: `no kernel here is right on this device${said}` };
  const how = clock === 'wall' ? ', by the wall clock' : '';
  return { format: winner, reason: comparison(best.name, ratio, pixelsOf(geometry)) + how + said };
}

const largest = ({ device: { limits } }: Gpu) => Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
