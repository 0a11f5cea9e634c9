import {
  bitsFrom,
  checkSparsity,
  type Cost,
  type Granularity,
  type Group,
  isKept,
  memoryPlan,
  nothingToPrune,
  openLedger,
  roundHalfEven,
  type Selection,
  type Strategy,
  unitsOf,
  whyNotChosen,
} from '@espalier/core';
import { say } from './notes.js';
import { asScored, mean } from './aggregate.js';
import { budgetInfeasible } from './infeasible.js';
import { countChannels, removePrevious } from './ledgers.js';
import { solve } from './solve.js';
import { orderSteps } from './steps.js';
import { unitScores, type UnitScoreOptions } from './unit-scores.js';

export interface ResidualOptions extends UnitScoreOptions {
  /** What sparsity counts, `macCost` for example; default: branches. */
  readonly cost?: Cost;
}

const BRANCHES: Granularity = { kind: 'branches', name: 'residual branches', units: true };

export const RESIDUAL_DEFAULTS = { aggregate: mean, normalise: asScored };

/**
 * Removes whole residual branches, those with the lowest score first: f of x + f(x), which leaves x. A branch's score is the
 * mean over its kernels of their aggregated scores. roundHalfEven(sparsity · branches) go; with a `cost`, as many as it
 * takes for at most (1 − sparsity) of the network's cost to be left, less those that still fit.
 *
 * UsageErrors, before any scoring: 'nothing-to-prune' where the model has no branch that may go, 'budget-infeasible'.
 */
export function residual(options: ResidualOptions = {}): Strategy {
  const settings = { ...RESIDUAL_DEFAULTS, ...options };
  return {
    name: 'residual',
    check(selection) {
      decide(selection, new Map(open(selection).map(({ id }) => [id, new Float32Array(1)])), settings.cost);
    },
    async select(selection) {
      const scores = new Map<string, Float32Array>();
      // What a scorer says of groups of channels, it does not say of branches.
      const { params, read } = selection.scores;
      for (const branch of open(selection)) {
        const values = await unitScores(branch, { params: selection.params, scores: { params, read } }, settings);
        if (values) scores.set(branch.id, values);
      }
      return decide(selection, scores, settings.cost);
    },
  };
}

type Task = Omit<Selection, 'scores'>;

const open = ({ branches = [] }: Task): Group[] => branches.filter(({ skip }) => skip === undefined);

function decide(task: Task, scores: ReadonlyMap<string, Float32Array>, cost: Cost | undefined) {
  const { branches: groups = [], params, previous, sparsity } = task;
  checkSparsity(sparsity);
  const scored = open(task).filter(({ id }) => scores.has(id));
  if (scored.length === 0) throw nothingToPrune([say('no-branch'), ...groups.map(whyNotChosen)]);
  const ledger = cost ? openLedger({ params, groups }, cost) : countChannels(scored);
  const dense = ledger.total();
  removePrevious({ groups, ...(previous && { previous }) }, ledger);
  const entries = scored.map(({ id, size }) => ({
    ...{ id, size, scores: scores.get(id)! },
    range: { least: 0, most: 1 },
    previous: previous && unitsOf(previous, id),
  }));
  const steps = orderSteps(entries, { scope: 'global', roundTo: 1 });
  const target = cost ? (1 - sparsity) * dense : scored.length - roundHalfEven(sparsity * scored.length);
  const { taken, reached } = solve(steps, ledger, target);
  if (cost && !reached)
    throw budgetInfeasible({ task: { params, groups, sparsity }, cost, dense, left: ledger.total(), limited: false });
  const gone = new Set(taken.map(({ group }) => group));
  const units = scored.map(({ id }) => {
    const before = previous && unitsOf(previous, id);
    return [id, bitsFrom(1, () => (!before || isKept(before, 0)) && !gone.has(id))] as const;
  });
  return memoryPlan({ units: { ...previous?.units, ...Object.fromEntries(units) }, granularity: BRANCHES });
}
