import { type Call, type Geometry, type KernelArguments, type Memo, pixelsOf } from '@espalier/kernels-kit';
import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { type Encoded, type Form, type Matrix, upload } from './forms/form.js';
import { FORMS, SCATTERED } from './forms/index.js';
import type { Gpu } from './gpu.js';
import { measure, type Measured } from './measure.js';
import { type Pattern, sparsityOf } from './pattern.js';

export interface LayerOptions {
  /** 'auto', 'stock', or the form to use wherever it fits. */
  readonly kernel: string;
  readonly unstructuredFrom: number;
}

export interface Choice {
  /** undefined = the stock kernel. */
  readonly form?: Form;
  readonly reason: string;
}

/** One tensor of weights: its encodings, and which of them to use for how many pixels. */
export interface Layer {
  readonly pattern: Pattern;
  readonly memo: Memo;
  /** The latest choice; undefined before the first run. */
  readonly choice: Choice | undefined;
  /** A tensor, or nothing where the stock kernel, `stock`, is to run. */
  run(call: Call, args: KernelArguments, stock: KernelFunc): TensorInfo | undefined;
  dispose(): void;
}

/** What a layer needs of those around it. */
export interface Surroundings {
  readonly gpu: Gpu;
  /** Measures when it is its turn: one at a time. */
  later(work: () => Promise<void>): void;
}

/** Forms that are measured, by estimated cost. */
const CANDIDATES = 2;
/** A form must save at least so much of the multiplications, its own overhead counted, for it to be measured. */
const MOST_COST = 0.9;

/** Choices are remembered by the power of two of the pixels, apart from the few that the vector kernels are for. */
function classOf(g: Geometry): string {
  const pixels = pixelsOf(g);
  const size = pixels <= 8 ? pixels : 2 ** Math.ceil(Math.log2(pixels));
  return [size, g.kernelHeight, g.kernelWidth, g.strideHeight, g.strideWidth].join(' ');
}

export function layer(around: Surroundings, matrix: Matrix, pattern: Pattern, options: LayerOptions): Layer {
  const { gpu } = around;
  const encodings = new Map<string, Encoded>();
  const choices = new Map<string, Choice>();
  let latest: Choice | undefined;
  let open = true;

  const encoded = (form: Form, geometry: Geometry): Encoded => {
    const key = form.key(geometry);
    let found = encodings.get(key);
    if (!found) encodings.set(key, (found = upload(gpu, form.encode(matrix, pattern, geometry))));
    return found;
  };
  const compute = (form: Form, call: Call, output?: TensorInfo) =>
    form.run(gpu, encoded(form, call.geometry), pattern, call, output);

  /** Forms worth measuring, the most promising first, or why there are none. */
  function candidates(geometry: Geometry): Form[] | string {
    const fitting = FORMS.filter((form) => form.fits(pattern, geometry) && form.bytes(pattern) <= largest(gpu));
    const forced = options.kernel !== 'auto';
    if (forced) {
      const found = fitting.filter(({ name }) => name === options.kernel);
      return found.length > 0 ? found : `the kernel '${options.kernel}' does not fit its shape or pattern`;
    }
    const size = pattern.inputs * pattern.outputs;
    const dense = sparsityOf(pattern) < options.unstructuredFrom;
    const worth = fitting
      .filter((form) => form.cost(pattern) <= MOST_COST * size && !(dense && SCATTERED.includes(form.name)))
      .sort((a, b) => a.cost(pattern) - b.cost(pattern));
    return worth.length > 0
      ? worth.slice(0, CANDIDATES)
      : 'has too few zeros, or no pattern of zeros, for the kernels here';
  }

  function choose(key: string, call: Call, args: KernelArguments, stock: KernelFunc): Choice {
    if (options.kernel === 'stock') return { reason: "the kernel 'stock' was asked for" };
    const found = candidates(call.geometry);
    if (typeof found === 'string') return { reason: found };
    if (options.kernel !== 'auto') return { form: found[0], reason: 'was asked for' };
    around.later(async () => {
      if (!open) return;
      try {
        const run = (form: Form) => (own: Call, output: TensorInfo) => void compute(form, own, output);
        const lanes = found.map((form) => ({ form, run: run(form) }));
        settle(key, outcome(await measure(gpu, { call, args, stock, matrix, lanes, isOpen: () => open }), call));
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        settle(key, { reason: `could not be measured: ${why}` });
      }
    });
    return { reason: "is being measured; TensorFlow.js's own kernel runs meanwhile" };
  }

  function settle(key: string, choice: Choice): void {
    if (!open) return;
    const before = choices.get(key);
    choices.set(key, choice);
    if (latest === before) latest = choice;
    const used = [...choices.values()].flatMap(({ form }) => (form ? [form.name] : []));
    for (const [name, { tensors }] of encodings) {
      if (used.includes(name.split(' ')[0])) continue;
      for (const { dataId } of tensors) gpu.disposeData(dataId);
      encodings.delete(name);
    }
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
      return choice.form && compute(choice.form, call);
    },
    dispose() {
      open = false;
      for (const { tensors } of encodings.values()) for (const { dataId } of tensors) gpu.disposeData(dataId);
      encodings.clear();
      choices.clear();
    },
  };
}

function outcome({ winner, ratio, best, clock, wrong }: Measured<Form>, { geometry }: Call): Choice {
  const said = wrong.length > 0 ? `; on this device ${wrong.join(' and ')} computes wrongly` : '';
  if (best === undefined) return { reason: `no kernel here is right on this device${said}` };
  const pixels = pixelsOf(geometry);
  const size = `${pixels} pixel${pixels === 1 ? '' : 's'}`;
  const how = clock === 'wall' ? ', by the wall clock' : '';
  const reason = `${best.name} ran ${ratio.toFixed(2)}× as fast as the stock kernel on ${size}${how}${said}`;
  return { form: winner, reason };
}

const largest = ({ device: { limits } }: Gpu) => Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
