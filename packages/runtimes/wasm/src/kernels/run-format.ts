import { type Call, pixelsOf } from '@espalier/kernels-kit';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { AFTER, finish, offsetOf } from './activation.js';
import type { Encoded, Format } from './format.js';
import type { Heap } from './heap.js';
import type { Needs, ScratchSpace } from './scratch.js';

/** One call on weights that are encoded: the sums, then what the activation needs beyond a clamp. The result belongs to the caller. */
export function runFormat(
  heap: Heap,
  space: ScratchSpace,
  format: Format,
  encoded: Encoded,
  needs: Needs,
  { geometry, x, bias, activation, outShape }: Call,
): TensorInfo {
  const scratch = space.reserve(needs);
  const out = heap.backend.makeOutput([...outShape], 'float32');
  const [from, y] = [offsetOf(heap, x), offsetOf(heap, out)];
  const biases = bias ? offsetOf(heap, bias) : scratch.zeros;
  const { low, high } = AFTER[activation.name];
  format.run(heap, encoded, geometry, scratch, from, y, biases, low, high);
  finish(heap, activation, y, pixelsOf(geometry), geometry.outChannels, scratch.slopes);
  return out;
}
