import { override, wrapMethod } from '@espalier/core/kernels';
import { Identity, Slice, slice_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { offsetOf } from './activation.js';
import type { Heap } from './heap.js';

/** The kernels of TensorFlow.js that copy more than is asked for. */
export const SHARED = [Slice, Identity];

/** Data that tensors share instead of copying it, while a model predicts. */
export interface Sharing {
  /** Turns it on inside the methods of a model that copy. The function returned turns it off. */
  during(model: object): () => void;
  close(): void;
}

/** Of a tf.LayersModel and a tf.GraphModel. */
const METHODS = ['predict', 'predictOnBatch', 'evaluate', 'execute'];

type Model = Record<string, (...args: never[]) => unknown>;

/**
 * A tf.LayersModel slices every batch out of its input and copies its output once more, and the stock Slice copies all of the input for
 * each batch: of a net whose layers are fast that is a fifth of the time, of ten thousand images most. Tensors never change, so
 * a whole one can answer with the data that is there, as TensorFlow.js's Reshape does.
 */
export function sharedData(heap: Heap): Sharing {
  const { backend } = heap;
  let depth = 0;

  /** `count` values from `start` on; all of them need no copy. */
  function part(x: TensorInfo, start: number, shape: number[]): TensorInfo {
    const count = util.sizeFromShape(shape);
    if (count === util.sizeFromShape(x.shape)) {
      backend.incRef(x.dataId);
      return { ...x, shape };
    }
    const out = backend.makeOutput(shape, x.dtype);
    const from = (offsetOf(heap, x) >>> 2) + start;
    heap.floats().copyWithin(offsetOf(heap, out) >>> 2, from, from + count);
    return out;
  }

  const undo = SHARED.map((name) =>
    override(name, 'wasm', ({ inputs, attrs, backend: other }) => {
      const x = inputs.x as TensorInfo;
      // Those whose values have four bytes.
      if (depth === 0 || other !== backend || (x.dtype !== 'float32' && x.dtype !== 'int32')) return undefined;
      const { begin = [], size = x.shape } = (attrs ?? {}) as { begin?: number[]; size?: number[] };
      const [from, shape] = slice_util.parseSliceParams(x, begin, size);
      const fits = shape.every((length, axis) => from[axis] + length <= x.shape[axis]);
      if (!fits || !slice_util.isSliceContinous(x.shape, from, shape)) return undefined;
      return part(x, slice_util.computeFlatOffset(from, util.computeStrides(x.shape)), shape);
    }),
  );

  const within =
    (stock: Model[string]): Model[string] =>
    (...args) => {
      depth++;
      try {
        return stock(...args);
      } finally {
        depth--;
      }
    };

  return {
    during(model) {
      const wrapped = METHODS.filter((name) => name in model).map((name) => wrapMethod(model as Model, name, within));
      return () => wrapped.forEach((back) => back());
    },
    close: () => undo.forEach((back) => back()),
  };
}
