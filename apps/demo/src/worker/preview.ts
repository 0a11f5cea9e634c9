import {
  type Param,
  type Plan,
  type PrunableModel,
  resolveMask,
  type Scores,
  selectPlan,
  summarisePlan,
} from '@espalier/core';
import { makePanel, trialOf } from '@espalier/pipeline';
import { type Choice, optionsOf } from '../settings.js';
import { maskMap } from './mask-map.js';
import type { LayerBar, Preview } from './protocol.js';
import { estimateCompact } from './sizes.js';

export interface Source {
  readonly model: PrunableModel;
  readonly scores: Scores;
  /** The kernel that is drawn, with its weights. */
  readonly shown: { readonly param: Param; readonly values: Float32Array } | undefined;
  readonly rawBytes: number;
}

/** Decides and counts; touches no tensor, so that it answers while a finger is on the slider. */
export async function preview(source: Source, choice: Choice) {
  const start = performance.now();
  const { model, scores } = source;
  const { params, groups, branches } = model;
  const { strategy, sparsity = 0 } = await trialOf(optionsOf(choice), { model });
  const selection = { params, groups, ...(branches && { branches }), sparsity };
  strategy.check?.(selection);
  const plan = await selectPlan(strategy, { ...selection, scores });
  const summary = await summarisePlan(plan, model, sparsity);
  const layers = summary.layers.map(({ id, size, kept }) => ({ id, size, kept }));
  const result: Preview = {
    sparsity: summary.sparsity.achieved,
    params: { total: summary.params.total, kept: summary.params.kept },
    macs: summary.macs && { ...summary.macs },
    ...(summary.channels && { channels: { ...summary.channels } }),
    layers,
    ...(await pictures(source, plan, summary.layers)),
    estimate: estimate(source, plan, layers, summary.params),
    notes: [...summary.notes],
    ms: performance.now() - start,
  };
  return { plan, result };
}

async function pictures(
  { model, shown }: Source,
  plan: Plan,
  layers: Parameters<typeof makePanel>[0]['layers'],
): Promise<Pick<Preview, 'panel' | 'mask'>> {
  if (!shown) return { panel: null, mask: null };
  const { param, values: before } = shown;
  const mask = await resolveMask(plan, param, [...model.groups, ...(model.branches ?? [])]);
  return {
    panel: makePanel({ param, before, after: before, mask, layers }) ?? null,
    mask: maskMap(param, mask, plan),
  };
}

/** Files keep their zeros, except where channels are gone. */
function estimate(
  { rawBytes }: Source,
  plan: Plan,
  layers: readonly LayerBar[],
  { total, kept }: { readonly total: number; readonly kept: number },
): Preview['estimate'] {
  const smaller = Object.keys(plan.units).length > 0;
  const kernels = layers.reduce((sum, layer) => sum + layer.kept, 0);
  if (smaller) {
    const raw = rawBytes - 4 * (total - kept);
    return { raw, compact: Math.round(4 * kept) };
  }
  return { raw: rawBytes, compact: estimateCompact(layers, kept - kernels) };
}
