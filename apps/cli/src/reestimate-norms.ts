import type { Batch, MaskHandle, Reestimated } from '@espalier/core';
import type { AnyPrunable } from './adapted.js';
import { note, task } from './ui.js';

/** Gives the batch norms of a pruned model the statistics that they see now, and says where there are none. */
export async function reestimateNorms(
  model: AnyPrunable,
  batches: () => AsyncIterable<Batch>,
  handles: readonly MaskHandle[],
): Promise<Reestimated & { readonly notes: readonly string[] }> {
  const found = await task(
    'estimate batch norms again',
    (bar) =>
      model.reestimateNorms({
        batches,
        handles,
        onPass: ({ pass, passes }) => bar.update(pass, passes, `pass ${pass}`),
      }),
    ({ layers, passes }) => `${layers.length} in ${passes} passes over the data`,
  );
  const notes =
    found.layers.length > 0
      ? []
      : ['--reestimate-norms: the model has no batch norm with statistics of its own, so nothing was estimated again'];
  notes.forEach((text) => note(text));
  return { ...found, notes };
}
