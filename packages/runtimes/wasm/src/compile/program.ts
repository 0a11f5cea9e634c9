import type { TensorInfo } from '@tensorflow/tfjs-core';
import { offsetOf } from '../kernels/activation.js';
import type { Heap } from '../kernels/heap.js';
import { type Bound, Builder, type Draft } from './builder.js';
import { convolution } from './convolution.js';
import { foreign } from './foreign.js';
import { fuse } from './fuse.js';
import { arrange, openStore } from './memory.js';
import type { Operation } from './operation.js';
import { affine, combine, concatenate, globalPool, pad, scale } from './pointwise.js';
import { product } from './product.js';
import { recognise } from './recognise.js';
import type { Trace } from './trace.js';
import { depthwise, pool } from './windows.js';

export interface Step {
  /** The weight or the TensorFlow.js kernel that it came from. */
  readonly name: string;
  readonly operation: string;
  /** 'stock' = TensorFlow.js's own kernel. */
  readonly kernel: string;
  /** Share of zeros among its weights; undefined where it has none. */
  readonly sparsity: number | undefined;
}

/** A model for inputs of one shape, as a list of steps over one piece of memory. */
export interface Program {
  readonly steps: readonly Step[];
  /** Of activations, and of weights and tables. */
  readonly arenaBytes: number;
  readonly weightBytes: number;
  /** The outputs belong to the caller. */
  run(inputs: readonly TensorInfo[]): TensorInfo[];
  dispose(): void;
}

/** Writes one operation down as steps. */
function lower(builder: Builder, op: Operation): void {
  switch (op.kind) {
    case 'convolution':
      return convolution(builder, op);
    case 'product':
      return product(builder, op);
    case 'depthwise':
      return depthwise(builder, op);
    case 'pool':
      return pool(builder, op);
    case 'global-pool':
      return globalPool(builder, op);
    case 'affine':
      return affine(builder, op);
    case 'combine':
      return combine(builder, op);
    case 'scale':
      return scale(builder, op);
    case 'concatenate':
      return concatenate(builder, op);
    case 'pad':
      return pad(builder, op);
    case 'foreign':
      return foreign(builder, op);
  }
}

/** Fuses, lays out, plans the memory and encodes the weights. Kernels are chosen at the first run. */
export function build(heap: Heap, trace: Trace): Program {
  const results = trace.outputs.map(({ value }) => value);
  const builder = new Builder(trace);
  for (const op of fuse(recognise(trace), results)) lower(builder, op);
  const outputs = trace.outputs.map((use) => ({ use, value: trace.values[use.value] }));
  const constants = outputs.map(({ value }) => value.constant);
  const ends = outputs.map(({ use }, i) => (constants[i] ? undefined : builder.rows(use)));
  for (const end of ends) if (end) builder.keep(end);

  const store = openStore(heap);
  const bounds: Bound[] = [];
  const dispose = () => {
    for (const bound of bounds) bound.dispose?.();
    store.dispose();
  };
  let arenaBytes: number;
  try {
    arenaBytes = arrange(builder.buffers);
    const base = store.allocate(arenaBytes);
    for (const one of builder.buffers) one.address += base;
    for (const draft of builder.drafts) bounds.push(draft.bind(store));
  } catch (error) {
    dispose();
    throw error;
  }
  const start = (inputs: readonly TensorInfo[]) =>
    inputs.forEach((tensor, i) => (builder.input(i).address = offsetOf(heap, tensor)));

  return {
    arenaBytes,
    weightBytes: store.bytes - arenaBytes,
    get steps() {
      return builder.drafts.map(({ name, operation, sparsity }: Draft, i) => ({
        name,
        operation,
        kernel: bounds[i].kernel(),
        sparsity,
      }));
    },
    run(inputs) {
      start(inputs);
      for (const bound of bounds) bound.run();
      return outputs.map(({ use, value }, i) => {
        const out = heap.backend.makeOutput([...use.shape], value.dtype, undefined, constants[i]);
        const end = ends[i];
        // An address that is looked up last: the room for the output may have moved the memory.
        if (end) {
          const bytes = new Uint8Array(heap.memory.buffer);
          bytes.copyWithin(offsetOf(heap, out), end.address, end.address + end.bytes);
        }
        return out;
      });
    },
    dispose,
  };
}
