import { adaptGraph, type AdaptGraphOptions, type GraphPrunable } from '@espalier/adapter-graph';
import { adaptLayers, type AdaptOptions, type LayersPrunable } from '@espalier/adapter-layers';
import {
  type MaskHandle,
  prune as pruneModel,
  type PrunableModel,
  type PruneOptions,
  type PruneResult,
  UsageError,
} from '@espalier/core';
import { magnitude } from '@espalier/scorer-magnitude';
import { unstructured } from '@espalier/strategy-unstructured';
import type { GraphModel } from '@tensorflow/tfjs-converter';
import type { LayersModel } from '@tensorflow/tfjs-layers';

/** A tf.LayersModel, a tf.GraphModel, or a model that an adapter has already been chosen for. */
export type AnyModel = LayersModel | GraphModel | PrunableModel;

/** What adapters take: the loss, and for a graph its output and the shape of its input. */
export type AdaptAnyOptions = AdaptOptions & AdaptGraphOptions;

export interface PruneAnyOptions extends Partial<PruneOptions>, AdaptAnyOptions {
  /** Removes the channels of a structured plan for good, so that `result.model` is a smaller model. Default: true. */
  readonly shrink?: boolean;
  /**
   * Gives the batch norms of the pruned model the statistics that they see now, over `data`. `handle.restore()` does not put them
   * back. Default: false.
   */
  readonly reestimateNorms?: boolean;
}

export interface PruneAnyResult<M> extends PruneResult {
  /** The pruned model: the one that was given, masked; or a new, smaller one that the caller disposes. */
  readonly model: M;
}

/** The classic choice: the smaller half of all kernel weights goes. */
export const PRUNE_DEFAULTS = {
  scorer: magnitude(),
  strategy: unstructured(),
  sparsity: 0.5,
  shrink: true,
  reestimateNorms: false,
};

const isPrunable = (model: AnyModel): model is PrunableModel =>
  'params' in model && 'groups' in model && 'mask' in model;
const isGraphModel = (model: AnyModel): model is GraphModel => 'executor' in model && 'modelSignature' in model;
const isLayersModel = (model: AnyModel): model is LayersModel => 'layers' in model && 'getWeights' in model;

/** The adapter for a model. Throws a UsageError with code 'model-kind' for what there is no adapter for. */
export function adapt(model: AnyModel, options: AdaptAnyOptions = {}): PrunableModel {
  if (typeof model === 'object' && model !== null) {
    if (isPrunable(model)) return model;
    if (isLayersModel(model)) return adaptLayers(model, options);
    if (isGraphModel(model)) return adaptGraph(model, options);
  }
  const wanted = 'a tf.LayersModel, a tf.GraphModel or a PrunableModel';
  throw new UsageError('model-kind', `prune needs ${wanted}, got ${kindOf(model)}`, {
    where: 'model',
    wanted,
    found: kindOf(model),
  });
}

const kindOf = (value: unknown) =>
  value === null ? 'null' : typeof value === 'object' ? (value.constructor?.name ?? 'an object') : typeof value;

/**
 * Prunes a model in one call: `await prune(model)` masks the half of its kernel weights with the smallest magnitude, under
 * one global threshold. Options choose another scorer, strategy, sparsity or schedule.
 *
 * Single weights and N:M: the model itself is masked, and `result.model` is that model. Channels: `result.model` is a new,
 * smaller model, and the one given is put back as it was (with `shrink: false` it is masked instead).
 */
export async function prune<M extends AnyModel>(model: M, options: PruneAnyOptions = {}): Promise<PruneAnyResult<M>> {
  const { shrink, reestimateNorms, loss, output, inputShape, ...rest } = { ...PRUNE_DEFAULTS, ...options };
  if (reestimateNorms && !options.data) throw dataMissing();
  const sparsity = options.sparsity ?? rest.strategy.sparsity ?? PRUNE_DEFAULTS.sparsity;
  const adapting = { ...(loss && { loss }), ...(output && { output }), ...(inputShape && { inputShape }) };
  const prunable = adapt(model, adapting);
  const result = await pruneModel(prunable, { ...rest, sparsity });
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
    return { ...result, model: (isPrunable(model) ? smaller : (smaller as LayersPrunable | GraphPrunable).model) as M };
  } catch (error) {
    smaller?.dispose();
    throw error;
  } finally {
    result.handle.restore();
  }
}

function dataMissing(): UsageError {
  const [wanted, fix] = ['calibration data', 'pass data'];
  return new UsageError('data-missing', `reestimateNorms needs ${wanted}; ${fix}`, {
    where: 'data',
    wanted,
    found: 'none',
    fix,
  });
}
