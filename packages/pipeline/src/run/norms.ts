import { say } from '../notes.js';
import type { Batch, MaskHandle, PrunableModel, Reestimated, Note } from '@espalier/core';
import type { Host } from './host.js';

/** Gives the batch norms of a pruned model the statistics that they see now, and says where there are none. */
export async function reestimateNorms(
  model: PrunableModel,
  batches: () => AsyncIterable<Batch>,
  handles: readonly MaskHandle[],
  { task, note }: Pick<Host, 'task' | 'note'>,
): Promise<Reestimated & { readonly notes: readonly Note[] }> {
  const none: Reestimated = { layers: [], passes: 0 };
  const found = await task(
    'estimate batch norms again',
    async (bar) =>
      (await model.reestimateNorms?.({
        batches,
        handles,
        onPass: ({ pass, passes }) => bar.update(pass, passes, `pass ${pass}`),
      })) ?? none,
    ({ layers, passes }) => `${layers.length} in ${passes} passes over the data`,
  );
  const notes = found.layers.length > 0 ? [] : [say('no-norms')];
  notes.forEach(note);
  return { ...found, notes };
}
