import * as tf from '@tensorflow/tfjs-core';
import { UsageError } from '@espalier/core';
import { type Kernel, kernelFunc, view, zeros } from './tensors.js';

/**
 * out[s, …] = Σ x[n, …] over the n with segmentIds[n] = s, for x [n, …] and ids [n]; ids outside [0, numSegments) count
 * nowhere. The gradient of gather, and so of embedding layers, needs it.
 */
export const unsortedSegmentSum: Kernel = () =>
  kernelFunc<tf.UnsortedSegmentSumInputs, tf.UnsortedSegmentSumAttrs>(({ inputs, attrs, backend }) => {
    const { x, segmentIds } = inputs;
    const { numSegments } = attrs;
    const [rows, ...inner] = x.shape;
    if (segmentIds.shape.length !== 1 || segmentIds.shape[0] !== rows) throw badIds(segmentIds.shape, rows);
    const out = zeros(backend, [numSegments, ...inner]);
    const [from, ids, to] = [view(backend, x), view(backend, segmentIds), view(backend, out)];
    const width = tf.util.sizeFromShape(inner);
    for (let n = 0; n < rows; n++) {
      if (ids[n] < 0 || ids[n] >= numSegments) continue;
      let [source, target] = [n * width, ids[n] * width];
      for (let i = 0; i < width; i++) to[target++] += from[source++];
    }
    return out;
  });

function badIds(shape: readonly number[], rows: number): UsageError {
  const [wanted, found] = [`[${rows}]`, `[${shape.join(', ')}]`];
  const fix = 'flatten the ids, and x with them';
  return new UsageError('segment-ids', `unsortedSegmentSum needs segmentIds of shape ${wanted}, got ${found}; ${fix}`, {
    where: 'segmentIds',
    wanted,
    found,
    fix,
  });
}
