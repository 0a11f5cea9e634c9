import type { PrunableModel } from '@espalier/core';
import { compile } from '@espalier/kernels-wasm';
import { type Tensor, tidy } from '@tensorflow/tfjs-core';
import { ACCELERATED, accelerated as onSparseKernels } from '../accelerated.js';

/** A model made ready to run in one way. */
export interface Running {
  predict(x: Tensor): Tensor;
  /** The tensor that a kernel of one layer is repeated with; absent = layers do not run by themselves. */
  weight?(id: string): Tensor;
  /** What a weight runs on. */
  kernel?(id: string): { readonly kernel: string; readonly reason?: string } | undefined;
  /** What came of the model as a whole, after it ran. */
  outcome?(): { readonly runtime: string; readonly reason: string } | undefined;
  dispose(): void;
}

/** A way to run a pruned model: one column of the tables. */
export interface Runtime {
  readonly name: string;
  /** The backends it is for; absent = all. */
  readonly backends?: readonly string[];
  /** Owns the model and disposes it; `x` is an input for it, borrowed. */
  start(model: PrunableModel, backend: string, x: Tensor): Promise<Running>;
}

/** TensorFlow.js as it is. */
export const stock: Runtime = {
  name: 'stock',
  start: async (model) => ({
    predict: (x) => model.predict(x),
    weight: (id) => model.variable(id),
    dispose: () => model.dispose(),
  }),
};

/** The sparse kernels of @espalier/kernels-wasm or kernels-webgpu. */
const accelerated: Runtime = {
  name: 'accelerate',
  backends: ACCELERATED,
  async start(model, backend, x) {
    const fast = await onSparseKernels(backend, model, () => tidy(() => model.predict(x)));
    return {
      predict: (x) => model.predict(x),
      weight: (id) => model.variable(id),
      kernel: (id) => fast.layers.find((layer) => layer.id === id),
      dispose() {
        fast.dispose();
        model.dispose();
      },
    };
  },
};

/** The whole model, compiled by @espalier/kernels-wasm. */
const compiled: Runtime = {
  name: 'compile',
  backends: ['wasm'],
  async start(model) {
    const net = await compile(model.model);
    return {
      predict: (x) => net.predict(x) as Tensor,
      outcome: () => net.compilations.at(-1),
      dispose() {
        net.dispose();
        model.dispose();
      },
    };
  },
};

/** Timed beside the dense model on stock kernels. */
export const RUNTIMES: readonly Runtime[] = [stock, accelerated, compiled];
