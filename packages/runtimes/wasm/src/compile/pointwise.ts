import { sizeOf } from '@espalier/core';
import type { Builder } from './builder.js';
import { type Laid, withCurve } from './curve.js';
import { COMBINATIONS } from '../abi/jobs.js';
import type { Buffer, Store } from './memory.js';
import { type Affine, type Combine, type Concatenate, type GlobalPool, type Pad, type Scale } from './operation.js';
import { writeBorder } from './border.js';
import type { Use } from './trace.js';

const channelsOf = ({ shape }: Use) => shape.at(-1) ?? 1;
const pixelsOf = (use: Use) => sizeOf(use.shape) / channelsOf(use);

/** On planes where one of the values has them, else on rows; then the curve that follows, if any. */
function onEither(
  builder: Builder,
  op: Affine | Combine,
  operation: string,
  uses: readonly Use[],
  make: (store: Store, xs: readonly Buffer[], y: Laid) => () => void,
): void {
  const [channels, pixels] = [channelsOf(uses[0]), pixelsOf(uses[0])];
  const hasPlanes = uses.some((use) => builder.hasPlanes(use));
  const xs = uses.map((use) => (hasPlanes ? builder.planes(use).buffer : builder.rows(use)));
  const y: Laid = hasPlanes
    ? builder.makePlanes(op.output, channels, pixels)
    : { buffer: builder.makeRows(op.output), channels, pixels };
  builder.step(op.name, operation, hasPlanes ? 'planes' : 'rows', xs, [y.buffer], (store) =>
    withCurve(store, op.after, y, make(store, xs, y)),
  );
}

export function affine(builder: Builder, op: Affine): void {
  const { low, high } = op.after;
  onEither(builder, op, 'affine', [op.x], (store, [x], { buffer: y, channels, pixels, stride }) => {
    const [scale, shift] = [store.floats(op.scale), store.floats(op.shift)];
    const { kernels } = store.heap;
    return stride
      ? () => kernels.affinePlanes(x.address, y.address, channels, pixels, stride, scale, shift, low, high)
      : () => kernels.affineRows(x.address, y.address, pixels, channels, scale, shift, low, high);
  });
}

export function combine(builder: Builder, op: Combine): void {
  const code = COMBINATIONS.indexOf(op.of);
  const { low, high } = op.after;
  onEither(
    builder,
    op,
    op.of,
    [op.a, op.b],
    ({ heap: { kernels } }, [a, b], { buffer: y, channels, pixels, stride }) => {
      const count = channels * (stride ? stride / 4 : pixels);
      return () => kernels.combine(code, a.address, b.address, y.address, count, low, high);
    },
  );
}

export function scale(builder: Builder, op: Scale): void {
  const x = builder.planes(op.x);
  const factors = builder.rows(op.factors);
  const y = builder.makePlanes(op.output, x.channels, x.pixels);
  const images = op.x.shape[0];
  builder.step(op.name, 'scale', 'planes', [x.buffer, factors], [y.buffer], ({ heap: { kernels } }) => () => {
    const [from, to] = [x.buffer.address, y.buffer.address];
    kernels.scalePlanes(from, to, factors.address, x.channels, images, x.pixels / images, x.stride);
  });
}

/** Planes behind planes; rows only where nothing has planes and there are few. */
export function concatenate(builder: Builder, op: Concatenate): void {
  const pixels = pixelsOf(op.xs[0]);
  const channels = op.xs.reduce((sum, use) => sum + channelsOf(use), 0);
  const asRows = pixels < 8 && !op.xs.some((use) => builder.hasPlanes(use));
  // Floats that stay together: the channels of a pixel, or all planes of a value.
  const parts = op.xs.map((use) => {
    if (asRows) return { buffer: builder.rows(use), size: channelsOf(use) };
    const { buffer, channels: own, stride } = builder.planes(use);
    return { buffer, size: (own * stride) / 4 };
  });
  const y = asRows ? builder.makeRows(op.output) : builder.makePlanes(op.output, channels, pixels).buffer;
  const rounds = asRows ? pixels : 1;
  const reads = parts.map(({ buffer }) => buffer);
  builder.step(op.name, 'concatenate', asRows ? 'rows' : 'planes', reads, [y], ({ heap }) => () => {
    let to = y.address >>> 2;
    for (let n = 0; n < rounds; n++) {
      for (const { buffer, size } of parts) {
        const from = (buffer.address >>> 2) + n * size;
        heap.floats().copyWithin(to, from, from + size);
        to += size;
      }
    }
  });
}

export function globalPool(builder: Builder, op: GlobalPool): void {
  const x = builder.planes(op.x);
  const y = builder.makeRows(op.output);
  const images = op.x.shape[0];
  builder.step(op.name, `global ${op.of} pooling`, 'planes', [x.buffer], [y], ({ heap: { kernels } }) => () => {
    const maximum = op.of === 'max' ? 1 : 0;
    kernels.poolPlanes(maximum, x.buffer.address, y.address, x.channels, images, x.pixels / images, x.stride);
  });
}

/** Zeros around the image that no convolution could take over, and planes of zeros. */
export function pad(builder: Builder, op: Pad): void {
  const x = builder.planes(op.x);
  const [batch, inHeight, inWidth] = op.x.shape;
  const y = builder.makePlanes(op.output, op.channels, batch * op.height * op.width);
  builder.step(op.name, 'pad', 'planes', [x.buffer], [y.buffer], (store) => {
    const one = { strideHeight: 1, strideWidth: 1, phasesHeight: 1, phasesWidth: 1 };
    const size = { rows: op.height, columns: op.width, planeBytes: y.stride };
    const job = writeBorder(store, { batch, inHeight, inWidth, top: op.top, left: op.left, ...one, ...size });
    const { heap } = store;
    const clear = (from: number, to: number) => heap.floats().fill(0, from >>> 2, to >>> 2);
    return () => {
      const start = y.buffer.address;
      const first = start + op.before * y.stride;
      const behind = first + x.channels * y.stride;
      clear(start, first);
      heap.kernels.borders(job, x.buffer.address, x.stride, first, x.channels);
      clear(behind, start + op.channels * y.stride);
    };
  });
}
