import { CURVES } from '../abi/jobs.js';
import type { After } from '../kernels/activation.js';
import type { Planes } from './builder.js';
import type { Store } from './memory.js';

/** Planes, or rows where there is no stride between planes. */
export type Laid = Omit<Planes, 'stride'> & Partial<Planes>;

/** `run`, and a pass over the y that it has written, for functions that are more than a clamp. */
export function withCurve(store: Store, { curve, slopes }: After, y: Laid, run: () => void): () => void {
  if (!curve) return run;
  const { buffer, channels, pixels, stride } = y;
  const { kernels } = store.heap;
  const table = store.floats(slopes ?? new Float32Array(channels));
  const code = CURVES.indexOf(curve);
  return () => {
    run();
    if (stride) kernels.activatePlanes(code, buffer.address, channels, pixels, stride, table);
    else kernels.activate(code, buffer.address, pixels, channels, table);
  };
}
