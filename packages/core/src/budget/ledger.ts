import { isKept } from '../bits.js';
import type { Group, Param, Plan } from '../contracts.js';
import { show, UsageError } from '../errors.js';
import type { Cost } from './cost.js';

/** The cost of a network while units are taken out and put back; exact as long as it stays below 2⁵³. */
export interface Ledger {
  total(): number;
  remove(group: string, unit: number): void;
  restore(group: string, unit: number): void;
}

/** One axis of a weight: how many units took each of its slices, and how many slices are left. */
interface Axis {
  readonly takenBy: Uint16Array;
  kept: number;
}

interface Account {
  readonly each: number;
  /** Entries for one slice of every axis that units can shorten. */
  readonly inner: number;
  readonly axes: Map<number, Axis>;
}

/**
 * Opens a ledger with everything kept. An entry of a weight is kept while every slice that it lies in is, so a weight keeps
 * (Π slices kept along its axes with sites) · (its other axes) entries, and a unit's price changes with its neighbours'.
 * Throws a UsageError with code 'cost-not-finite' for a price that is none.
 */
export function openLedger(
  { params, groups }: { readonly params: readonly Param[]; readonly groups: readonly Group[] },
  cost: Cost,
): Ledger {
  const accounts = new Map(params.map((param) => [param.id, accountOf(param, groups, cost)]));
  const slices = new Map(groups.map((group) => [group.id, slicesByUnit(group, accounts)]));
  let total = cost.fixed ?? 0;
  for (const account of accounts.values()) total += amountOf(account);

  function change(group: string, unit: number, by: 1 | -1): void {
    for (const { account, axis, indices } of slices.get(group)?.[unit] ?? []) {
      total -= amountOf(account);
      for (const i of indices) {
        if (by > 0 ? axis.takenBy[i]++ === 0 : --axis.takenBy[i] === 0) axis.kept -= by;
      }
      total += amountOf(account);
    }
  }
  return {
    total: () => total,
    remove: (group, unit) => change(group, unit, 1),
    restore: (group, unit) => change(group, unit, -1),
  };
}

/** What a plan leaves of a network's cost; its element masks are not looked at. */
export function planCost(
  plan: Pick<Plan, 'units'>,
  model: { readonly params: readonly Param[]; readonly groups: readonly Group[] },
  cost: Cost,
): number {
  const ledger = openLedger(model, cost);
  for (const { id, size } of model.groups) {
    const units = Object.hasOwn(plan.units, id) ? plan.units[id] : undefined;
    for (let unit = 0; units && unit < size; unit++) if (!isKept(units, unit)) ledger.remove(id, unit);
  }
  return ledger.total();
}

function accountOf(param: Param, groups: readonly Group[], cost: Cost): Account {
  const axes = new Map<number, Axis>();
  for (const { sites } of groups) {
    for (const { param: id, axis } of sites) {
      if (id !== param.id || axes.has(axis)) continue;
      axes.set(axis, { takenBy: new Uint16Array(param.shape[axis]), kept: param.shape[axis] });
    }
  }
  const inner = param.shape.reduce((size, n, axis) => (axes.has(axis) ? size : size * n), 1);
  return { each: checkPrice(cost, param), inner, axes };
}

function checkPrice(cost: Cost, param: Param): number {
  const each = cost.each(param);
  if (Number.isFinite(each) && each >= 0) return each;
  const [wanted, found] = ['a finite number, 0 or more', String(each)];
  throw new UsageError(
    'cost-not-finite',
    `the ${cost.name} of one entry of ${show(param.id)} must be ${wanted}, got ${found}`,
    { where: param.id, wanted, found },
  );
}

function amountOf({ each, inner, axes }: Account): number {
  let entries = inner;
  for (const { kept } of axes.values()) entries *= kept;
  return each * entries;
}

interface Part {
  readonly account: Account;
  readonly axis: Axis;
  readonly indices: readonly number[];
}

function slicesByUnit({ size, sites }: Group, accounts: ReadonlyMap<string, Account>): Part[][] {
  const parts: Part[][] = Array.from({ length: size }, () => []);
  for (const { param, axis, unitOf } of sites) {
    const account = accounts.get(param);
    if (!account) continue;
    const indices: number[][] = Array.from({ length: size }, () => []);
    unitOf.forEach((unit, i) => unit >= 0 && indices[unit].push(i));
    indices.forEach((own, unit) => {
      if (own.length > 0) parts[unit].push({ account, axis: account.axes.get(axis)!, indices: own });
    });
  }
  return parts;
}
