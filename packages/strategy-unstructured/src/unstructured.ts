import {
  type Bits,
  type Cut,
  eligibleParams,
  lazyPlan,
  type Param,
  pruneCount,
  selectLowest,
  type Selection,
  sliceOf,
  type Strategy,
} from '@espalier/core';

export type Scope = 'global' | 'local';

export interface UnstructuredOptions {
  /** global: one threshold for the whole network. local: each parameter loses the same fraction. */
  readonly scope?: Scope;
}

export const UNSTRUCTURED_DEFAULTS = { scope: 'global' } as const;

/**
 * Prunes single weights, the lowest scores first: exactly roundHalfEven(sparsity · size) of them, in all (global) or of
 * each kernel (local); among equal scores the lower index is kept. Sparsity 1 keeps one weight.
 *
 * Throws a UsageError with code 'nothing-to-prune' where no kernel may be pruned, and an InputError with code
 * 'score-not-finite' that names the parameter.
 */
export function unstructured(options: UnstructuredOptions = {}): Strategy {
  const { scope } = { ...UNSTRUCTURED_DEFAULTS, ...options };
  return {
    name: `unstructured-${scope}`,
    async select(selection) {
      const params = eligibleParams(selection);
      const cuts = scope === 'global' ? await globalCut(selection, params) : await localCuts(selection, params);
      return lazyPlan(
        {
          params: params.map((p) => p.id),
          units: selection.previous?.units ?? {},
          thresholds: Object.fromEntries(params.map((p) => [p.id, cuts.get(p.id)!.threshold])),
        },
        (id): Promise<Bits> => cuts.get(id)!.mask(id),
      );
    },
  };
}

const sizeOf = (param: Param) => param.shape.reduce((a, b) => a * b, 1);

async function globalCut(selection: Selection, params: readonly Param[]): Promise<Map<string, Cut>> {
  const slices = await Promise.all(params.map((param) => sliceOf(selection, param)));
  const total = params.reduce((sum, param) => sum + sizeOf(param), 0);
  const cut = await selectLowest(slices, pruneCount(total, selection.sparsity));
  return new Map(params.map((param) => [param.id, cut]));
}

async function localCuts(selection: Selection, params: readonly Param[]): Promise<Map<string, Cut>> {
  const cuts = new Map<string, Cut>();
  for (const param of params) {
    const slice = await sliceOf(selection, param);
    cuts.set(param.id, await selectLowest([slice], pruneCount(slice.size, selection.sparsity)));
  }
  return cuts;
}
