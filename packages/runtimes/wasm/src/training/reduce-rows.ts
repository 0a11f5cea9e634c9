import type * as tf from '@tensorflow/tfjs-core';
import { util } from '@tensorflow/tfjs-core';
import { type Kernel, type KernelCall, kernelFunc, view } from './tensors.js';

/** Enough rows to be worth a visit, few enough to stay in the cache while their columns are visited. */
const BLOCK = 64;

type Call = KernelCall<tf.SumInputs, tf.SumAttrs>;

/**
 * Sums over the leading axes, as the gradients of biases and batch norm ask for them: Σ over rows of X [rows, columns], in
 * float64 and rounded once. The stock kernel transposes X first. Other axes and types stay with it.
 */
export const sum: Kernel = (stock) => reduceRows(stock!, () => 1);

/** The mean over the leading axes, likewise. */
export const mean: Kernel = (stock) => reduceRows(stock!, (rows) => rows);

const reduceRows = (stock: tf.KernelConfig, divisor: (rows: number) => number) =>
  kernelFunc<tf.SumInputs, tf.SumAttrs>((call) => {
    const { inputs, attrs, backend }: Call = call;
    const leading = leadingAxes(inputs.x, attrs.axis);
    if (leading === 0) return stock.kernelFunc(call as never) as tf.TensorInfo;
    const [outer, inner] = [inputs.x.shape.slice(0, leading), inputs.x.shape.slice(leading)];
    const rows = util.sizeFromShape(outer);
    const out = backend.makeOutput(attrs.keepDims ? [...outer.map(() => 1), ...inner] : inner, 'float32');
    const sums = columnSums(view(backend, inputs.x), rows, inputs.x.size / rows);
    const by = divisor(rows);
    const values = view(backend, out);
    for (let c = 0; c < sums.length; c++) values[c] = sums[c] / by;
    return out;
  });

/** n where the axes are the first n of more than n, in float32; else 0. */
function leadingAxes(x: tf.Tensor, axis: number | number[]): number {
  if (x.dtype !== 'float32' || x.size === 0) return 0;
  const axes = util.parseAxisParam(axis, x.shape).sort((a, b) => a - b);
  return axes.length < x.rank && axes.every((a, i) => a === i) ? axes.length : 0;
}

function columnSums(x: Float32Array, rows: number, columns: number): Float64Array {
  const sums = new Float64Array(columns);
  for (let row = 0; row < rows; row += BLOCK) {
    const [start, end] = [row * columns, Math.min(rows, row + BLOCK) * columns];
    let c = 0;
    // Four columns at a time keep their sums in registers.
    for (; c + 4 <= columns; c += 4) {
      let [s0, s1, s2, s3] = [0, 0, 0, 0];
      for (let i = start + c; i < end; i += columns) {
        s0 += x[i];
        s1 += x[i + 1];
        s2 += x[i + 2];
        s3 += x[i + 3];
      }
      sums[c] += s0;
      sums[c + 1] += s1;
      sums[c + 2] += s2;
      sums[c + 3] += s3;
    }
    for (; c < columns; c++) for (let i = start + c; i < end; i += columns) sums[c] += x[i];
  }
  return sums;
}
