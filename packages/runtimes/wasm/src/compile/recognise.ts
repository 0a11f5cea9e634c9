import type { Operation } from './operation.js';
import { nameOf, Reader, type Rule } from './reader.js';
import { IMAGES } from './recognise-images.js';
import { POINTWISE } from './recognise-pointwise.js';
import { SUMS } from './recognise-sums.js';
import type { KernelRun, Trace, Value } from './trace.js';

const RULES: Readonly<Record<string, Rule>> = { ...SUMS, ...POINTWISE, ...IMAGES };

/** A trace's kernels as operations over planes where one is known, as they are elsewhere. */
export function recognise({ values, runs }: Trace): Operation[] {
  return runs.map((run) => RULES[run.kernel]?.(new Reader(run, values)) ?? foreign(run, values));
}

const foreign = (run: KernelRun, values: readonly Value[]): Operation => ({
  kind: 'foreign',
  name: nameOf(run.kernel, run.inputs, values),
  ...run,
});
