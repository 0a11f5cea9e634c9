import {
  type Bits,
  type Contestant,
  type Cut,
  eligibleParams,
  globalShare,
  type Granularity,
  lazyPlan,
  pruneCount,
  selectLowest,
  type Share,
  sliceOf,
  type Strategy,
  WEIGHTS,
} from '@espalier/core';
import { OUTPUT, outputMask } from './output-scope.js';

export type Scope = 'global' | 'local' | 'output';

export interface UnstructuredOptions {
  /** global: one threshold for the whole network. local: each parameter loses the same fraction. output: each output does. */
  readonly scope?: Scope;
  /** How the sparsity is shared out among the parameters, `erkShare()` for example; takes the place of `scope`. */
  readonly share?: Share;
}

/** Single weights, of which every output loses the same share. */
const BY_OUTPUT: Granularity = { ...WEIGHTS, counts: [{ within: OUTPUT }] };

export const UNSTRUCTURED_DEFAULTS = { scope: 'global' } as const;

/**
 * Prunes single weights, the lowest scores first: exactly roundHalfEven(sparsity · size) of them, in all (global) or of
 * each kernel (local) or of each of its outputs (output); among equal scores the lower index is kept. Sparsity 1 keeps one weight. A `share` decides how many of
 * each kernel go; the total stays exact.
 *
 * Throws a UsageError with code 'nothing-to-prune' where no kernel may be pruned, and an InputError with code
 * 'score-not-finite' that names the parameter.
 */
export function unstructured(options: UnstructuredOptions = {}): Strategy {
  const { scope } = { ...UNSTRUCTURED_DEFAULTS, ...options };
  const { share = scope === 'global' ? globalShare() : undefined } = options;
  return {
    name: `unstructured-${options.share?.name ?? scope}`,
    async select(selection) {
      const params = eligibleParams(selection);
      const slices: Contestant[] = [];
      for (const param of params) slices.push({ ...(await sliceOf(selection, param)), param });
      const total = slices.reduce((sum, { size }) => sum + size, 0);
      if (!share && scope === 'output') {
        const sliceFor = new Map(slices.map((slice) => [slice.id, slice]));
        const decided = { params: [...sliceFor.keys()], units: selection.previous?.units ?? {} };
        return lazyPlan({ ...decided, granularity: BY_OUTPUT }, async (id) => {
          const slice = sliceFor.get(id)!;
          return outputMask(slice, slice.param, selection.sparsity);
        });
      }
      const cuts = share
        ? await share.cut(slices, pruneCount(total, selection.sparsity))
        : await localCuts(slices, selection.sparsity);
      const cutOf = new Map(params.map(({ id }, i) => [id, cuts[i]]));
      return lazyPlan(
        {
          params: params.map((p) => p.id),
          units: selection.previous?.units ?? {},
          granularity: WEIGHTS,
          thresholds: Object.fromEntries(params.map((p) => [p.id, cutOf.get(p.id)!.threshold])),
        },
        (id): Promise<Bits> => cutOf.get(id)!.mask(id),
      );
    },
  };
}

/** Each kernel rounds its own count, so the total may miss the sparsity's by a few. */
async function localCuts(slices: readonly Contestant[], sparsity: number): Promise<Cut[]> {
  const cuts: Cut[] = [];
  for (const slice of slices) cuts.push(await selectLowest([slice], pruneCount(slice.size, sparsity)));
  return cuts;
}
