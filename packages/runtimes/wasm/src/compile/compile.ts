import { UsageError } from '@espalier/core';
import { requireBackend } from '@espalier/kernels-kit';
import * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-backend-wasm';
import { OutOfMemory } from '../kernels/heap.js';
import { type Build, supportedBuilds } from '../kernels/instance.js';
import { closeSession, openSession, type Session } from '../accelerate/session.js';
import { type Compilable, type Inputs, type Model, modelOf, type Result } from './model.js';
import { compare, write } from './checked.js';
import type { Program, Step } from './program.js';
import { Untraceable } from './trace.js';

/** What was made of a model for inputs of one shape. */
export interface Compilation {
  readonly shapes: readonly (readonly number[])[];
  /** 'compiled', or 'stock' = the model itself was quicker, or could not be compiled. */
  readonly runtime: 'compiled' | 'stock';
  readonly reason: string;
  /** Empty where the model runs by itself. */
  readonly steps: readonly Step[];
  /** Memory for activations, and for weights and tables. */
  readonly arenaBytes: number;
  readonly weightBytes: number;
}

export interface Compiled {
  /** As model.predict; the result belongs to the caller. The first call for each shape of input compiles, and is slow. */
  predict(x: Inputs): Result;
  /** One for each shape of input that was seen, the latest last. */
  readonly compilations: readonly Compilation[];
  /** undefined = this engine has no WebAssembly SIMD: the model runs by itself. */
  readonly build: Build | undefined;
  /** Frees the memory; the model stays as it is. A second call does nothing. */
  dispose(): void;
}

/** Shapes of input that are kept compiled; the one that was used least recently goes. */
const MOST_SHAPES = 8;

interface Entry {
  readonly compilation: () => Compilation;
  readonly program?: Program;
  /** Which data the weights had. */
  readonly weights: readonly object[];
}

/**
 * Compiles a model as a whole for the wasm backend: batch norms are folded into the weights, activations and skip connections
 * into the sums, activations stay channel-major in one piece of memory, and convolutions and matrix products run on kernels that skip
 * zeros, chosen by measurement. Compiling happens at the first `predict` for each shape of input: the model is run once and what it
 * does is written down, checked against its own result, and timed against it. Kernels that are not known here run as they are.
 *
 * The model is borrowed, and can be used by itself. Weights that are assigned to are noticed, and the model is compiled again.
 * What it does may depend on its inputs' shapes, not on their values.
 *
 * @param model a tf.LayersModel or a tf.GraphModel.
 * @throws UsageError `backend` unless wasm is the current backend, `disposed` for a disposed model, `no-weights` for something that is no model,
 * `tfjs-internals` for a TensorFlow.js whose memory cannot be reached.
 */
export async function compile(model: Compilable): Promise<Compiled> {
  requireBackend('wasm', 'compile()');
  const own = modelOf(model);
  const [build] = supportedBuilds();
  const session = build && (await openSession(tf.backend() as BackendWasm, build));
  const entries = new Map<string, Entry>();
  let open = true;

  const drop = (key: string) => {
    entries.get(key)?.program?.dispose();
    entries.delete(key);
  };

  function entryOf(inputs: readonly tf.Tensor[], x: Inputs): Entry {
    const weights = own.weights();
    // A trace knows values by their data: the same data twice gives a program for that alone.
    const data = [...weights, ...inputs.map(({ dataId }) => dataId)];
    const key = String(inputs.map(({ shape, dtype, dataId }) => [dtype, shape, data.indexOf(dataId)]));
    const known = entries.get(key);
    const current = known?.weights.length === weights.length && known.weights.every((id, i) => id === weights[i]);
    if (known && !current) drop(key);
    const entry = current ? known! : compileFor(own, session, inputs, x, weights);
    entries.delete(key);
    entries.set(key, entry);
    if (entries.size > MOST_SHAPES) drop(entries.keys().next().value!);
    return entry;
  }

  return {
    build,
    get compilations() {
      return [...entries.values()].map(({ compilation }) => compilation());
    },
    predict(x) {
      if (!open) {
        const fix = 'compile the model again';
        throw new UsageError('disposed', `the compiled model is disposed; ${fix}`, { fix });
      }
      requireBackend('wasm', 'predict() of a compiled model');
      const inputs = own.inputs(x);
      const entry = entryOf(inputs, x);
      if (!entry.program) return own.predict(x);
      try {
        return own.result(entry.program.run(inputs).map((info) => tf.engine().makeTensorFromTensorInfo(info)));
      } catch (error) {
        // Its shapes were not the same this time.
        if (!(error instanceof Untraceable)) throw error;
        entry.program.dispose();
        entries.set([...entries.keys()].at(-1)!, stock(inputs, entry.weights, error.message));
        return own.predict(x);
      }
    },
    dispose() {
      if (!open) return;
      open = false;
      for (const key of [...entries.keys()]) drop(key);
      if (session) closeSession(session);
    },
  };
}

/** The model by itself. */
function stock(inputs: readonly tf.Tensor[], weights: readonly object[], reason: string): Entry {
  const shapes = inputs.map(({ shape }) => [...shape]);
  const compilation = { shapes, runtime: 'stock', reason, steps: [], arenaBytes: 0, weightBytes: 0 } as const;
  return { weights, compilation: () => compilation };
}

function compileFor(
  model: Model,
  session: Session | undefined,
  inputs: readonly tf.Tensor[],
  x: Inputs,
  weights: readonly object[],
): Entry {
  if (!session) return stock(inputs, weights, 'this engine has no WebAssembly SIMD');
  const refusal = model.refusal(inputs, x);
  if (refusal) return stock(inputs, weights, refusal);
  let program: Program | undefined;
  try {
    program = write(model, session, inputs, x);
    const shapes = inputs.map(({ shape }) => [...shape]);
    const { winner, reason } = compare(model, session, program, inputs, x);
    if (winner === 'compiled') {
      const compiled = program;
      const { arenaBytes, weightBytes } = compiled;
      return {
        weights,
        program: compiled,
        compilation: () => ({ shapes, runtime: 'compiled', reason, steps: compiled.steps, arenaBytes, weightBytes }),
      };
    }
    program.dispose();
    return stock(inputs, weights, reason);
  } catch (error) {
    program?.dispose();
    if (error instanceof Untraceable) return stock(inputs, weights, error.message);
    if (error instanceof OutOfMemory) return stock(inputs, weights, 'no room for it in WebAssembly memory');
    throw error;
  }
}
