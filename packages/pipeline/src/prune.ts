import {
  type MaskHandle,
  prune as pruneModel,
  PRUNE_DEFAULTS as CORE_DEFAULTS,
  type PrunableModel,
  type PruneOptions as Pruning,
  type PruneResult as Pruned,
} from '@espalier/core';
import { adapt, type AdaptOptions, isPrunable } from './models.js';
import { OPTIONS } from './options/table.js';
import { findScorer, findStrategy } from './plugins/find.js';
import { dataMissing } from './run/run.js';

export interface PruneOptions extends Partial<Pruning>, AdaptOptions {
  /** Removes the channels of a structured plan for good, so that `result.model` is a smaller model. Default: true. */
  readonly shrink?: boolean;
  /**
   * Gives the batch norms of the pruned model the statistics that they see now, over `data`. `handle.restore()` does not put them
   * back. Default: false.
   */
  readonly reestimateNorms?: boolean;
}

export interface PruneResult<M> extends Pruned {
  /** The pruned model: the one that was given, masked; or a new, smaller one that the caller disposes. */
  readonly model: M;
}

/**
 * Prunes a model in one call: `await prune(model)` masks the half of its kernel weights with the smallest magnitude, under
 * one global threshold. Options choose another scorer, strategy, sparsity or schedule.
 *
 * Single weights and N:M: the model itself is masked, and `result.model` is that model. Channels: `result.model` is a new,
 * smaller model, and the one given is put back as it was (with `shrink: false` it is masked instead).
 *
 * Takes a tf.LayersModel, a tf.GraphModel, or a model that an adapter has already been chosen for. UsageErrors: 'model-kind',
 * 'data-missing', and those of scorer, strategy and adapter.
 */
export async function prune<M extends object>(model: M, options: PruneOptions = {}): Promise<PruneResult<M>> {
  const { shrink = true, reestimateNorms = false, loss, output, inputShape, leaveAlone, ...rest } = options;
  if (reestimateNorms && !options.data) throw dataMissing('reestimateNorms');
  const scorer = rest.scorer ?? (await findScorer(OPTIONS.scorer.default!, { seed: OPTIONS.seed.default! }));
  const strategy = rest.strategy ?? (await findStrategy({ strategy: OPTIONS.strategy.default! }));
  const sparsity = options.sparsity ?? strategy.sparsity ?? CORE_DEFAULTS.sparsity;
  const view = { loss, output, inputShape, leaveAlone };
  const given = Object.fromEntries(Object.entries(view).filter(([, value]) => value !== undefined)) as AdaptOptions;
  const prunable = await adapt(model, given);
  const result = await pruneModel(prunable, { ...rest, scorer, strategy, sparsity });
  const estimate = async (pruned: PrunableModel, handles: readonly MaskHandle[]) => {
    if (reestimateNorms) await pruned.reestimateNorms?.({ batches: options.data!, handles });
  };
  if (!shrink || Object.keys(result.plan.units).length === 0) {
    try {
      await estimate(prunable, [result.handle]);
    } catch (error) {
      result.handle.restore();
      throw error;
    }
    return { ...result, model };
  }
  let smaller: PrunableModel | undefined;
  try {
    smaller = await prunable.shrink(result.plan);
    await estimate(smaller, []);
    return { ...result, model: (isPrunable(model) ? smaller : smaller.model) as M };
  } catch (error) {
    smaller?.dispose();
    throw error;
  } finally {
    result.handle.restore();
  }
}
