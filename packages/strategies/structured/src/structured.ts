import {
  bitsFrom,
  CHANNELS,
  checkSparsity,
  type Cost,
  type Group,
  isKept,
  memoryPlan,
  nothingToPrune,
  openLedger,
  pruneCount,
  type Selection,
  show,
  type Strategy,
  unitsOf,
  UsageError,
  whyNotChosen,
} from '@espalier/core';
import { budgetInfeasible, channelsImpossible } from './infeasible.js';
import { countChannels, priceOf, removePrevious } from './ledgers.js';
import { type Limits, rangesOf } from './limits.js';
import { solve } from './solve.js';
import { type Entry, orderSteps, type Step } from './steps.js';
import { shareOf, type Table, tableGroups } from './table.js';
import { UNIT_SCORE_DEFAULTS, unitScores, type UnitScoreOptions } from './unit-scores.js';

export interface StructuredOptions extends UnitScoreOptions {
  /** global: the lowest channels of the whole network go. local: each group loses the same fraction. */
  readonly scope?: 'global' | 'local';
  /** What sparsity counts, `macCost` for example; default: channels. */
  readonly cost?: Cost;
  /** Ranks channels by score per cost: dear channels go earlier. Only with `cost`. */
  readonly perCost?: boolean;
  /** Floors and ceilings by glob over layer names. */
  readonly limits?: Limits;
  /** What stays of a group is a multiple of this, or all of it. */
  readonly roundTo?: number;
  /** The fraction to remove by glob over layer names; layers that it does not name are left alone. */
  readonly table?: Table;
}

export const STRUCTURED_DEFAULTS = {
  scope: 'global' as 'global' | 'local',
  perCost: false,
  limits: {} as Limits,
  roundTo: 1,
  ...UNIT_SCORE_DEFAULTS,
};

/**
 * Removes whole channels with everything that belongs to them: filter, bias, normalisation, and the inputs of the layers
 * behind. Sparsity counts channels, and exactly roundHalfEven(sparsity · channels) go, over all groups that may be pruned,
 * each channel once. With a `cost` it counts that instead, over the whole network: at most (1 − sparsity) of it is left, and
 * no channel that went would still fit. Every group keeps its best channel and what its floor asks for; what a group cannot
 * give, the next lowest scores of the others give. Equal scores keep the lower index. The filter norm of arXiv:1608.08710,
 * taken over every site of the channel.
 *
 * UsageErrors: 'nothing-to-prune' where no group may be pruned, 'channels-impossible' and 'budget-infeasible' where what
 * has to stay is more than the target, and those of `rangesOf`; the last three before any scoring.
 */
export function structured(options: StructuredOptions = {}): Strategy {
  const settings = { ...STRUCTURED_DEFAULTS, ...options };
  checkRoundTo(settings.roundTo);
  const scored = async (selection: Selection) => {
    const scores = new Map<string, Float32Array>();
    for (const group of candidates(selection, settings)) {
      const values = await unitScores(group, selection, settings);
      if (values) scores.set(group.id, values);
    }
    return scores;
  };
  return {
    name: `structured-${settings.scope}`,
    check(selection) {
      decide(selection, unscored(selection, settings), { ...settings, perCost: false });
    },
    async select(selection) {
      const taken = decide(selection, await scored(selection), settings);
      return memoryPlan({
        units: { ...selection.previous?.units, ...unitsLeft(selection, taken) },
        granularity: CHANNELS,
      });
    },
  };
}

function checkRoundTo(roundTo: number): void {
  if (Number.isSafeInteger(roundTo) && roundTo > 0) return;
  const [where, wanted] = ['roundTo', 'a positive integer'];
  throw new UsageError('round-to', `${where} wants ${wanted}, got ${show(roundTo)}`, {
    where,
    wanted,
    found: String(roundTo),
  });
}

type Settings = StructuredOptions & typeof STRUCTURED_DEFAULTS;
type Task = Omit<Selection, 'scores'>;

const candidates = ({ groups, params }: Task, { table }: Settings): Group[] =>
  (table ? tableGroups(groups, params, table) : groups).filter(({ skip }) => skip === undefined);

/** Scores that stand in where only counts matter. */
const unscored = (task: Task, settings: Settings) =>
  new Map(candidates(task, settings).map(({ id, size }) => [id, new Float32Array(size)]));

/** Who competes, all steps that there are, and the books before the first one. */
function contest(task: Task, scores: ReadonlyMap<string, Float32Array>, settings: Settings) {
  const { cost, limits, table } = settings;
  const groups = candidates(task, settings).filter(({ id }) => scores.has(id));
  if (groups.length === 0) throw nothingToPrune(task.groups.map(whyNotChosen));
  const ranges = rangesOf(groups, task.params, limits);
  const ledger = cost ? openLedger(task, cost) : countChannels(groups);
  const dense = ledger.total();
  const entries = groups.map((group): Entry => {
    const share = table && shareOf(group, task.params, table);
    const range = ranges.get(group.id)!;
    return {
      id: group.id,
      size: group.size,
      scores: scores.get(group.id)!,
      range: share === undefined ? range : { ...range, least: Math.max(range.least, share.least) },
      previous: task.previous && unitsOf(task.previous, group.id),
      ...(settings.perCost && { price: priceOf(group, ledger) }),
      ...(share !== undefined && { share: share.sparsity }),
    };
  });
  removePrevious(task, ledger);
  const steps = orderSteps(entries, { scope: table ? 'local' : settings.scope, roundTo: settings.roundTo });
  return { groups, ledger, dense, steps, limited: entries.some(({ range }) => range.least > 1) };
}

/** The steps that are taken. */
function decide(task: Task, scores: ReadonlyMap<string, Float32Array>, settings: Settings) {
  const { groups, ledger, dense, steps, limited } = contest(task, scores, settings);
  const { cost } = settings;
  const { sparsity } = task;
  checkSparsity(sparsity);
  const total = groups.reduce((sum, { size }) => sum + size, 0);
  const target = cost ? (1 - sparsity) * dense : total - pruneCount(total, sparsity);
  const { taken, reached } = solve(steps, ledger, target);
  const left = ledger.total();
  if (cost && !reached) throw budgetInfeasible({ task, cost, dense, left, limited });
  if (!cost && (!reached || sparsity === 1)) throw channelsImpossible({ sparsity, total, left, groups: groups.length });
  return { groups, taken };
}

/** The highest sparsity that `structured(options)` can reach on a network: with every channel gone that may go. */
export function mostSparsity(task: Pick<Selection, 'params' | 'groups'>, options: StructuredOptions = {}): number {
  const settings = { ...STRUCTURED_DEFAULTS, ...options, perCost: false };
  const whole = { ...task, sparsity: 1 };
  const { ledger, dense, steps } = contest(whole, unscored(whole, settings), settings);
  for (const { group, units } of steps) units.forEach((unit) => ledger.remove(group, unit));
  return dense > 0 ? 1 - ledger.total() / dense : 0;
}

function unitsLeft({ previous }: Task, { groups, taken }: { groups: readonly Group[]; taken: readonly Step[] }) {
  const gone = new Map(groups.map(({ id }) => [id, new Set<number>()]));
  for (const { group, units } of taken) for (const unit of units) gone.get(group)!.add(unit);
  return Object.fromEntries(
    groups.map(({ id, size }) => {
      const before = previous && unitsOf(previous, id);
      return [id, bitsFrom(size, (i) => (!before || isKept(before, i)) && !gone.get(id)!.has(i))];
    }),
  );
}
