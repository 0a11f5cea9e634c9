import { type Bits, countKept, isEspalierError, isKept, type Repair, resolveMask, type Schedule } from '@espalier/core';
import { blockedRows } from './blocked.js';
import { descend, STEP_DEFAULTS, type StepOptions } from './descend.js';
import { HESSIAN_DEFAULTS, type HessianOptions, kernelsOf, layerHessians, type LayerHessian } from './hessians.js';
import { createLinear } from './linear.js';
import { refitRows } from './refit.js';

export interface ObsRepairOptions extends HessianOptions, StepOptions {
  /** Above this many multiplications, about rows · inputs³/6, a kernel is repaired by SparseGPT's blocked pass. */
  readonly work?: number;
}

export const OBS_REPAIR_DEFAULTS = { ...HESSIAN_DEFAULTS, ...STEP_DEFAULTS, work: 1e11 };

/**
 * New values for the weights that stay. First layer by layer: the least-squares fit of every row to what the layer computed
 * before, H = XᵀX/n over the calibration data (OBS, with the mask given; SparseGPT's blocked pass for large layers). Then, where
 * the model has a loss, a few second-order steps along the loss of the labels, see `descend`; `steps: 0` leaves labels out.
 *
 * Takes the masks of any strategy. Where channels go, the kernels that read them are fitted to do without. It works best in
 * stages that each prune half of what is left, with the Hessians worked out anew, and asks `prune()` for that unless
 * the strategy has a fixed sparsity.
 *
 * Throws what `layerHessians` and `descend` throw.
 */
export function obsRepair(options: ObsRepairOptions = {}): Repair {
  const { work, rows, damping, ...steps } = { ...OBS_REPAIR_DEFAULTS, ...options };
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
        if (bits && countKept(bits) < bits.length) masks.set(param.id, bits);
      }
      const params = kernelsOf(model).filter(({ id }) => masks.has(id));
      const { layers, notes } = await layerHessians(linear, context, params, { rows, damping });
      const before = new Map<string, Float32Array>();
      const values = new Map<string, Float32Array>();
      for (const [id, bits] of masks) {
        const original = await model.read(id);
        before.set(id, original);
        const layer = layers.get(id);
        const fit = layer && (workOf(layer) <= work ? refitRows(linear, layer, original, bits) : undefined);
        values.set(id, fit ?? (layer ? blockedRows(linear, layer, original, { bits }) : zeroed(original, bits)));
      }
      let result = values;
      const said = [...notes];
      if (steps.steps > 0 && layers.size > 0) {
        try {
          const descent = await descend(linear, context, [...layers.values()], values, masks, steps);
          result = descent.values;
        } catch (error) {
          if (!isEspalierError(error) || error.code !== 'loss-missing') throw error;
          said.push('obs: the model has no loss, so weights are fitted to what its layers compute, not to the labels');
        } finally {
          for (const [id, original] of before) model.write(id, original);
        }
      }
      const fitted = [...layers.keys()].map((id) => [id, zeroed(result.get(id)!, masks.get(id)!)] as const);
      return { plan, values: Object.fromEntries(fitted), notes: said };
    },
  };
}

const workOf = ({ layout: { blocks, outputs, inputs } }: LayerHessian) => (blocks * outputs * inputs ** 3) / 6;

const zeroed = (values: Float32Array, bits: Bits) => values.map((w, i) => (isKept(bits, i) ? w : 0));

/** Density falls by about half at each step; the last one is exact. */
export function halving(sparsity: number): Schedule {
  const density = 1 - sparsity;
  const steps = density >= 1 ? 1 : Math.min(8, Math.max(1, Math.ceil(-Math.log2(Math.max(density, 2 ** -8)))));
  const at = (step: number) => (step === steps - 1 ? sparsity : 1 - Math.max(density, 2 ** -8) ** ((step + 1) / steps));
  return Object.assign((step: number) => (step < steps ? at(step) : undefined), { steps });
}
