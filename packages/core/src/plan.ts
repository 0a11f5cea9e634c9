import { sizeOf } from './shape.js';
import { andBits, countKept, isKept, makeBits } from './bits.js';
import type { Bits, Group, Param, Plan, PrunableModel, Selection, Site, Strategy } from './contracts.js';
import { InputError, show } from './errors.js';
import { checkGranularity } from './granularity.js';

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
  const found = faultOf(bits, wanted);
  if (found === undefined) return bits;
  throw misfit(`the plan's ${where}`, `${wanted} bits`, found);
}

/** What is wrong with bits of which `wanted` should be there. What lies past the end is 0, or counts would be wrong. */
function faultOf({ length, bytes }: Bits, wanted: number): string | undefined {
  if (length !== wanted) return `${length}`;
  if (bytes.length !== (wanted + 7) >> 3) return `${bytes.length} bytes`;
  return wanted & 7 && bytes[bytes.length - 1] >> (wanted & 7) ? 'bits past the last' : undefined;
}

type Shape = Pick<PrunableModel, 'params' | 'groups' | 'branches'>;

/** Throws an InputError with code 'plan-mismatch' unless the plan was made for a model of this shape. */
export async function checkPlan(plan: Plan, model: Shape): Promise<void> {
  const params = new Map(model.params.map((p) => [p.id, sizeOf(p.shape)]));
  const groups = new Map([...model.groups, ...(model.branches ?? [])].map((g) => [g.id, g.size]));
  const unknown = plan.params.find((id) => !params.has(id)) ?? Object.keys(plan.units).find((id) => !groups.has(id));
  if (unknown !== undefined) throw misfit('the plan', 'parameters and groups of this model', show(unknown));
  for (const id of plan.params) checkLength(await plan.mask(id), params.get(id)!, `mask of '${id}'`);
  for (const [id, units] of Object.entries(plan.units)) checkLength(units, groups.get(id)!, `units of '${id}'`);
}

/**
 * What a strategy decides, with its masks worked out, held to the contract: it fits the model, describes its granularity, prunes
 * nothing of what is to be left alone, and keeps pruned what the previous plan pruned. Throws an InputError with code
 * 'plan-refused', 'plan-mismatch' or 'granularity', and what the strategy and the scores throw.
 */
export async function selectPlan(strategy: Strategy, selection: Selection): Promise<Plan> {
  const plan = await settlePlan(await strategy.select(selection));
  const who = `the plan of ${strategy.name}`;
  await checkPlan(plan, selection);
  if (plan.granularity) checkGranularity(plan.granularity, who);
  const { params, groups, branches = [], previous } = selection;
  const masksOf = (of: Plan) => Promise.all(of.params.map(async (id) => [id, await of.mask(id)] as const));
  checkKept(who, params, await masksOf(plan), previous ? await masksOf(previous) : []);
  checkKept(who, [...groups, ...branches], Object.entries(plan.units), Object.entries(previous?.units ?? {}));
  return plan;
}

type Decisions = readonly (readonly [id: string, bits: Bits])[];

function checkKept(
  who: string,
  all: readonly Pick<Group, 'id' | 'skip'>[],
  decided: Decisions,
  before: Decisions,
): void {
  const refuse = (where: string, wanted: string, found: string): never => {
    const details = { where, wanted, found };
    throw new InputError('plan-refused', `${who}: wanted ${wanted} in ${show(where)}, found ${found}`, details);
  };
  const [skips, now] = [new Map(all.map(({ id, skip }) => [id, skip])), new Map(decided)];
  for (const [id, bits] of decided) {
    const skip = skips.get(id);
    if (skip !== undefined && countKept(bits) < bits.length)
      refuse(id, `nothing pruned (${skip.text})`, 'pruned entries');
  }
  for (const [id, { length, bytes }] of before) {
    const kept = now.get(id)?.bytes;
    const bits = { length, bytes: bytes.map((byte, i) => ~byte & (kept ? kept[i] : 0xff)) };
    for (let i = 0; i < length; i++)
      if (isKept(bits, i)) refuse(id, 'everything pruned that was pruned before', `entry ${i} kept`);
  }
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
