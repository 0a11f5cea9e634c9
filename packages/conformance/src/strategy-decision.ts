import {
  type Bits,
  countKept,
  isKept,
  isPrunable,
  type Param,
  type Plan,
  pruneCount,
  type Selection,
  sizeOf,
  type Strategy,
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
   * sparsity · size, in all or parameter by parameter; for a pattern, M − N of every M; for blocks,
   * whole ones, counted likewise.
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

/** The runs of cells that compete with one another: a pattern's groups, or all blocks or weights of the parameter. */
export function* contests({ plan }: Decision, { shape, inAxis }: Param): Generator<Cell[]> {
  const size = sizeOf(shape);
  if (plan.block) return yield blocksOf(plan.block, shape, inAxis);
  if (!plan.pattern) return yield Array.from({ length: size }, (_, i) => [i]);
  const inner = sizeOf(shape.slice(inAxis + 1));
  const { group } = plan.pattern;
  for (let outer = 0; outer < size; outer += shape[inAxis] * inner)
    for (let start = 0; start + group <= shape[inAxis]; start += group)
      for (let column = 0; column < inner; column++)
        yield Array.from({ length: group }, (_, i) => [outer + (start + i) * inner + column]);
}

/** Blocks of kernels whose last two axes are inputs and outputs, whichever comes first, ordered by their first entries. */
function blocksOf({ outputs, inputs }: NonNullable<Plan['block']>, shape: readonly number[], inAxis: number): Cell[] {
  const [rows, columns] = shape.slice(-2);
  const inputsLast = inAxis === shape.length - 1;
  const [height, width] = inputsLast ? [outputs, inputs] : [inputs, outputs];
  const cells: number[][] = [];
  for (let matrix = 0; matrix < sizeOf(shape); matrix += rows * columns)
    for (let row = 0; row + height <= rows; row += height)
      for (let column = 0; column + width <= columns; column += width)
        cells.push(
          Array.from({ length: height * width }, (_, k) => {
            return matrix + (row + Math.floor(k / width)) * columns + column + (k % width);
          }),
        );
  return cells;
}

/** Breaks the law unless the decision prunes as many entries as the selection asks for. */
export function checkCount(subject: StrategySubject, selection: Selection, decision: Decision, claim: Claim): void {
  const { plan, masks } = decision;
  const { params, groups, scores, sparsity } = selection;
  const at = `at sparsity ${sparsity}`;
  const units = Object.values(plan.units);
  const channels = units.length > 0 && masks.size === 0;
  const found = prunedOf(channels ? units : masks.values());
  if (subject.pruned) {
    const wanted = subject.pruned(selection);
    return claim(found === wanted, () => `${at} wanted ${wanted}, got ${found}`);
  }
  if (plan.pattern) {
    const { keep } = plan.pattern;
    for (const [id, mask] of masks)
      for (const cells of contests(
        decision,
        params.find((p) => p.id === id)!,
      )) {
        const kept = cells.filter(([i]) => isKept(mask, i)).length;
        claim(kept === keep, () => `'${id}' keeps ${kept} of the group at index ${cells[0][0]}, wanted ${keep}`);
      }
    return;
  }
  if (plan.block) {
    const sizes = Array.from(masks.keys(), (id) => {
      const [cells] = contests(
        decision,
        params.find((p) => p.id === id)!,
      );
      return cells.length;
    });
    const cell = plan.block.outputs * plan.block.inputs;
    const inAll = cell * pruneCount(sum(sizes), sparsity);
    const each = cell * sum(sizes.map((size) => pruneCount(size, sparsity)));
    return claim(found === inAll || found === each, () => `${at} wanted ${inAll} or ${each} in blocks, got ${found}`);
  }
  const sizes = channels
    ? groups.filter((g) => g.skip === undefined).map((g) => g.size)
    : params.filter((p) => isPrunable(p) && scores.params.includes(p.id)).map((p) => sizeOf(p.shape));
  const inAll = pruneCount(sum(sizes), sparsity);
  const each = sum(sizes.map((size) => pruneCount(size, sparsity)));
  claim(
    found === inAll || (!channels && found === each),
    () => `${at} wanted ${inAll}${channels ? '' : ` in all or ${each} layer by layer`}, got ${found}`,
  );
}

/** The same plan, its masks asked for again. */
export const readAgain = async ({ plan }: Decision): Promise<Decision> => ({
  plan,
  masks: new Map(await Promise.all(plan.params.map(async (id) => [id, await plan.mask(id)] as const))),
});
