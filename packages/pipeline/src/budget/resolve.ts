import {
  byteCost,
  type Cost,
  eligibleParams,
  erkShare,
  globalShare,
  lampShare,
  macCost,
  paramCost,
  planCost,
  type PrunableModel,
  PRUNE_DEFAULTS,
  protect,
  sizeOf,
  type Strategy,
  tableCounts,
  tableShare,
  uniformShare,
  UsageError,
} from '@espalier/core';
import { encodeModelFiles } from '@espalier/format/web';
import {
  asScored,
  byMax,
  byMean,
  l2,
  type Limits,
  max,
  mean,
  residual,
  structured,
  type StructuredOptions,
  sum as sumOf,
  tableSparsity,
} from '@espalier/strategy-structured';
import { unstructured } from '@espalier/strategy-unstructured';
import { GOALS, isTable } from '../options/check.js';
import { type Limits as LimitWords, type Target, targetOf } from '../options/kinds.js';
import { type Settings, UNITS, valueOf } from '../options/table.js';
import { findStrategy } from '../plugins/find.js';
import type { Host } from '../run/host.js';
import { checkBudget } from './table.js';

type Weights = Pick<PrunableModel, 'params' | 'groups' | 'branches'>;
type Lent = Pick<Host, 'load' | 'readJson'>;

/** What is to be done to reach what was asked for. */
export interface Resolved {
  readonly strategy: Strategy;
  /** In the strategy's own count. */
  readonly sparsity: number;
  /** Absent = a sparsity of channels or weights. */
  readonly goal?: Goal;
  /** Of a structured strategy. */
  readonly structured?: StructuredOptions;
}

export interface Goal {
  readonly of: (typeof GOALS)[number];
  readonly target: Target;
  readonly cost: Cost;
  readonly dense: number;
}

const AGGREGATES = { mean, sum: sumOf, max, l2 };
const NORMALISERS = { mean: byMean, max: byMax, none: asScored };
const SHARES = { uniform: uniformShare, global: globalShare, erk: erkShare, lamp: lampShare };

/**
 * The strategy and the sparsity that settings ask for, checked against the model before any work: a UsageError with code
 * 'budget-infeasible' says what is in the way.
 */
export async function resolveBudget(settings: Settings, model: PrunableModel, lent: Lent = {}): Promise<Resolved> {
  const resolved = await resolveGoal(settings, model, lent);
  const { goal, strategy, sparsity } = resolved;
  // A latency is checked by measuring.
  if (goal?.of !== 'latency') strategy.check?.({ ...protect(model, given(settings)), sparsity });
  return resolved;
}

/** The same, without a look at whether the model can give so much. */
export async function resolveGoal(settings: Settings, model: PrunableModel, lent: Lent = {}): Promise<Resolved> {
  const weights = protect(model, given(settings));
  return valueOf(settings, 'strategy') === 'structured'
    ? resolveChannels(settings, model, weights, lent)
    : resolveElements(settings, weights, lent);
}

/** The globs of what is left alone, as core takes them. */
export const given = ({ ignore, keepInputs }: Settings) => ({
  ...(ignore && { ignore }),
  ...(keepInputs && { keepInputs }),
});

/** What `find`, `make` and friends take of settings. */
export const strategySettings = (settings: Settings) => ({ ...settings, strategy: valueOf(settings, 'strategy')! });

async function resolveChannels(s: Settings, model: PrunableModel, weights: Weights, lent: Lent): Promise<Resolved> {
  const of = GOALS.find((unit) => s[unit] !== undefined);
  const cost = of && (await costOf(of, model));
  const table = isTable(s.budget) ? await readTable(s.budget!, 'channel', lent) : undefined;
  const options: StructuredOptions = {
    ...(s.scope && s.scope !== 'output' && { scope: s.scope }),
    ...(cost && { cost }),
    ...(s.perCost && { perCost: true }),
    ...(typeof s.roundTo === 'number' && { roundTo: s.roundTo }),
    ...(s.aggregate && { aggregate: AGGREGATES[s.aggregate] }),
    ...(s.normalise && { normalise: NORMALISERS[s.normalise] }),
    ...(table && { table }),
    limits: limitsOf(s),
  };
  const strategy = s.granularity === 'layer' ? residual(options) : structured(options);
  if (!of || !cost) {
    const sparsity = table ? tableSparsity(weights.groups, weights.params, table) : sparsityOf(s, strategy);
    return { strategy, sparsity, structured: options };
  }
  const [target, dense] = [targetOf(s[of]!, UNITS[of]), planCost({ units: {} }, model, cost)];
  const sparsity = of === 'latency' ? 0 : 1 - Math.min(1, target.fraction ?? target.amount! / dense);
  return { strategy, sparsity, goal: { of, target, cost, dense }, structured: options };
}

async function resolveElements(s: Settings, weights: Weights, lent: Lent): Promise<Resolved> {
  const eligible = () => sized(eligibleParams({ ...weights, scores: everything(weights), sparsity: 0 }));
  if (isTable(s.budget)) {
    const table = await readTable(s.budget!, 'element', lent);
    const params = eligible();
    const gone = sum(tableCounts(params, table));
    return { strategy: unstructured({ share: tableShare(table) }), sparsity: gone / sum(params.map((p) => p.size)) };
  }
  const strategy =
    s.budget === undefined
      ? await findStrategy(strategySettings(s), lent.load)
      : unstructured({ share: SHARES[s.budget as keyof typeof SHARES]() });
  if (s.params === undefined) return { strategy, sparsity: sparsityOf(s, strategy) };
  const target = targetOf(s.params, UNITS.params);
  const dense = planCost({ units: {} }, weights, paramCost);
  const kept = Math.min(dense, target.amount ?? target.fraction! * dense);
  const prunable = sum(eligible().map(({ size }) => size));
  if (dense - kept > prunable) throw tooFew(kept, dense, prunable);
  const goal: Goal = { of: 'params', target, cost: paramCost, dense };
  return { strategy, sparsity: (dense - kept) / prunable, goal };
}

/** What is asked for, what the pattern fixes, or the half. */
export const sparsityOf = ({ sparsity }: Settings, strategy: Strategy) =>
  sparsity ?? strategy.sparsity ?? PRUNE_DEFAULTS.sparsity;

async function readTable(path: string, granularity: 'element' | 'channel', { readJson }: Lent) {
  if (readJson) return checkBudget(await readJson(path), path, granularity);
  throw new UsageError(
    'budget-missing',
    `budget: a table is a file, and there are none here; give ${Object.keys(SHARES).join(', ')}`,
    {
      where: 'budget',
      found: path,
    },
  );
}

/** Floors and ceilings by glob. */
function limitsOf({ floor, ceiling }: Settings): Limits {
  const limits: Record<string, { floor?: number; ceiling?: number }> = {};
  for (const [glob, fraction] of entriesOf(floor)) limits[glob] = { ...limits[glob], floor: fraction };
  for (const [glob, fraction] of entriesOf(ceiling)) limits[glob] = { ...limits[glob], ceiling: fraction };
  return limits;
}

const entriesOf = (words: LimitWords | undefined) =>
  typeof words === 'number' ? [['**', words] as const] : Object.entries(words ?? {});

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const sized = (params: ReturnType<typeof eligibleParams>) =>
  params.map((param) => ({ param, size: sizeOf(param.shape) }));
const everything = ({ params }: Weights) => ({
  params: params.map(({ id }) => id),
  read: () => Promise.reject(new Error('no scores yet')),
});

async function costOf(of: (typeof GOALS)[number], model: PrunableModel): Promise<Cost> {
  if (of === 'params') return paramCost;
  if (of === 'macs') return macCost;
  if (of === 'bytes') return byteCost(await overheadOf(model));
  // Time follows arithmetic more closely than weights, where it is known.
  return model.params.every(({ role, uses }) => role !== 'kernel' || uses !== null) ? macCost : paramCost;
}

/** What model.json adds to the weights, as it would be written. */
async function overheadOf(model: PrunableModel): Promise<number> {
  const files = Object.values(encodeModelFiles(await model.toArtifacts()));
  return sum(files.map(({ length }) => length)) - planCost({ units: {} }, model, byteCost());
}

function tooFew(kept: number, dense: number, prunable: number): UsageError {
  const count = (n: number) => Math.round(n).toLocaleString('en-US');
  const fix = `ask for at least ${Math.ceil((1000 * (dense - prunable)) / dense) / 1000}`;
  return new UsageError(
    'budget-infeasible',
    `a budget of ${count(kept)} of the ${count(dense)} parameters cannot be met: ${count(dense - prunable)} are biases, norms, or left alone; ${fix}`,
    { where: 'parameters', wanted: `at most ${count(kept)}`, found: `at least ${count(dense - prunable)}`, fix },
  );
}
