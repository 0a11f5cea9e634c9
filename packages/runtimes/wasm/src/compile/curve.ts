import type { Planes } from './builder.js';
import type { Buffer, Store } from './memory.js';
import { type After, CURVES } from '../kernels/activation.js';

/** The pass over what a step has written, for functions that are more than a clamp. */
export function curveOverPlanes(store: Store, { curve, slopes }: After, y: Planes): (() => void) | undefined {
  if (!curve) return undefined;
  const { heap } = store;
  const table = store.floats(slopes ?? new Float32Array(y.channels));
  const code = CURVES.indexOf(curve);
  return () => heap.kernels.activatePlanes(code, y.buffer.address, y.channels, y.pixels, y.stride, table);
}

export function curveOverRows(
  store: Store,
  { curve, slopes }: After,
  y: Buffer,
  pixels: number,
  channels: number,
): (() => void) | undefined {
  if (!curve) return undefined;
  const { heap } = store;
  const table = store.floats(slopes ?? new Float32Array(channels));
  const code = CURVES.indexOf(curve);
  return () => heap.kernels.activate(code, y.address, pixels, channels, table);
}
