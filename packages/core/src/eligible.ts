import picomatch from 'picomatch';
import type { Group, Param, Selection } from './contracts.js';
import { show, UsageError } from './errors.js';
import type { Slice } from './selection.js';

/** Whether an element strategy may prune the parameter: a kernel that nothing protects. */
export const isPrunable = (param: Param) => param.role === 'kernel' && param.skip === undefined;

/** The parameters that an element strategy decides on; throws a UsageError with code 'nothing-to-prune' if none is left. */
export function eligibleParams({ params, scores }: Selection): Param[] {
  const scored = new Set(scores.params);
  const found = params.filter((param) => isPrunable(param) && scored.has(param.id));
  if (found.length === 0)
    throw nothingToPrune(params.filter((p) => p.role === 'kernel').map((p) => `${p.id}: ${p.skip ?? 'has no scores'}`));
  return found;
}

export function nothingToPrune(reasons: readonly string[]): UsageError {
  const why = reasons.length > 0 ? ` (${reasons.slice(0, 5).join('; ')}${reasons.length > 5 ? '; …' : ''})` : '';
  return new UsageError('nothing-to-prune', `nothing in this model can be pruned this way${why}`);
}

/** One parameter's scores for `selectLowest`, with what was pruned before. */
export async function sliceOf({ scores, previous }: Selection, param: Param): Promise<Slice> {
  const before = previous?.params.includes(param.id) ? await previous.mask(param.id) : undefined;
  return {
    id: param.id,
    size: param.shape.reduce((a, b) => a * b, 1),
    read: () => scores.read(param.id),
    ...(before && { previous: before }),
  };
}

/** 'conv1/kernel' → 'conv1'. */
export const layerOf = (param: string) => param.slice(0, Math.max(0, param.lastIndexOf('/'))) || param;

/**
 * Protects what the globs match: a parameter by its id or its layer's name, a group by its id. A glob that matches
 * nothing is a UsageError with code 'ignore-unmatched', because it is a typing mistake.
 */
export function protect(
  { params, groups }: { params: readonly Param[]; groups: readonly Group[] },
  globs: readonly string[],
): { params: Param[]; groups: Group[] } {
  const used = new Set<string>();
  const reasonFor = (names: readonly string[]) => {
    const hits = globs.filter((glob) => names.some((name) => name === glob || picomatch.isMatch(name, glob)));
    hits.forEach((glob) => used.add(glob));
    return hits.length > 0 ? { skip: `ignored by ${show(hits[0])}` } : {};
  };
  const result = {
    params: params.map((p) => ({ ...p, ...reasonFor([p.id, layerOf(p.id)]) })),
    groups: groups.map((g) => ({ ...g, ...reasonFor([g.id, `${g.id}/kernel`]) })),
  };
  const unused = globs.find((glob) => !used.has(glob));
  if (unused === undefined) return result;
  const layers = [...new Set(params.map((p) => layerOf(p.id)))].slice(0, 12).join(', ');
  throw new UsageError(
    'ignore-unmatched',
    `ignore: no parameter or layer matches ${show(unused)}; the layers are ${layers}`,
    {
      where: 'ignore',
      found: unused,
    },
  );
}
