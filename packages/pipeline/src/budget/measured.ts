import {
  type Context,
  type Plan,
  type PrunableModel,
  protect,
  type Scorer,
  scoreModel,
  type Scores,
  selectPlan,
} from '@espalier/core';
import { type ContenderLatency, latency, type LatencyTrial, meetLatency } from '@espalier/measure';
import { mostSparsity, structured, type StructuredOptions } from '@espalier/strategy-structured';
import type { Settings } from '../options/table.js';
import type { Task } from '../run/host.js';
import { given, type Resolved } from './resolve.js';

/** The multiples that `roundTo: 'auto'` tries. */
const MULTIPLES = [1, 2, 4, 8, 16];
/** A multiple must be this much quicker than the next smaller one that is good: less is noise, and costs freedom. */
const WORTHWHILE = 0.02;

export interface Measuring {
  readonly model: PrunableModel;
  /** One sample; the batch apart. */
  readonly inputShape: readonly number[];
  readonly batch: number;
  readonly seed: number;
}

/** Timed rounds of a model that is compared with a budget. */
const ROUNDS = 21;

/** Times smaller models beside the dense one, each round all of them once, on the backend in use. */
export async function timeModels(
  m: Measuring,
  smaller: readonly PrunableModel[],
): Promise<readonly ContenderLatency[]> {
  const entries = [m.model, ...smaller].map((model, i) => ({ name: String(i), predict: model.predict }));
  const { inputShape, batch, seed } = m;
  const [{ entries: times }] = await latency(entries, { inputShape, batch, rounds: ROUNDS, seed });
  return times;
}

/** Whether settings ask for what only measuring can tell. */
export const isMeasured = ({ latency: asked, roundTo }: Settings) => asked !== undefined || roundTo === 'auto';

/**
 * Settles what only measuring can: the multiple of `roundTo: 'auto'`, then the sparsity of a latency. Scores are worked out
 * once. Answers with a strategy and a sparsity like `resolveBudget`, and with the scorer that has these scores in hand.
 */
export async function settleByMeasuring(
  resolved: Resolved,
  scorer: Scorer,
  options: Settings,
  { model, batches, task, ...rest }: Measuring & Pick<Context, 'batches'> & { readonly task: Task },
): Promise<{ resolved: Resolved; scorer: Scorer; trial?: LatencyTrial; roundTo?: number }> {
  const { params, groups } = protect(model, given(options));
  const scores = await task(`score by ${scorer.name}`, () => scoreModel(scorer, { model, batches }));
  const measuring: Measuring = { model, ...rest };
  const planAt = (settings: StructuredOptions, sparsity: number): Promise<Plan> =>
    selectPlan(structured(settings), { params, groups, scores, sparsity });
  let { structured: settings = {}, sparsity } = resolved;

  let roundTo: number | undefined;
  if (options.roundTo === 'auto') {
    // With a latency to meet, the multiples are compared at the arithmetic that the latency stands for.
    const at = resolved.goal?.of === 'latency' ? Math.min(0.5, mostSparsity({ params, groups }, settings)) : sparsity;
    roundTo = await pickMultiple(measuring, task, (multiple) => planAt({ ...settings, roundTo: multiple }, at));
    settings = { ...settings, roundTo };
  }
  let trial: LatencyTrial | undefined;
  if (resolved.goal?.of === 'latency') {
    const { fraction, amount } = resolved.goal.target;
    trial = await task(
      'latency budget',
      (bar) =>
        meetLatency({
          goal: fraction === undefined ? { ms: amount! } : { fraction },
          most: mostSparsity({ params, groups }, settings),
          time: async (at) => timeOne(measuring, await planAt(settings, at)),
          onTrial: ({ ms }, done, trials) => bar.update(done, trials, `${ms.toPrecision(3)} ms`),
        }),
      ({ ms, denseMs }) => `${denseMs.toPrecision(3)} → ${ms.toPrecision(3)} ms`,
    );
    sparsity = trial.sparsity;
  }
  return {
    resolved: { ...resolved, strategy: structured(settings), sparsity, structured: settings },
    scorer: startingWith(scorer, scores),
    ...(trial && { trial }),
    ...(roundTo !== undefined && { roundTo }),
  };
}

async function timeOne(measuring: Measuring, plan: Plan): Promise<Omit<LatencyTrial, 'sparsity'>> {
  const smaller = await measuring.model.shrink(plan);
  try {
    const [dense, pruned] = await timeModels(measuring, [smaller]);
    return { ms: pruned.medianMs, denseMs: dense.medianMs, fraction: 1 / pruned.speedup.median };
  } finally {
    smaller.dispose();
  }
}

/** All multiples at the same sparsity, in the same rounds; one that cannot reach it is out. */
async function pickMultiple(
  measuring: Measuring,
  task: Task,
  planAt: (multiple: number) => Promise<Plan>,
): Promise<number> {
  return task(
    'multiple of channels',
    async () => {
      const tried: { multiple: number; model: PrunableModel }[] = [];
      try {
        for (const multiple of MULTIPLES) {
          const plan = await planAt(multiple).catch(() => undefined);
          if (plan) tried.push({ multiple, model: await measuring.model.shrink(plan) });
        }
        const [, ...times] = await timeModels(
          measuring,
          tried.map(({ model }) => model),
        );
        let best = 0;
        for (let i = 1; i < tried.length; i++) {
          if (times[i].speedup.median > times[best].speedup.median * (1 + WORTHWHILE)) best = i;
        }
        return tried[best]?.multiple ?? 1;
      } finally {
        tried.forEach(({ model }) => model.dispose());
      }
    },
    (multiple) => `${multiple}`,
  );
}

/** The first time these scores, later ones anew: training has moved the weights by then. */
function startingWith(scorer: Scorer, first: Scores): Scorer {
  let fresh: Scores | undefined = first;
  return {
    name: scorer.name,
    async score(context) {
      const scores = fresh ?? (await scorer.score(context));
      fresh = undefined;
      return scores;
    },
  };
}
