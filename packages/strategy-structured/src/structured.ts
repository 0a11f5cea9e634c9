import {
  andBits,
  type Bits,
  bitsFrom,
  isKept,
  makeBits,
  memoryPlan,
  nothingToPrune,
  pruneCount,
  selectLowest,
  type Selection,
  type Slice,
  type Strategy,
  unitsOf,
  UsageError,
} from '@espalier/core';
import { unitScores } from './unit-scores.js';

export interface StructuredOptions {
  /** global: the lowest channels of the whole network go. local: each group loses the same fraction. */
  readonly scope?: 'global' | 'local';
}

export const STRUCTURED_DEFAULTS = { scope: 'global' } as const;

/**
 * Removes whole channels with everything that belongs to them: filter, bias, normalisation, and the inputs of the layers
 * behind. Exactly roundHalfEven(sparsity · units) go, counted over all groups that may be pruned, each unit once. Every
 * group keeps its best channel; what a group cannot give, the next lowest scores of the others give. Equal scores keep the
 * lower index. The filter norm of arXiv:1608.08710, taken over every site of the channel.
 *
 * Throws a UsageError with code 'nothing-to-prune' where no group may be pruned, and with code 'channels-impossible' where
 * keeping one channel per group does not leave enough to remove.
 */
export function structured(options: StructuredOptions = {}): Strategy {
  const { scope } = { ...STRUCTURED_DEFAULTS, ...options };
  return {
    name: `structured-${scope}`,
    async select(selection) {
      const slices = await unitSlices(selection);
      const total = slices.reduce((sum, { size }) => sum + size, 0);
      const count = pruneCount(total, selection.sparsity);
      if (selection.sparsity === 1 || count > total - slices.length)
        throw impossible(selection.sparsity, count, total, slices.length);
      const start = new Map(slices.map((slice) => [slice.id, slice.previous]));
      if (scope === 'local') {
        for (const slice of slices) {
          const share = Math.min(slice.size - 1, Math.floor(selection.sparsity * slice.size));
          start.set(slice.id, await (await selectLowest([slice], share)).mask(slice.id));
        }
      }
      // The best channel of each group is lifted out of the contest, so no cut can empty a group.
      const contest = slices.map((slice) => ({ ...slice, previous: start.get(slice.id), best: bestOf(slice) }));
      const units = await contestWithout(contest, count);
      return memoryPlan({ units: { ...selection.previous?.units, ...units } });
    },
  };
}

interface UnitSlice extends Slice {
  readonly values: Float32Array;
}

async function unitSlices(selection: Selection): Promise<UnitSlice[]> {
  const slices: UnitSlice[] = [];
  const reasons: string[] = [];
  for (const group of selection.groups) {
    const values = group.skip === undefined ? await unitScores(group, selection) : undefined;
    if (!values) {
      reasons.push(`${group.id}: ${group.skip ?? 'has no scores'}`);
      continue;
    }
    const previous = selection.previous && unitsOf(selection.previous, group.id);
    slices.push({ id: group.id, size: group.size, values, read: async () => values, ...(previous && { previous }) });
  }
  if (slices.length === 0) throw nothingToPrune(reasons);
  return slices;
}

/** The kept unit with the highest score; among equal ones the lowest. */
function bestOf({ values, previous }: UnitSlice): number {
  let best = -1;
  for (let i = 0; i < values.length; i++) {
    if ((!previous || isKept(previous, i)) && (best < 0 || values[i] > values[best])) best = i;
  }
  return best;
}

async function contestWithout(
  slices: readonly (UnitSlice & { best: number })[],
  count: number,
): Promise<Record<string, Bits>> {
  // The best channel counts as gone while the others compete, and comes back afterwards.
  const entered = slices.map((slice) => {
    const previous = andBits(
      slice.previous ?? makeBits(slice.size),
      bitsFrom(slice.size, (i) => i !== slice.best),
    );
    return { id: slice.id, size: slice.size, read: slice.read, previous };
  });
  const cut = await selectLowest(entered, count + slices.length);
  const units: Record<string, Bits> = {};
  for (const { id, size, best } of slices) {
    const mask = await cut.mask(id);
    units[id] = bitsFrom(size, (i) => i === best || isKept(mask, i));
  }
  return units;
}

function impossible(sparsity: number, count: number, total: number, groups: number): UsageError {
  const most = total - groups;
  const fix = `use a sparsity of at most ${Math.floor((1000 * most) / total) / 1000}`;
  return new UsageError(
    'channels-impossible',
    `sparsity ${sparsity} removes ${sparsity === 1 ? total : count} of ${total} channels, but each of the ${groups} groups keeps at least one, which leaves ${most} to remove; ${fix}`,
    { where: 'sparsity', wanted: `at most ${most} channels`, found: String(count), fix },
  );
}
