import { sizeOf } from './shape.js';
import { andBits, isKept, makeBits } from './bits.js';
import type { Bits, Group, Param, Plan, PrunableModel, Site } from './contracts.js';
import { InputError, show } from './errors.js';

/** A plan whose masks are in memory. */
export interface PlanContents extends Pick<Plan, 'granularity' | 'thresholds' | 'notes'> {
  readonly masks?: Readonly<Record<string, Bits>>;
  readonly units?: Readonly<Record<string, Bits>>;
}

export function memoryPlan({ masks = {}, units = {}, ...rest }: PlanContents): Plan {
  const byId = new Map(Object.entries(masks));
  return lazyPlan({ ...rest, params: [...byId.keys()], units }, async (id) => byId.get(id)!);
}

/** A plan whose masks are worked out when asked for; asking for an unlisted parameter rejects. */
export function lazyPlan(rest: Omit<Plan, 'mask'>, mask: (param: string) => Promise<Bits>): Plan {
  const known = new Set(rest.params);
  return {
    ...rest,
    async mask(param) {
      if (known.has(param)) return mask(param);
      throw new InputError('plan-param', `the plan has no mask for ${show(param)}`, { where: param });
    },
  };
}

/** The same plan with its masks worked out: a decision must not change when the scores it came from do. */
export async function settlePlan(plan: Plan): Promise<Plan> {
  const masks: [string, Bits][] = [];
  for (const id of plan.params) masks.push([id, await plan.mask(id)]);
  const settled = { ...plan, masks: Object.fromEntries(masks) };
  return memoryPlan(settled);
}

/** Everything a plan prunes of one parameter, its element mask and its removed units together; undefined = nothing. */
export async function resolveMask(plan: Plan, param: Param, groups: readonly Group[]): Promise<Bits | undefined> {
  const size = sizeOf(param.shape);
  let bits = plan.params.includes(param.id)
    ? checkLength(await plan.mask(param.id), size, `mask of '${param.id}'`)
    : undefined;
  for (const group of groups) {
    const units = unitsOf(plan, group.id);
    if (!units) continue;
    checkLength(units, group.size, `units of '${group.id}'`);
    for (const site of group.sites) {
      if (site.param !== param.id) continue;
      const lifted = liftUnits(units, site, param.shape);
      bits = bits ? andBits(bits, lifted) : lifted;
    }
  }
  return bits;
}

/** The plan's decision on a group; groups may be named like properties that every object has. */
export function unitsOf(plan: Plan, group: string): Bits | undefined {
  return Object.hasOwn(plan.units, group) ? plan.units[group] : undefined;
}

/** For each slice along the site's axis, whether its unit is kept. */
export function keptSlices(units: Bits, site: Site): Bits {
  const bits = makeBits(site.unitOf.length);
  site.unitOf.forEach((unit, i) => {
    if (unit >= 0 && !isKept(units, unit)) bits.bytes[i >> 3] &= ~(1 << (i & 7));
  });
  return bits;
}

function liftUnits(units: Bits, site: Site, shape: readonly number[]): Bits {
  const slices = keptSlices(units, site);
  const inner = sizeOf(shape.slice(site.axis + 1));
  const size = sizeOf(shape);
  const bits = makeBits(size, false);
  // Run by run: all entries of a slice lie `inner` together, and share its fate.
  for (let start = 0, slice = 0; start < size; start += inner, slice = slice + 1 < slices.length ? slice + 1 : 0) {
    if (!isKept(slices, slice)) continue;
    for (let i = start; i < start + inner; i++) bits.bytes[i >> 3] |= 1 << (i & 7);
  }
  return bits;
}

function checkLength(bits: Bits, wanted: number, where: string): Bits {
  if (bits.length === wanted && bits.bytes.length === (wanted + 7) >> 3) return bits;
  throw misfit(`the plan's ${where}`, `${wanted} bits`, `${bits.length}`);
}

/** Throws an InputError with code 'plan-mismatch' unless the plan was made for a model of this shape. */
export async function checkPlan(
  plan: Plan,
  model: Pick<PrunableModel, 'params' | 'groups' | 'branches'>,
): Promise<void> {
  const params = new Set(model.params.map((p) => p.id));
  const all = [...model.groups, ...(model.branches ?? [])];
  const groups = new Set(all.map((g) => g.id));
  const unknown = plan.params.find((id) => !params.has(id)) ?? Object.keys(plan.units).find((id) => !groups.has(id));
  if (unknown !== undefined) throw misfit('the plan', 'parameters and groups of this model', show(unknown));
  for (const param of model.params) await resolveMask(plan, param, all);
}

function misfit(where: string, wanted: string, found: string): InputError {
  const fix = 'use the plan with the model it was made for';
  return new InputError('plan-mismatch', `${where}: wanted ${wanted}, found ${found}; ${fix}`, {
    where,
    wanted,
    found,
    fix,
  });
}
