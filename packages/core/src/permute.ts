import { sizeOf } from './shape.js';
import type { Group, Param, PrunableModel, Site } from './contracts.js';
import { InputError, show } from './errors.js';

/** New orders of channels, by group: unit u of the result is unit order[u] of the model. */
export type Permutation = Readonly<Record<string, Int32Array>>;

/** The permutation that undoes another. */
export function invertPermutation(permutation: Permutation): Permutation {
  const invert = (order: Int32Array) => {
    const inverse = new Int32Array(order.length);
    order.forEach((from, to) => (inverse[from] = to));
    return inverse;
  };
  return Object.fromEntries(Object.entries(permutation).map(([group, order]) => [group, invert(order)]));
}

/**
 * Moves channels to new places at every site of their group: the producer's outputs, its bias, norms, and the inputs of
 * every layer that reads them. The model computes the same function, up to the order of adding. Do it before masking:
 * a mask that is in force does not move along. Nothing is changed where it throws.
 *
 * Throws an InputError with code 'permutation-mismatch' for a group that the model lacks, that must stay as it is, or whose
 * size the order does not have.
 */
export async function applyPermutation(model: PrunableModel, permutation: Permutation): Promise<void> {
  const groups = Object.entries(permutation).map(([id, order]) => {
    const group = model.groups.find((g) => g.id === id);
    checkOrder(id, order, group);
    return { group: group!, order };
  });
  const moved: { param: Param; values: Float32Array }[] = [];
  for (const param of model.params) {
    const sites = groups.flatMap(({ group, order }) =>
      group.sites.filter((site) => site.param === param.id).map((site) => ({ site, order })),
    );
    if (sites.length === 0) continue;
    let values = await model.read(param.id);
    for (const { site, order } of sites) values = moveSlices(values, param.shape, site, order);
    moved.push({ param, values });
  }
  for (const { param, values } of moved) model.write(param.id, values);
}

/**
 * For each slice along the site's axis, the slice that takes its place. A unit may have several slices, behind a flatten for
 * instance: its k-th goes where the k-th of the other unit was. undefined = the units have unequal numbers of slices.
 */
export function sliceOrder({ unitOf }: Site, order: Int32Array): Int32Array | undefined {
  const slicesOf: number[][] = Array.from(order, () => []);
  unitOf.forEach((unit, slice) => unit >= 0 && slicesOf[unit].push(slice));
  if (slicesOf.some(({ length }) => length !== slicesOf[0].length)) return undefined;
  const from = Int32Array.from(unitOf, (_, slice) => slice);
  order.forEach((old, unit) => slicesOf[unit].forEach((slice, k) => (from[slice] = slicesOf[old][k])));
  return from;
}

function moveSlices(values: Float32Array, shape: readonly number[], site: Site, order: Int32Array): Float32Array {
  const from = sliceOrder(site, order);
  if (!from) throw mismatch(site.param, 'as many slices of each unit', 'unequal numbers');
  const inner = sizeOf(shape.slice(site.axis + 1));
  const out = new Float32Array(values.length);
  for (let start = 0; start < out.length; start += from.length * inner)
    for (let slice = 0; slice < from.length; slice++) {
      const at = start + from[slice] * inner;
      out.set(values.subarray(at, at + inner), start + slice * inner);
    }
  return out;
}

function checkOrder(id: string, order: Int32Array, group: Group | undefined): void {
  if (!group) throw mismatch(id, 'a group of this model', 'no such group');
  if (group.skip !== undefined) throw mismatch(id, 'a group whose channels may move', group.skip.text);
  const seen = new Set(order);
  const isOrder =
    seen.size === group.size && order.length === group.size && order.every((u) => u >= 0 && u < group.size);
  if (!isOrder)
    throw mismatch(
      id,
      `each unit from 0 to ${group.size - 1} once`,
      `${order.length} entries, ${seen.size} of them different`,
    );
}

function mismatch(where: string, wanted: string, found: string): InputError {
  const fix = 'use the permutation with the model it was made for';
  return new InputError(
    'permutation-mismatch',
    `permutation of ${show(where)}: wanted ${wanted}, found ${found}; ${fix}`,
    {
      where,
      wanted,
      found,
      fix,
    },
  );
}
