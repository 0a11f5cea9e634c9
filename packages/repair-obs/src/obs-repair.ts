import {
  type Bits,
  countKept,
  isEspalierError,
  isKept,
  memoryPlan,
  type Plan,
  type Repair,
  resolveMask,
  type Schedule,
} from '@espalier/core';
import { exchangeRows } from './exchange.js';
import { blockedRows } from './blocked.js';
import { descend, STEP_DEFAULTS, type StepOptions } from './descend.js';
import { HESSIAN_DEFAULTS, type HessianOptions, kernelsOf, layerHessians, type LayerHessian } from './hessians.js';
import { createLinear } from './linear.js';
import { refitRows } from './refit.js';

export interface ObsRepairOptions extends HessianOptions, StepOptions {
  /** Most exchanges of a kept and a pruned weight in one row, see `exchangeRows`; 0 = masks stay as they are. */
  readonly exchanges?: number;
  /** Above this many multiplications, about rows · inputs³/6, a kernel is repaired by SparseGPT's blocked pass. */
  readonly work?: number;
}

export const OBS_REPAIR_DEFAULTS = { ...HESSIAN_DEFAULTS, ...STEP_DEFAULTS, work: 1e11, exchanges: 0 };

/**
 * New values for the weights that stay. First layer by layer: the least-squares fit of every row to what the layer computed
 * before, H = XᵀX/n over the calibration data (OBS, with the mask given; SparseGPT's blocked pass for large layers). Then, where
 * the model has a loss, a few second-order steps along the loss of the labels, see `descend`, for all kernels that the plan has
 * a mask of; `steps: 0` leaves labels out. With `exchanges`, masks of single weights are refined first, see `exchangeRows`; patterns
 * and blocks stay as they are.
 *
 * Takes the masks of any strategy. Where channels go, the kernels that read them are fitted to do without. With labels it works
 * best in stages: one that prunes nothing, so that what is pruned later is of a net that fits the labels, then stages that
 * each prune half of what is left, with the Hessians worked out anew. It asks `prune()` for that unless the strategy has a fixed
 * sparsity.
 *
 * Throws what `layerHessians` and `descend` throw.
 */
export function obsRepair(options: ObsRepairOptions = {}): Repair {
  const { work, rows, damping, exchanges, ...steps } = { ...OBS_REPAIR_DEFAULTS, ...options };
  return {
    name: 'obs',
    schedule: (strategy, sparsity) =>
      strategy.sparsity === undefined && steps.steps > 0 ? halving(sparsity) : undefined,
    async repair(context, plan) {
      const { model } = context;
      const linear = await createLinear();
      const masks = new Map<string, Bits>();
      for (const param of model.params) {
        const bits = await resolveMask(plan, param, model.groups);
        const moves = steps.steps > 0 && plan.params.includes(param.id);
        if (bits && (moves || countKept(bits) < bits.length)) masks.set(param.id, bits);
      }
      const params = kernelsOf(model).filter(({ id }) => masks.has(id));
      const { layers, notes } = await layerHessians(linear, context, params, { rows, damping });
      const before = new Map<string, Float32Array>();
      const values = new Map<string, Float32Array>();
      const isFree = !plan.pattern && !plan.block && Object.keys(plan.units).length === 0;
      for (const id of masks.keys()) {
        const original = await model.read(id);
        before.set(id, original);
        const layer = layers.get(id);
        if (exchanges > 0 && layer && isFree && workOf(layer) <= work)
          masks.set(id, exchangeRows(layer, original, masks.get(id)!, { most: exchanges }).bits);
        const fit = layer && (workOf(layer) <= work ? refitRows(linear, layer, original, masks.get(id)!) : undefined);
        const bits = masks.get(id)!;
        values.set(id, fit ?? (layer ? blockedRows(linear, layer, original, { bits }) : zeroed(original, bits)));
      }
      let result = values;
      const said = [...notes];
      if (steps.steps > 0 && layers.size > 0) {
        try {
          const descent = await descend(linear, context, [...layers.values()], values, masks, steps);
          result = descent.values;
          said.push(...descent.notes);
        } catch (error) {
          if (!isEspalierError(error) || error.code !== 'loss-missing') throw error;
          said.push('obs: the model has no loss, so weights are fitted to what its layers compute, not to the labels');
        } finally {
          for (const [id, original] of before) model.write(id, original);
        }
      }
      const fitted = [...layers.keys()].map((id) => [id, zeroed(result.get(id)!, masks.get(id)!)] as const);
      return {
        plan: exchanges > 0 && isFree ? await withMasks(plan, masks) : plan,
        values: Object.fromEntries(fitted),
        notes: said,
      };
    },
  };
}

const workOf = ({ layout: { blocks, outputs, inputs } }: LayerHessian) => (blocks * outputs * inputs ** 3) / 6;

const zeroed = (values: Float32Array, bits: Bits) => values.map((w, i) => (isKept(bits, i) ? w : 0));

async function withMasks(plan: Plan, changed: ReadonlyMap<string, Bits>): Promise<Plan> {
  const masks: Record<string, Bits> = {};
  for (const id of plan.params) masks[id] = changed.get(id) ?? (await plan.mask(id));
  const { units, notes } = plan;
  return memoryPlan({ masks, units, ...(notes && { notes }) });
}

/** Nothing is pruned at the first step, and then density falls by about half at each; the last one is exact. */
export function halving(sparsity: number): Schedule {
  const density = Math.max(1 - sparsity, 2 ** -8);
  const halves = sparsity === 0 ? 0 : Math.min(8, Math.max(1, Math.ceil(-Math.log2(density))));
  const at = (step: number) => (step === halves ? sparsity : 1 - density ** (step / halves));
  return Object.assign((step: number) => (step <= halves ? at(step) : undefined), { steps: halves + 1 });
}
