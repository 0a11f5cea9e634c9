import * as tf from '@tensorflow/tfjs-core';

/** How many values a piece may have, unless one sample alone has more. */
const PIECE = 1 << 21;

/** What unfolds the input of a layer, a batch of it at a time, into the rows that one of its kernels multiplies. */
export type Unfold = (input: tf.Tensor) => tf.Tensor2D;

/** A window as it moves over the sizes between the batch and the channels. */
export interface PatchSettings {
  readonly window: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  /** 'same', 'valid', or how much is added before and behind each size. */
  readonly padding: string | readonly (readonly [number, number])[];
}

/** The inputs' rows in pieces of at most 2²¹ values. Each belongs to the iterator; the inputs are borrowed. */
export async function* piecesOf(inputs: readonly tf.Tensor[], unfold: Unfold): AsyncGenerator<tf.Tensor2D> {
  for (const input of inputs) {
    const samples = input.shape[0];
    // One sample says how many fit into a piece.
    let step = 1;
    let at = 0;
    while (at < samples) {
      const count = Math.min(step, samples - at);
      const piece = tf.tidy(() => unfold(tf.slice(input, at, count)));
      try {
        yield piece;
      } finally {
        piece.dispose();
      }
      step = Math.max(1, Math.floor((PIECE * count) / Math.max(1, piece.size)));
      at += count;
    }
  }
}

/** [n, …sizes, channels] → [positions, window · channels]: shifted, strided views of the padded input, side by side. */
export function patches(input: tf.Tensor, { window, stride, dilation, padding }: PatchSettings): tf.Tensor2D {
  const sizes = input.shape.slice(1, -1);
  const reach = window.map((size, axis) => (size - 1) * dilation[axis] + 1);
  const pads = sizes.map((size, axis) =>
    typeof padding === 'string' ? padsOf(padding, size, reach[axis], stride[axis]) : padding[axis],
  );
  const padded = tf.pad(input, [[0, 0], ...pads.map(([before, after]): [number, number] => [before, after]), [0, 0]]);
  const out = sizes.map(
    (size, axis) => Math.floor((size + pads[axis][0] + pads[axis][1] - reach[axis]) / stride[axis]) + 1,
  );
  const views = offsetsIn(window).map((offset) => {
    const begin = offset.map((at, axis) => at * dilation[axis]);
    const end = begin.map((at, axis) => at + (out[axis] - 1) * stride[axis] + 1);
    const [samples, channels] = [input.shape[0], input.shape[input.rank - 1]];
    return tf.stridedSlice(padded, [0, ...begin, 0], [samples, ...end, channels], [1, ...stride, 1]);
  });
  return tf.reshape(tf.concat(views, -1), [-1, views.length * input.shape[input.rank - 1]]);
}

/** Every position in the window, the last axis fastest. */
function offsetsIn(window: readonly number[]): number[][] {
  return window.reduce<number[][]>(
    (offsets, size) => offsets.flatMap((offset) => Array.from({ length: size }, (_, at) => [...offset, at])),
    [[]],
  );
}

function padsOf(padding: string, size: number, reach: number, stride: number): [number, number] {
  if (padding !== 'same') return [0, 0];
  const missing = Math.max(0, (Math.ceil(size / stride) - 1) * stride + reach - size);
  return [Math.floor(missing / 2), missing - Math.floor(missing / 2)];
}
