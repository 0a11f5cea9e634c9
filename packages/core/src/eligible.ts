import { sizeOf } from './shape.js';
import type { Group, Note, Param, PrunableModel, Selection } from './contracts.js';
import { show, UsageError } from './errors.js';
import { matchesGlob } from './glob.js';
import type { Slice } from './selection.js';
import { listNotes, say } from './notes.js';

/** Whether an element strategy may prune the parameter: a kernel that nothing protects. */
export const isPrunable = (param: Param) => param.role === 'kernel' && param.skip === undefined;

/** The parameters that an element strategy decides on; throws a UsageError with code 'nothing-to-prune' if none is left. */
export function eligibleParams({ params, scores }: Selection): Param[] {
  const scored = new Set(scores.params);
  const found = params.filter((param) => isPrunable(param) && scored.has(param.id));
  if (found.length === 0) throw nothingToPrune(params.filter((p) => p.role === 'kernel').map(whyNotChosen));
  return found;
}

/** Why a parameter or a group was not chosen from: somebody protects it, or it has no scores. */
export const whyNotChosen = ({ id, skip }: Pick<Param, 'id' | 'skip'>): Note =>
  say('named', { id, why: skip ?? say('no-scores') });

export function nothingToPrune(reasons: readonly Note[]): UsageError {
  const why = listNotes(reasons, 5);
  return new UsageError('nothing-to-prune', why ? say('nothing-to-prune-as', { why }) : say('nothing-to-prune'));
}

/** One parameter's scores for `selectLowest`, with what was pruned before. */
export async function sliceOf({ scores, previous }: Selection, param: Param): Promise<Slice> {
  const before = previous?.params.includes(param.id) ? await previous.mask(param.id) : undefined;
  return {
    id: param.id,
    size: sizeOf(param.shape),
    read: () => scores.read(param.id),
    ...(before && { previous: before }),
  };
}

/**
 * The axis of a kernel's outputs: the last one of dense [in, out] and conv [h, w, in, out], the one before the inputs of
 * transposed convolutions [h, w, out, in]; −1 for kernels without an input axis of their own, such as depthwise ones.
 */
export function outAxisOf({ shape, inAxis }: Pick<Param, 'shape' | 'inAxis'>): number {
  const last = shape.length - 1;
  if (inAxis < 0 || last < 1) return -1;
  return inAxis === last ? last - 1 : last;
}

/** 'conv1/kernel' → 'conv1'. */
export const layerOf = (param: string) => param.slice(0, Math.max(0, param.lastIndexOf('/'))) || param;

/**
 * The names that a glob may call a group by: itself, and the layers and kernels that make its channels or that they pass
 * through on the way; and the layers that only read it.
 */
export function namesOf(group: Group, params: readonly Param[]): { own: string[]; readers: string[] } {
  const [own, readers] = [new Set([group.id, `${group.id}/kernel`]), new Set<string>()];
  for (const site of group.sites) {
    const param = params.find(({ id }) => id === site.param);
    const names = [layerOf(site.param), ...(param?.role === 'kernel' ? [param.id] : [])];
    const reads = param?.role === 'kernel' && site.axis === param.inAxis;
    for (const name of names) (reads ? readers : own).add(name);
  }
  return { own: [...own], readers: [...readers] };
}

export interface Protection {
  /** Globs over parameter ids and layer names that are left alone. */
  readonly ignore?: readonly string[];
  /** The same, and the channels that these layers read stay as well. */
  readonly keepInputs?: readonly string[];
}

/**
 * Protects what the globs match: a parameter by its id or its layer's name; a group by its id and by every layer that makes
 * its channels or that they pass through, with `keepInputs` also by the layers that read them. A glob that matches nothing
 * is a UsageError with code 'ignore-unmatched', because it is a typing mistake.
 */
export function protect(
  { params, groups, branches = [] }: Pick<PrunableModel, 'params' | 'groups' | 'branches'>,
  { ignore = [], keepInputs = [] }: Protection,
): { params: Param[]; groups: Group[]; branches: Group[] } {
  const globs = [...ignore, ...keepInputs];
  const used = new Set<string>();
  const hit = (names: readonly string[], among: readonly string[]) => {
    const hits = among.filter((glob) => matchesGlob(names, glob));
    hits.forEach((glob) => used.add(glob));
    return hits[0];
  };
  const skipOf = (group: Group) => {
    const { own, readers } = namesOf(group, params);
    const [mine, reader] = [hit(own, globs), hit(readers, keepInputs)];
    if (mine !== undefined) return { skip: say('ignored', { glob: show(mine) }) };
    return reader === undefined ? {} : { skip: say('inputs-kept', { glob: show(reader) }) };
  };
  const result = {
    params: params.map((p) => {
      const glob = hit([p.id, layerOf(p.id)], globs);
      return glob === undefined ? p : { ...p, skip: say('ignored', { glob: show(glob) }) };
    }),
    groups: groups.map((g) => ({ ...g, ...skipOf(g) })),
    branches: branches.map((b) => ({ ...b, ...skipOf(b) })),
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
