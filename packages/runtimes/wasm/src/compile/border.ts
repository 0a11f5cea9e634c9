import type { Geometry } from '@espalier/kernels-kit';
import { BORDER_JOB } from '../abi/jobs.js';
import type { Job } from '../abi/write-job.js';
import { planeBytes } from './builder.js';
import type { Store } from './memory.js';

/** What the copy needs to know, but for what lies outside the image. */
type BorderCopy = Omit<Job<typeof BORDER_JOB>, 'fill'>;

/** Planes with zeros around them, and one plane for each phase of the stride, so that all taps are read with stride 1. */
export interface Border extends BorderCopy {
  /** Of all phases of one channel. */
  readonly bytes: number;
  /** Bytes from the first pixel that an output reads to each tap, row by row. */
  readonly taps: readonly number[];
}

/** Phases that some tap falls on. */
const phases = (size: number, stride: number, dilation: number) =>
  size === 1 ? 1 : dilation === 1 ? Math.min(size, stride) : stride;

export function bordered(g: Geometry): Border {
  const phasesHeight = phases(g.kernelHeight, g.strideHeight, g.dilationHeight);
  const phasesWidth = phases(g.kernelWidth, g.strideWidth, g.dilationWidth);
  const rows = g.outHeight + Math.floor(((g.kernelHeight - 1) * g.dilationHeight) / g.strideHeight);
  const columns = g.outWidth + Math.floor(((g.kernelWidth - 1) * g.dilationWidth) / g.strideWidth);
  const bytes = planeBytes(g.batch * rows * columns);
  const taps: number[] = [];
  for (let i = 0; i < g.kernelHeight; i++) {
    for (let j = 0; j < g.kernelWidth; j++) {
      const [h, w] = [i * g.dilationHeight, j * g.dilationWidth];
      const phase = (h % g.strideHeight) * phasesWidth + (w % g.strideWidth);
      taps.push(phase * bytes + 4 * (Math.floor(h / g.strideHeight) * columns + Math.floor(w / g.strideWidth)));
    }
  }
  const all = phasesHeight * phasesWidth * bytes;
  return { ...g, phasesHeight, phasesWidth, rows, columns, planeBytes: bytes, bytes: all, taps };
}

/** `fill` is what lies outside the image. */
export const writeBorder = (store: Store, border: BorderCopy, fill = 0): number =>
  store.job(BORDER_JOB, { ...border, fill });
