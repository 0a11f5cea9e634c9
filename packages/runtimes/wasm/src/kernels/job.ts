import { type Geometry, isProduct } from '@espalier/kernels-kit';
import type { Encoded } from './format.js';
import { GEOMETRY_FIELDS } from './geometry-fields.js';
import type { Heap } from './heap.js';
import type { Scratch } from './scratch.js';

/** Words of assembly/job.ts. */
export const JOB_WORDS = 1 + GEOMETRY_FIELDS.length + 9;

/** Weights after their job, and what the job in memory was written for. */
interface Written extends Encoded {
  geometry?: Geometry;
  scratch?: Scratch;
}

/** Writes the job at the encoding's place, unless it stands there already. */
export function writeJob(
  heap: Heap,
  encoded: Encoded,
  g: Geometry,
  scratch: Scratch,
  { kind, block, steps, counts }: { kind: number; block: number; steps: number; counts: number },
): void {
  const last = encoded as Written;
  if (last.geometry === g && last.scratch === scratch) return;
  const { panel, sums, pointers, biases, zeros } = scratch;
  const shape = GEOMETRY_FIELDS.map((field) => g[field]);
  const job = [kind, ...shape, isProduct(g) ? 1 : 0, block, steps, counts, panel, sums, pointers, biases, zeros];
  heap.words().set(job, encoded.offset >>> 2);
  last.geometry = g;
  last.scratch = scratch;
}
