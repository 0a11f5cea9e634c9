import {
  type Bits,
  countKept,
  type FixedCount,
  gridOf,
  isKept,
  isPrunable,
  type Param,
  type Plan,
  pruneCount,
  type Selection,
  type Strategy,
  WEIGHTS,
} from '@espalier/core';
import { type Claim } from './law.js';
import { type Prunable, type ScoreOf, selectionOf, TINY_LAYERS } from './strategy-fixture.js';

/** A strategy, and what it is tried on. */
export interface StrategySubject {
  /** Makes the strategy anew, with the same options each time. */
  make(): Strategy;
  /** Parameters and groups that it can prune. Those of a layer 'unscored' get no scores. Default: TINY_LAYERS. */
  readonly layers?: Prunable;
  /**
   * How many entries (weights, or channels for a plan of units) a selection must prune. Default: roundHalfEven of
   * sparsity · size, in all or parameter by parameter, and of cells where the plan's granularity has some; where it fixes counts,
   * those.
   */
  readonly pruned?: (selection: Selection) => number;
}

export interface Decision {
  readonly plan: Plan;
  readonly masks: ReadonlyMap<string, Bits>;
}

export const layersOf = (subject: StrategySubject) => subject.layers ?? TINY_LAYERS;

export async function decide(strategy: Strategy, selection: Selection): Promise<Decision> {
  const plan = await strategy.select(selection);
  const masks = new Map<string, Bits>();
  for (const id of plan.params) masks.set(id, await plan.mask(id));
  return { plan, masks };
}

export const tryOn = (subject: StrategySubject, scoreOf: ScoreOf, sparsity: number, previous?: Plan) =>
  decide(subject.make(), selectionOf(layersOf(subject), scoreOf, { sparsity, ...(previous && { previous }) }));

/** What the strategy can be asked for. */
export const sparsitiesOf = ({ make }: StrategySubject) => {
  const fixed = make().sparsity;
  return fixed === undefined ? [0.1, 1 / 3, 0.5, 0.7, 0.85] : [fixed];
};

/** Every decision, masks and units alike, with the name and the bits of each. */
export const entriesOf = ({ plan, masks }: Decision): [string, Bits][] => [
  ...Array.from(masks, ([id, bits]): [string, Bits] => [id, bits]),
  ...Object.entries(plan.units).map(([id, bits]): [string, Bits] => [`group ${id}`, bits]),
];
export const bytesOf = (decision: Decision) =>
  JSON.stringify(entriesOf(decision).map(([id, { length, bytes }]) => [id, length, Array.from(bytes)]));
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const prunedOf = (all: Iterable<Bits>) => Array.from(all).reduce((sum, bits) => sum + bits.length - countKept(bits), 0);

/** What is kept or pruned together: a weight's index, or those of a block. */
export type Cell = readonly number[];

/** The cells of one parameter, in the order of memory. */
export function cellsOf({ plan }: Decision, param: Param): Cell[] {
  const { first, within } = gridOf(param, plan.granularity?.cell);
  return Array.from(first, (start) => Array.from(within, (offset) => start + offset));
}

/** The cells by the boxes in which their number is fixed; those past the last whole box are in none. */
function stretches(decision: Decision, param: Param, { within }: FixedCount): Cell[][] {
  const { first, boxOf } = gridOf(param, within);
  const found: Cell[][] = Array.from(first, () => []);
  for (const cell of cellsOf(decision, param)) if (boxOf(cell[0]) >= 0) found[boxOf(cell[0])].push(cell);
  return found;
}

/**
 * The cells that compete with one another alone: those of a stretch where one count is fixed, else all of the parameter.
 * Where several counts bind one another, no cell can be told to be wrong by itself.
 */
export function contests(decision: Decision, param: Param): Cell[][] {
  const { counts = [] } = decision.plan.granularity ?? WEIGHTS;
  if (counts.length > 1) return [];
  return counts.length === 1 ? stretches(decision, param, counts[0]) : [cellsOf(decision, param)];
}

/** What a plan of units decides on: groups of channels, or residual branches. */
export const unitsIn = ({ groups, branches = [] }: Prunable, { units }: Plan) =>
  branches.some(({ id }) => Object.hasOwn(units, id)) ? branches : groups;

/** Breaks the law unless the decision prunes as many entries as the selection asks for. */
export function checkCount(subject: StrategySubject, selection: Selection, decision: Decision, claim: Claim): void {
  const { plan, masks } = decision;
  const { params, scores, sparsity } = selection;
  const at = `at sparsity ${sparsity}`;
  const units = Object.values(plan.units);
  const channels = units.length > 0 && masks.size === 0;
  const found = prunedOf(channels ? units : masks.values());
  if (subject.pruned) {
    const wanted = subject.pruned(selection);
    return claim(found === wanted, () => `${at} wanted ${wanted}, got ${found}`);
  }
  if (channels) {
    const open = unitsIn(selection, plan).filter(({ skip }) => skip === undefined);
    const wanted = pruneCount(sum(open.map(({ size }) => size)), sparsity);
    return claim(found === wanted, () => `${at} wanted ${wanted} units, got ${found}`);
  }
  const { cell, counts = [] } = plan.granularity ?? WEIGHTS;
  if (counts.length > 0) return checkFixed(selection, decision, counts, claim);
  // Kernels that the cells do not fit may be left dense.
  const open = params.filter((p) => (cell ? masks.has(p.id) : isPrunable(p) && scores.params.includes(p.id)));
  const grids = open.map((param) => gridOf(param, cell));
  const sizes = grids.map(({ first }) => first.length);
  const inCells = sum(
    open.map(({ id }, i) => (masks.has(id) ? prunedOf([masks.get(id)!]) / grids[i].within.length : 0)),
  );
  const inAll = pruneCount(sum(sizes), sparsity);
  const each = sum(sizes.map((size) => pruneCount(size, sparsity)));
  claim(
    inCells === inAll || inCells === each,
    () => `${at} wanted ${inAll} ${cell ? 'cells ' : ''}in all or ${each} layer by layer, got ${inCells}`,
  );
}

function checkFixed(
  { params, sparsity }: Selection,
  decision: Decision,
  counts: readonly FixedCount[],
  claim: Claim,
): void {
  for (const [id, mask] of decision.masks)
    for (const count of counts)
      for (const cells of stretches(
        decision,
        params.find((p) => p.id === id)!,
        count,
      )) {
        const kept = cells.filter(([i]) => isKept(mask, i)).length;
        const wanted = count.keep ?? cells.length - pruneCount(cells.length, sparsity);
        claim(kept === wanted, () => `'${id}' keeps ${kept} of the group at index ${cells[0][0]}, wanted ${wanted}`);
      }
}

/** The same plan, its masks asked for again. */
export const readAgain = async ({ plan }: Decision): Promise<Decision> => ({
  plan,
  masks: new Map(await Promise.all(plan.params.map(async (id) => [id, await plan.mask(id)] as const))),
});
