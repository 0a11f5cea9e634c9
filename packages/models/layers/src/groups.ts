import type { Group, Note, Site } from '@espalier/core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Path } from './flow.js';
import type { Weight } from './params.js';
import type { Layer } from './tfjs.js';
import { type FollowedChannels, traceModel } from './trace.js';

/** A number in a layer's configuration, and the units that it counts: one list for each group that has some there. */
export interface Size {
  readonly layer: Layer;
  readonly path: Path;
  readonly length: number;
  readonly parts: readonly { readonly group: string; readonly unitOf: Int32Array }[];
}

export interface Dependencies {
  readonly groups: readonly Group[];
  readonly sizes: readonly Size[];
  /** The groups that share the channels that a layer makes. */
  readonly madeBy: ReadonlyMap<Layer, readonly Group[]>;
}

/** A set of units that go together, as a unit of a group. */
interface Place {
  readonly group: Draft;
  readonly unit: number;
}

interface Draft {
  readonly makers: readonly number[];
  readonly skip: Note | undefined;
  readonly sites: Site[];
  id: string;
  size: number;
}

/**
 * The model's channels in groups. A unit of a group is all channels that have to go together; a group holds the units that
 * the same layers make, those that may go apart from those that stay. As every group keeps a unit, every layer keeps one.
 *
 * A group is named after the first layer that makes its channels, or where that name is taken the next one.
 */
export function findGroups(model: LayersModel, weights: readonly Weight[]): Dependencies {
  const trace = traceModel(model, weights);
  const layers = [...trace.producers.keys()];
  const places = placesOf(trace);
  const drafts = [...new Set([...places.values()].map(({ group }) => group))].sort(inOrder);
  nameGroups(drafts, layers);
  for (const { weight, axis, units } of trace.sites) {
    for (const [group, unitOf] of split(units, trace, places))
      group.sites.push({ param: weight.param.id, axis, unitOf });
  }
  const groups = new Map<Draft, Group>(
    drafts.map((draft) => {
      const { id, size, sites, skip } = draft;
      return [draft, { id, size, sites, ...(skip !== undefined && { skip }) }];
    }),
  );
  return {
    groups: [...groups.values()],
    sizes: trace.sizes.map(({ layer, path, units }) => {
      const parts = [...split(units, trace, places)].map(([{ id }, unitOf]) => ({ group: id, unitOf }));
      return { layer, path, length: units.length, parts };
    }),
    madeBy: new Map(
      layers.map((layer, i) => [layer, drafts.flatMap((of) => (of.makers.includes(i) ? groups.get(of)! : []))]),
    ),
  };
}

/** Which unit of which group each set of units is. Sets that no layer makes are no channels that could go. */
function placesOf({ units, producers }: FollowedChannels): Map<number, Place> {
  const makers = new Map<number, number[]>();
  for (const [i, made] of [...producers.values()].entries()) {
    for (const unit of made) {
      const of = makers.get(units.root(unit)) ?? [];
      makers.set(units.root(unit), of);
      if (of[of.length - 1] !== i) of.push(i);
    }
  }
  const drafts = new Map<string, Draft>();
  const places = new Map<number, Place>();
  for (const [root, of] of makers) {
    const skip = units.reason(root);
    const key = `${of.join()} ${skip === undefined}`;
    const group = drafts.get(key) ?? { makers: of, skip, sites: [], id: '', size: 0 };
    drafts.set(key, group);
    places.set(root, { group, unit: group.size++ });
  }
  return places;
}

/** By the layers that make them, which no cut changes: a smaller model has the same groups in the same order. */
function inOrder(a: Draft, b: Draft): number {
  const at = a.makers.findIndex((maker, i) => maker !== b.makers[i]);
  if (at >= 0) return (a.makers[at] as number) - (b.makers[at] ?? -1);
  return a.makers.length - b.makers.length || Number(a.skip !== undefined) - Number(b.skip !== undefined);
}

function nameGroups(drafts: readonly Draft[], layers: readonly Layer[]): void {
  const taken = new Set<string>();
  for (const draft of drafts) {
    const names = draft.makers.map((maker) => layers[maker].name);
    const joined = names.join('+');
    const numbered = Array.from({ length: drafts.length }, (_, i) => `${joined}#${i + 2}`);
    draft.id = [...names, joined, ...numbered].find((name) => !taken.has(name))!;
    taken.add(draft.id);
  }
}

/** Units along an axis, by group; -1 where an entry belongs to another group, or to none. */
function split(
  along: Int32Array,
  { units }: FollowedChannels,
  places: ReadonlyMap<number, Place>,
): Map<Draft, Int32Array> {
  const parts = new Map<Draft, Int32Array>();
  for (const [i, unit] of along.entries()) {
    const place = places.get(units.root(unit));
    if (!place) continue;
    const part = parts.get(place.group) ?? new Int32Array(along.length).fill(-1);
    parts.set(place.group, part);
    part[i] = place.unit;
  }
  return parts;
}
