import { applyPermutation, type Batch, protect, type Scorer, UsageError } from '@espalier/core';
import { findPermutation, NM_DEFAULTS, PERMUTATION_DEFAULTS, type PermutedGroup } from '@espalier/strategy-nm';
import type { AnyPrunable } from './adapted.js';
import { required } from './open.js';
import { note, task } from './ui.js';

export interface PermuteChoice {
  readonly scorer: Scorer;
  readonly keep?: number | undefined;
  readonly group?: number | undefined;
  readonly moves?: number | undefined;
  readonly seed: number;
  readonly ignore?: readonly string[] | undefined;
  readonly keepInputs?: readonly string[] | undefined;
  readonly data: (() => AsyncIterable<Batch>) | undefined;
}

/** Reorders the channels of the model so that N:M keeps more; what it computes stays the same. */
export async function permute(model: AnyPrunable, choice: PermuteChoice): Promise<readonly PermutedGroup[]> {
  const { scorer, data, moves = PERMUTATION_DEFAULTS.moves, seed, ignore = [], keepInputs = [] } = choice;
  const [keep, group] = [choice.keep ?? NM_DEFAULTS.keep, choice.group ?? NM_DEFAULTS.group];
  const found = await task(
    `permute channels for ${keep}:${group}`,
    async (bar) => {
      const scores = await scorer.score({
        model,
        batches: () => required(data, `--scorer ${scorer.name}`)(),
      });
      const selection = { ...protect(model, { ignore, keepInputs }), scores };
      const result = await findPermutation(selection, {
        keep,
        group,
        moves,
        seed,
        onProgress: (done, total, id) => bar.update(done, total, id),
      });
      await applyPermutation(model, result.permutation);
      return result;
    },
    ({ groups }) => outcomeOf(groups),
  );
  found.notes.forEach(note);
  if (found.groups.length > 0) return found.groups;
  throw new UsageError(
    'nothing-to-permute',
    `--permute: no channels of this model may change places${found.notes.length > 0 ? ` (${found.notes.join('; ')})` : ''}; leave it out`,
    { where: '--permute', fix: 'leave it out' },
  );
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
