import { util } from '@tensorflow/tfjs-core';
import { type Builder, type Planes } from './builder.js';
import { curveOverPlanes, curveOverRows } from './curve.js';
import type { Buffer } from './memory.js';
import {
  type Affine,
  type Combine,
  COMBINATIONS,
  type Concatenate,
  type GlobalPool,
  type Pad,
  type Scale,
} from './operation.js';
import { writeBorder } from './border.js';
import type { Use } from './trace.js';

const channelsOf = ({ shape }: Use) => shape.at(-1) ?? 1;
const pixelsOf = (use: Use) => util.sizeFromShape([...use.shape]) / channelsOf(use);

export function affine(builder: Builder, op: Affine): void {
  const [channels, pixels] = [channelsOf(op.x), pixelsOf(op.x)];
  const { low, high } = op.after;
  if (builder.hasPlanes(op.x)) {
    const x = builder.planes(op.x);
    const y = builder.makePlanes(op.output, channels, pixels);
    builder.step(op.name, 'affine', 'planes', [x.buffer], [y.buffer], (store) => {
      const [scale, shift] = [store.floats(op.scale), store.floats(op.shift)];
      const curve = curveOverPlanes(store, op.after, y);
      const { kernels } = store.heap;
      return () => {
        kernels.affinePlanes(x.buffer.address, y.buffer.address, channels, pixels, x.stride, scale, shift, low, high);
        curve?.();
      };
    });
    return;
  }
  const x = builder.rows(op.x);
  const y = builder.makeRows(op.output);
  builder.step(op.name, 'affine', 'rows', [x], [y], (store) => {
    const [scale, shift] = [store.floats(op.scale), store.floats(op.shift)];
    const curve = curveOverRows(store, op.after, y, pixels, channels);
    const { kernels } = store.heap;
    return () => {
      kernels.affineRows(x.address, y.address, pixels, channels, scale, shift, low, high);
      curve?.();
    };
  });
}

/** On planes where one of both has them, else on rows. */
export function combine(builder: Builder, op: Combine): void {
  const code = COMBINATIONS.indexOf(op.of);
  const { low, high } = op.after;
  const [channels, pixels] = [channelsOf(op.a), pixelsOf(op.a)];
  if (builder.hasPlanes(op.a) || builder.hasPlanes(op.b)) {
    const [a, b] = [builder.planes(op.a), builder.planes(op.b)];
    const y = builder.makePlanes(op.output, channels, pixels);
    const count = (channels * y.stride) / 4;
    builder.step(op.name, op.of, 'planes', [a.buffer, b.buffer], [y.buffer], (store) => {
      const curve = curveOverPlanes(store, op.after, y);
      const { kernels } = store.heap;
      return () => {
        kernels.combine(code, a.buffer.address, b.buffer.address, y.buffer.address, count, low, high);
        curve?.();
      };
    });
    return;
  }
  const [a, b] = [builder.rows(op.a), builder.rows(op.b)];
  const y = builder.makeRows(op.output);
  builder.step(op.name, op.of, 'rows', [a, b], [y], (store) => {
    const curve = curveOverRows(store, op.after, y, pixels, channels);
    const { kernels } = store.heap;
    return () => {
      kernels.combine(code, a.address, b.address, y.address, channels * pixels, low, high);
      curve?.();
    };
  });
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
  if (pixels < 8 && !op.xs.some((use) => builder.hasPlanes(use))) {
    const xs = op.xs.map((use): [Buffer, number] => [builder.rows(use), channelsOf(use)]);
    const y = builder.makeRows(op.output);
    builder.step(
      op.name,
      'concatenate',
      'rows',
      xs.map(([buffer]) => buffer),
      [y],
      ({ heap }) =>
        () => {
          let to = y.address >>> 2;
          for (let n = 0; n < pixels; n++) {
            for (const [{ address }, size] of xs) {
              const from = (address >>> 2) + n * size;
              heap.floats().copyWithin(to, from, from + size);
              to += size;
            }
          }
        },
    );
    return;
  }
  const xs = op.xs.map((use): Planes => builder.planes(use));
  const y = builder.makePlanes(op.output, channels, pixels);
  builder.step(
    op.name,
    'concatenate',
    'planes',
    xs.map(({ buffer }) => buffer),
    [y.buffer],
    ({ heap }) =>
      () => {
        let to = y.buffer.address >>> 2;
        for (const { buffer, channels, stride } of xs) {
          const [from, count] = [buffer.address >>> 2, (channels * stride) / 4];
          heap.floats().copyWithin(to, from, from + count);
          to += count;
        }
      },
  );
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
