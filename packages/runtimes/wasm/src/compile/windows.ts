import { type Geometry, pixelsOf, tapsOf, sparsityOf } from '@espalier/kernels-kit';
import { patternOf } from '../kernels/pattern.js';
import { bordered, writeBorder } from './border.js';
import { NINE_JOB, TAP_JOB, WINDOW_MAX, WINDOW_MEAN, WINDOW_SUM } from '../abi/jobs.js';
import type { Builder } from './builder.js';
import { withCurve } from './curve.js';
import type { Store } from './memory.js';
import { type After, LINEAR } from '../kernels/activation.js';
import type { Depthwise, Pool } from './operation.js';

/** Depthwise convolution: plane by plane, with a border, every tap over whole rows. */
export function depthwise(builder: Builder, op: Depthwise): void {
  const { geometry: g } = op;
  const taps = tapsOf(g);
  // [taps, channels, multiplier] → [channels × multiplier, taps].
  const weights = new Float32Array(op.weights.length);
  for (let t = 0, i = 0; t < taps; t++) {
    for (let m = 0; m < g.outChannels; m++) weights[m * taps + t] = op.weights[i++];
  }
  windows(builder, op, {
    window: WINDOW_SUM,
    operation: 'depthwise convolution',
    outputs: g.outChannels,
    weights,
    bias: op.bias,
    fill: 0,
    after: op.after,
    sparsity: sparsityOf(patternOf(op.weights, g.outChannels)),
  });
}

export function pool(builder: Builder, op: Pool): void {
  const { geometry: g, of } = op;
  windows(builder, op, {
    window: of === 'max' ? WINDOW_MAX : WINDOW_MEAN,
    operation: `${of} pooling`,
    outputs: g.inChannels,
    weights: of === 'max' ? new Float32Array(1) : factors(g),
    bias: new Float32Array(1),
    fill: of === 'max' ? -Infinity : 0,
    after: LINEAR,
  });
}

/** For each output pixel of an image, one over the number of its window's pixels that lie inside the image. */
function factors(g: Geometry): Float32Array {
  const inside = (out: number, stride: number, before: number, size: number, dilation: number, limit: number) => {
    const first = out * stride - before;
    let count = 0;
    for (let i = 0; i < size; i++) if (first + i * dilation >= 0 && first + i * dilation < limit) count++;
    return count;
  };
  return Float32Array.from({ length: g.outHeight * g.outWidth }, (_, i) => {
    const [h, w] = [Math.floor(i / g.outWidth), i % g.outWidth];
    const high = inside(h, g.strideHeight, g.top, g.kernelHeight, g.dilationHeight, g.inHeight);
    const wide = inside(w, g.strideWidth, g.left, g.kernelWidth, g.dilationWidth, g.inWidth);
    return 1 / (high * wide);
  });
}

interface Windows {
  readonly window: number;
  readonly operation: string;
  readonly outputs: number;
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  readonly fill: number;
  readonly after: After;
  readonly sparsity?: number;
}

function windows(builder: Builder, op: Depthwise | Pool, w: Windows): void {
  const { geometry: g } = op;
  if (w.window === WINDOW_SUM && isNine(g)) return nine(builder, op, w);
  const x = builder.planes(op.x);
  const y = builder.makePlanes(op.output, w.outputs, pixelsOf(g));
  const border = bordered(g);
  const scratch = builder.temporary(border.bytes);
  const bind = (store: Store) => {
    const { heap } = store;
    const rowBytes = 4 * border.columns;
    const job = store.job(TAP_JOB, {
      ...g,
      ...w.after,
      window: w.window,
      multiplier: w.outputs / g.inChannels,
      taps: border.taps.length,
      rowBytes,
      imageBytes: rowBytes * border.rows,
      inStride: x.stride,
      outStride: y.stride,
      offsets: store.words(border.taps),
      weights: store.floats(w.weights),
      bias: store.floats(w.bias),
      border: writeBorder(store, border, w.fill),
      scratch: scratch.address,
    });
    return withCurve(store, w.after, y, () => heap.kernels.taps(job, x.buffer.address, y.buffer.address));
  };
  builder.add(draftOf(op, w, bind), [x.buffer, scratch], [y.buffer]);
}

const draftOf = ({ name }: Depthwise | Pool, { operation, sparsity }: Windows, bind: (store: Store) => () => void) => ({
  name,
  operation,
  sparsity,
  bind: (store: Store) => ({ kernel: () => 'planes', run: bind(store) }),
});

/** 3×3, and no output reads more than one column beside the image. */
const isNine = (g: Geometry) =>
  g.kernelHeight === 3 &&
  g.kernelWidth === 3 &&
  g.dilationHeight === 1 &&
  g.dilationWidth === 1 &&
  g.strideHeight === g.strideWidth &&
  g.strideHeight <= 2 &&
  g.left <= 1 &&
  (g.outWidth - 1) * g.strideWidth + 2 - g.left <= g.inWidth;

/** Without a copy: what lies beside the image is masked, what lies above or below it is a row of zeros. */
function nine(builder: Builder, op: Depthwise | Pool, w: Windows): void {
  const { geometry: g } = op;
  const x = builder.planes(op.x);
  const y = builder.makePlanes(op.output, w.outputs, pixelsOf(g));
  const bind = (store: Store) => {
    const { heap } = store;
    const job = store.job(NINE_JOB, {
      ...g,
      ...w.after,
      stride: g.strideWidth,
      multiplier: w.outputs / g.inChannels,
      inStride: x.stride,
      outStride: y.stride,
      weights: store.floats(w.weights),
      bias: store.floats(w.bias),
      zeros: store.floats(new Float32Array(4 * g.outWidth + 32)) + 16,
      masks: store.words(masks(g)),
    });
    return withCurve(store, w.after, y, () => heap.kernels.nine(job, x.buffer.address, y.buffer.address));
  };
  builder.add(draftOf(op, w, bind), [x.buffer], [y.buffer]);
}

/** All ones where the input of a tap's column lies inside the image: for a row's first four outputs, then for its last vector. */
function masks(g: Geometry): number[] {
  const last = 4 * Math.floor((g.outWidth - 1) / 4);
  return [0, last].flatMap((first) =>
    [0, 1, 2].flatMap((tap) =>
      [0, 1, 2, 3].map((lane) => {
        const column = (first + lane) * g.strideWidth + tap - g.left;
        return column >= 0 && column < g.inWidth ? 0xffffffff : 0;
      }),
    ),
  );
}
