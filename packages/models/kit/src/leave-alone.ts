import { asNote, type Group, InputError, type Note, type Param, show } from '@espalier/core';
import { say } from './notes.js';

/** Parameters by id that nobody may prune, and why, said to the user. */
export type LeftAlone = Readonly<Record<string, string | Note>>;

/**
 * The same parameters, groups and branches, where those that are named are left alone: no element of them goes, and no channel
 * or branch that runs through them. What is already left alone keeps its reason.
 *
 * Throws an InputError with code 'param-unknown' for an id that no parameter has: it would not be left alone.
 */
export function leaveAlone<B extends readonly Group[] | undefined>(
  { params, groups, branches }: { params: readonly Param[]; groups: readonly Group[]; branches?: B },
  reasons: LeftAlone = {},
): { params: readonly Param[]; groups: readonly Group[]; branches: B } {
  if (Object.keys(reasons).length === 0) return { params, groups, branches: branches as B };
  for (const id of Object.keys(reasons)) if (params.every((param) => param.id !== id)) throw unknown(id, params);
  const why = (id: string) => (Object.hasOwn(reasons, id) ? asNote(reasons[id]) : undefined);
  const withSkip = <T extends { readonly skip?: Note }>(item: T, skip: Note | undefined): T =>
    skip === undefined || item.skip !== undefined ? item : { ...item, skip };
  const ofSites = (group: Group) => {
    const site = group.sites.find(({ param }) => why(param) !== undefined);
    return withSkip(group, site && say('runs-through', { id: site.param, why: why(site.param)! }));
  };
  return {
    params: params.map((param) => withSkip(param, why(param.id))),
    groups: groups.map(ofSites),
    branches: branches?.map(ofSites) as unknown as B,
  };
}

function unknown(id: string, params: readonly Param[]): InputError {
  const wanted = `one of ${params
    .slice(0, 5)
    .map((param) => show(param.id))
    .join(', ')}${params.length > 5 ? ', …' : ''}`;
  const message = `there is no parameter ${show(id)} to leave alone; use ${wanted}`;
  return new InputError('param-unknown', message, { where: 'leaveAlone', wanted, found: id });
}
