import { type Geometry, isProduct } from '@espalier/kernels-kit';
import { CONVOLVE_JOB } from '../abi/jobs.js';
import { type Job, writeJob } from '../abi/write-job.js';
import type { Encoded } from './format.js';
import type { Heap } from './heap.js';
import type { Scratch } from './scratch.js';

export const JOB_BYTES = 4 * CONVOLVE_JOB.length;

/** Weights behind their job, and what the job in memory was written for. */
interface Written extends Encoded {
  geometry?: Geometry;
  scratch?: Scratch;
}

/** Writes the job at the encoding's place, unless it stands there already. */
export function placeJob(
  heap: Heap,
  encoded: Encoded,
  geometry: Geometry,
  scratch: Scratch,
  weights: Pick<Job<typeof CONVOLVE_JOB>, 'format' | 'blockInputs' | 'steps' | 'counts'>,
): void {
  const last = encoded as Written;
  if (last.geometry === geometry && last.scratch === scratch) return;
  const linear = isProduct(geometry) ? 1 : 0;
  writeJob(heap, encoded.offset, CONVOLVE_JOB, { ...geometry, ...scratch, ...weights, linear });
  last.geometry = geometry;
  last.scratch = scratch;
}
