import { say } from '../notes.js';
import {
  applyPermutation,
  listNotes,
  type Batch,
  protect,
  type PrunableModel,
  type Scorer,
  scoreModel,
  UsageError,
} from '@espalier/core';
import { findPermutation, PERMUTATION_DEFAULTS, type PermutedGroup } from '@espalier/strategy-nm';
import { given } from '../budget/resolve.js';
import { type Settings, valueOf } from '../options/table.js';
import type { Host } from './host.js';

/** Reorders the channels of the model so that N:M keeps more; what it computes stays the same. */
export async function permute(
  model: PrunableModel,
  settings: Settings,
  scorer: Scorer,
  batches: () => AsyncIterable<Batch>,
  { task, note }: Pick<Host, 'task' | 'note'>,
): Promise<readonly PermutedGroup[]> {
  const [keep, group] = [valueOf(settings, 'keep')!, valueOf(settings, 'group')!];
  const moves = typeof settings.permute === 'number' ? settings.permute : PERMUTATION_DEFAULTS.moves;
  const found = await task(
    `permute channels for ${keep}:${group}`,
    async (bar) => {
      const scores = await scoreModel(scorer, { model, batches });
      const result = await findPermutation(
        { ...protect(model, given(settings)), scores },
        {
          ...{ keep, group, moves, seed: valueOf(settings, 'seed')! },
          onProgress: (done, total, id) => bar.update(done, total, id),
        },
      );
      await applyPermutation(model, result.permutation);
      return result;
    },
    ({ groups }) => outcomeOf(groups),
  );
  found.notes.forEach(note);
  if (found.groups.length > 0) return found.groups;
  const [why, fix] = [listNotes(found.notes, found.notes.length), 'leave permute out'];
  const message = why ? say('nothing-to-permute-as', { why, fix }) : say('nothing-to-permute', { fix });
  throw new UsageError('nothing-to-permute', message, {
    where: 'permute',
    fix,
  });
}

function outcomeOf(groups: readonly PermutedGroup[]): string {
  const sum = (of: (group: PermutedGroup) => number) => groups.reduce((total, group) => total + of(group), 0);
  const gain =
    sum(({ after }) => after) /
      Math.max(
        1e-30,
        sum(({ before }) => before),
      ) -
    1;
  return `${groups.length} groups of channels, kept scores +${(100 * gain).toFixed(2)}%`;
}
