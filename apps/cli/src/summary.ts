import { type Run, type Settings, valueOf } from '@espalier/pipeline';
import type { Opened } from './open.js';

/** What `prune` and `train` say of their work, as JSON says it. */
export function summaryOf({ name, backend, testName }: Opened, settings: Settings, done: Run) {
  const { summary, pruned, budget, roundTo, permuted, reestimated, accuracy, training } = done;
  return {
    model: name,
    strategy: done.strategy,
    scorer: done.scorer,
    repair: valueOf(settings, 'repair')!,
    backend,
    sparsity: summary.sparsity,
    params: summary.params,
    macs: summary.macs,
    ...(budget && { budget: { ...budget, ...(roundTo !== undefined && { roundTo }) } }),
    ...(roundTo !== undefined && { roundTo }),
    layers: summary.layers.map(({ id, shape, size, kept, threshold }) => ({ id, shape, size, kept, threshold })),
    ...(permuted && { permuted }),
    ...(reestimated && { reestimated }),
    ...(pruned.history && { history: pruned.history }),
    ...(summary.channels && { channels: summary.channels }),
    ...(summary.branches && { branches: summary.branches }),
    ...(accuracy && { accuracy, testedOn: testName }),
    ...(training && { training }),
    skipped: summary.skipped,
    notes: done.notes,
  };
}
