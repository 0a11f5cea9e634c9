import type { Param } from '../contracts.js';
import { checkSparsity, roundHalfEven } from '../counting.js';
import { layerOf } from '../eligible.js';
import { show, UsageError } from '../errors.js';
import { matchesGlob } from '../glob.js';
import { apportion } from './apportion.js';
import { cutEach, type Share, sliceSize, total } from './share.js';

/** The fraction to remove, by glob over parameter ids and layer names; the first that matches counts, unnamed ones keep all. */
export type SparsityTable = Readonly<Record<string, number>>;

/**
 * What the table removes of each parameter: roundHalfEven(sparsity · size). UsageErrors: 'sparsity-range', and
 * 'table-unmatched' for a glob that names no parameter.
 */
export function tableCounts(
  params: readonly { readonly param: Param; readonly size: number }[],
  table: SparsityTable,
): number[] {
  for (const [glob, sparsity] of Object.entries(table)) checkSparsity(sparsity, `the budget of ${show(glob)}`);
  const used = new Set<string>();
  const counts = params.map(({ param, size }) => {
    const names = [param.id, layerOf(param.id)];
    const glob = Object.keys(table).find((candidate) => matchesGlob(names, candidate));
    if (glob === undefined) return 0;
    used.add(glob);
    return roundHalfEven(table[glob] * size);
  });
  const unused = Object.keys(table).find((glob) => !used.has(glob));
  if (unused === undefined) return counts;
  const names = params.slice(0, 12).map(({ param }) => layerOf(param.id));
  throw new UsageError(
    'table-unmatched',
    `budget table: no layer that may be pruned matches ${show(unused)}; the layers are ${names.join(', ') || 'none'}`,
    { where: unused, found: unused },
  );
}

/** A sparsity for each parameter. At another sparsity than the table's own, all of them in proportion. */
export const tableShare = (table: SparsityTable): Share => ({
  name: 'table',
  cut(contestants, count) {
    const counts = tableCounts(contestants, table);
    const own = total(counts);
    if (own === count) return cutEach(contestants, counts);
    const sizes = contestants.map(sliceSize);
    return cutEach(
      contestants,
      apportion(
        counts.map((n, i) => Math.min(sizes[i], own > 0 ? (n * count) / own : 0)),
        sizes,
        count,
      ),
    );
  },
});
