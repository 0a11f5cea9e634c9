import * as tf from '@tensorflow/tfjs-core';
import { offsetOf } from '../kernels/activation.js';
import type { Builder } from './builder.js';
import type { Store } from './memory.js';
import type { Foreign } from './operation.js';
import { Untraceable, type Value } from './trace.js';

/** A kernel that is TensorFlow.js's own: its inputs are copied to tensors, and what it gives is copied back. */
export function foreign(builder: Builder, op: Foreign): void {
  const { values } = builder.trace;
  const given = Object.entries(op.inputs).map(([name, use]) => {
    const value = use && values[use.value];
    return { name, use, value, from: value && !value.constant ? builder.rows(use!) : undefined };
  });
  const ys = op.outputs.map((output) => builder.makeRows(output));
  const reads = given.flatMap(({ from }) => from ?? []);
  const bind = (store: Store) => {
    const { heap } = store;
    const { backend } = heap;
    const constants = new Map<string, tf.TensorInfo>();
    for (const { name, use, value } of given) {
      if (value?.constant) constants.set(name, tensorOf(store, use!.shape, value));
    }
    const inputs = () =>
      Object.fromEntries(
        given.flatMap(({ name, use, value, from }): [string, tf.TensorInfo][] => {
          if (!use) return [];
          const constant = constants.get(name);
          if (constant) return [[name, constant]];
          const made = backend.makeOutput([...use.shape], value!.dtype);
          copy(store, from!.address, offsetOf(heap, made), from!.bytes);
          return [[name, made]];
        }),
      );
    return {
      kernel: () => 'stock',
      run() {
        const made = inputs();
        const list = Object.values(made) as unknown as tf.NamedTensorInfoMap;
        const { kernelFunc } = tf.getKernel(op.kernel, 'wasm');
        const results = [kernelFunc({ inputs: op.listed ? list : made, attrs: op.attrs, backend })].flat();
        const same = results.every(({ shape }, i) => tf.util.arraysEqual(shape, [...values[op.outputs[i]].shape]));
        if (same) results.forEach((result, i) => copy(store, offsetOf(heap, result), ys[i].address, ys[i].bytes));
        for (const { dataId } of results) backend.disposeData(dataId);
        for (const [name, { dataId }] of Object.entries(made)) if (!constants.has(name)) backend.disposeData(dataId);
        if (!same) throw new Untraceable(`the shape of what ${op.kernel} gives depends on values`);
      },
      dispose() {
        for (const { dataId } of constants.values()) backend.disposeData(dataId);
      },
    };
  };
  builder.add({ name: op.name, operation: op.kernel, bind }, reads, ys);
}

function tensorOf({ heap: { backend } }: Store, shape: readonly number[], { dtype, constant }: Value): tf.TensorInfo {
  return backend.makeOutput([...shape], dtype, undefined, constant);
}

function copy({ heap }: Store, from: number, to: number, bytes: number): void {
  new Uint8Array(heap.memory.buffer).copyWithin(to, from, from + bytes);
}
