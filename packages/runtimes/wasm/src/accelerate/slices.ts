import { sizeOf } from '@espalier/core';
import { override, wrapMethod } from '@espalier/kernels-kit';
import { Slice, slice_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { offsetOf } from '../kernels/activation.js';
import type { Heap } from '../kernels/heap.js';

/** Slices that copy what is asked for alone, while a model predicts. */
export interface Slices {
  /** Turns it on inside the methods of a model that slice. The function returned turns it off. */
  during(model: object): () => void;
  close(): void;
}

/** Of a tf.LayersModel and a tf.GraphModel. */
const METHODS = ['predict', 'predictOnBatch', 'evaluate', 'execute'];

type Model = Record<string, (...args: never[]) => unknown>;

/**
 * A tf.LayersModel slices every batch out of its input, and the stock Slice copies all of the input out of WebAssembly memory for
 * each, and then the slice: of a net whose layers are fast that is much of the time, of ten thousand images most. The slice is a copy
 * even where it is the whole: the stock BatchMatMul remembers its right operand by the data alone, so data under two shapes is not safe.
 */
export function quickSlices(heap: Heap): Slices {
  const { backend } = heap;
  let depth = 0;

  const close = override(Slice, 'wasm', ({ inputs, attrs, backend: other }) => {
    const x = inputs.x as TensorInfo;
    // Those whose values have four bytes.
    if (depth === 0 || other !== backend || (x.dtype !== 'float32' && x.dtype !== 'int32')) return undefined;
    const { begin, size } = attrs as unknown as { begin: number[]; size: number[] };
    const [from, shape] = slice_util.parseSliceParams(x, begin, size);
    const fits = shape.every((length, axis) => from[axis] + length <= x.shape[axis]);
    if (!fits || !slice_util.isSliceContinous(x.shape, from, shape)) return undefined;
    const out = backend.makeOutput(shape, x.dtype);
    const start = (offsetOf(heap, x) >>> 2) + slice_util.computeFlatOffset(from, util.computeStrides(x.shape));
    heap.floats().copyWithin(offsetOf(heap, out) >>> 2, start, start + sizeOf(shape));
    return out;
  });

  const within = (stock: Model[string]): Model[string] =>
    function (this: unknown, ...args) {
      depth++;
      try {
        return stock.apply(this, args);
      } finally {
        depth--;
      }
    };

  return {
    during(model) {
      const wrapped = METHODS.filter((name) => name in model).map((name) => wrapMethod(model as Model, name, within));
      return () => wrapped.forEach((back) => back());
    },
    close,
  };
}
