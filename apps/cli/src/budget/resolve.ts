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
  protect,
  sizeOf,
  type Strategy,
  tableCounts,
  tableShare,
  uniformShare,
  UsageError,
} from '@espalier/core';
import { writeModel } from '@espalier/format';
import { residual, structured, type StructuredOptions, tableSparsity } from '@espalier/strategy-structured';
import { unstructured } from '@espalier/strategy-unstructured';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AnyPrunable, artifactsOf } from '../adapted.js';
import { makeStrategy, type StrategyChoice } from '../plugins.js';
import { AGGREGATES, type BudgetOptions, isTableFile, limitsOf, NORMALISERS } from './options.js';
import { readBudget } from './table-file.js';
import type { Target } from './target.js';

export type Options = BudgetOptions & StrategyChoice & { readonly sparsity?: number; readonly ignore?: string[] };
type Weights = Pick<AnyPrunable, 'params' | 'groups' | 'branches'>;

/** What is to be done to reach what was asked for. */
export interface Resolved {
  readonly strategy: Strategy;
  /** In the strategy's own count. */
  readonly sparsity: number;
  /** Absent = channels or weights. */
  readonly goal?: Goal;
  /** Of a structured strategy. */
  readonly structured?: StructuredOptions;
}

export interface Goal {
  readonly of: 'params' | 'macs' | 'bytes' | 'latency';
  readonly target: Target;
  readonly cost: Cost;
  readonly dense: number;
}

const UNITS = ['params', 'macs', 'bytes', 'latency'] as const;

/**
 * The strategy and the sparsity that options ask for, checked against the model before any work: a UsageError with code
 * 'budget-infeasible' says what is in the way.
 */
export async function resolveBudget(options: Options, model: AnyPrunable): Promise<Resolved> {
  const weights = protect(model, options);
  const resolved =
    options.strategy === 'structured'
      ? await resolveChannels(options, model, weights)
      : await resolveElements(options, weights);
  // A latency is checked by measuring.
  if (resolved.goal?.of !== 'latency') resolved.strategy.check?.({ ...weights, sparsity: resolved.sparsity });
  return resolved;
}

async function resolveChannels(options: Options, model: AnyPrunable, weights: Weights): Promise<Resolved> {
  const of = UNITS.find((unit) => options[unit] !== undefined);
  const cost = of && (await costOf(of, model));
  const table = isTableFile(options.budget) ? await readBudget(options.budget!, 'channel') : undefined;
  const settings: StructuredOptions = {
    ...(options.scope && options.scope !== 'output' && { scope: options.scope }),
    ...(cost && { cost }),
    ...(options.perCost && { perCost: true }),
    ...(typeof options.roundTo === 'number' && { roundTo: options.roundTo }),
    ...(options.aggregate && { aggregate: AGGREGATES[options.aggregate] }),
    ...(options.normalise && { normalise: NORMALISERS[options.normalise] }),
    ...(table && { table }),
    limits: limitsOf(options),
  };
  const strategy = options.granularity === 'layer' ? residual(settings) : structured(settings);
  if (!of || !cost) {
    const sparsity = table ? tableSparsity(weights.groups, weights.params, table) : (options.sparsity ?? 0.5);
    return { strategy, sparsity, structured: settings };
  }
  const [target, dense] = [options[of]!, planCost({ units: {} }, model, cost)];
  const sparsity = of === 'latency' ? 0 : 1 - Math.min(1, target.fraction ?? target.amount! / dense);
  return { strategy, sparsity, goal: { of, target, cost, dense }, structured: settings };
}

async function resolveElements(options: Options, weights: Weights): Promise<Resolved> {
  const { budget, params: target } = options;
  const eligible = () => sized(eligibleParams({ ...weights, scores: everything(weights), sparsity: 0 }));
  if (isTableFile(budget)) {
    const table = await readBudget(budget!, 'element');
    const params = eligible();
    const gone = sum(tableCounts(params, table));
    return { strategy: unstructured({ share: tableShare(table) }), sparsity: gone / sum(params.map((p) => p.size)) };
  }
  const shares = { uniform: uniformShare, global: globalShare, erk: erkShare, lamp: lampShare };
  const strategy =
    budget === undefined ? makeStrategy(options) : unstructured({ share: shares[budget as keyof typeof shares]() });
  if (!target) return { strategy, sparsity: options.sparsity ?? strategy.sparsity ?? 0.5 };
  const dense = planCost({ units: {} }, weights, paramCost);
  const kept = Math.min(dense, target.amount ?? target.fraction! * dense);
  const prunable = sum(eligible().map(({ size }) => size));
  if (dense - kept > prunable) throw tooFew(kept, dense, prunable);
  return {
    strategy,
    sparsity: (dense - kept) / prunable,
    goal: { of: 'params', target, cost: paramCost, dense },
  };
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const sized = (params: ReturnType<typeof eligibleParams>) =>
  params.map((param) => ({ param, size: sizeOf(param.shape) }));
const everything = ({ params }: Weights) => ({
  params: params.map(({ id }) => id),
  read: () => Promise.reject(new Error('no scores yet')),
});

async function costOf(of: (typeof UNITS)[number], model: AnyPrunable): Promise<Cost> {
  if (of === 'params') return paramCost;
  if (of === 'macs') return macCost;
  if (of === 'bytes') return byteCost(await overheadOf(model));
  // Time follows arithmetic more closely than weights, where it is known.
  return model.params.every(({ role, uses }) => role !== 'kernel' || uses !== null) ? macCost : paramCost;
}

/** What model.json adds to the weights, as it would be written. */
async function overheadOf(model: AnyPrunable): Promise<number> {
  const dir = await mkdtemp(join(tmpdir(), 'espalier-bytes-'));
  try {
    const files = await writeModel(dir, await artifactsOf(model));
    return sum(files.map(({ bytes }) => bytes)) - planCost({ units: {} }, model, byteCost());
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
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
