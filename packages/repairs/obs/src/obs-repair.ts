import {
  type Bits,
  countKept,
  isEspalierError,
  isKept,
  memoryPlan,
  type Plan,
  type Repair,
  resolveMask,
  rowsAreFree,
  type Schedule,
} from '@espalier/core';
import { say } from './notes.js';
import { exchangeRows } from './exchange.js';
import { blockedRows } from './blocked.js';
import { descend, type Descent, type StepOptions } from './descend.js';
import { type HessianOptions, kernelsOf, type LayerHessian } from './hessians.js';
import { fitApart, fitInOrder } from './in-order.js';
import { createLinear } from './linear.js';
import { refitRows } from './refit.js';
import { OBS_REPAIR_DEFAULTS } from './defaults.js';

export interface ObsRepairOptions extends HessianOptions, StepOptions {
  /** Whether layers are fitted one after the other, each behind the repaired ones. Default: only without labels. */
  readonly inOrder?: boolean;
  /** Most exchanges of a kept and a pruned weight in one row, see `exchangeRows`; 0 = masks stay as they are. */
  readonly exchanges?: number;
  /** Above this many multiplications, about rows · inputs³/6, a kernel is repaired by SparseGPT's blocked pass. */
  readonly work?: number;
}

/**
 * New values for the weights that stay. First layer by layer: the least-squares fit of every row to what the layer computed
 * before, H = XᵀX/n over the calibration data (OBS, with the mask given; SparseGPT's blocked pass for large layers). In
 * order (the default without labels), layers come one after the other, each on the inputs that the repaired ones in front give it, see `fitInOrder`. Then, where
 * the model has a loss, a few second-order steps along the loss of the labels, see `descend`, for all kernels that the plan has
 * a mask of; `steps: 0` leaves labels out. With `exchanges`, masks of single weights are refined first, see `exchangeRows`; those
 * of other granularities stay as they are.
 *
 * Takes the masks of any strategy. Where channels go, the kernels that read them are fitted to do without. With labels it works
 * best in stages: one that prunes nothing, so that what is pruned later is of a net that fits the labels, then stages that
 * each prune half of what is left, with the Hessians worked out anew. It asks `prune()` for that unless the strategy has a fixed
 * sparsity.
 *
 * Throws what `layerHessians` and `descend` throw.
 */
export function obsRepair(options: ObsRepairOptions = {}): Repair {
  const { work, rows, damping, exchanges, inOrder, ...steps } = { ...OBS_REPAIR_DEFAULTS, ...options };
  const fitAll = (inOrder ?? steps.steps === 0) ? fitInOrder : fitApart;
  return {
    name: 'obs',
    schedule: (strategy, sparsity) =>
      strategy.sparsity === undefined && steps.steps > 0 ? halving(sparsity) : undefined,
    async repair(context, plan) {
      const { model } = context;
      const linear = await createLinear();
      const masks = new Map<string, Bits>();
      const before = new Map<string, Float32Array>();
      for (const param of model.params) {
        const bits = await resolveMask(plan, param, model.groups);
        const moves = steps.steps > 0 && plan.params.includes(param.id);
        if (!bits || (!moves && countKept(bits) === bits.length)) continue;
        masks.set(param.id, bits);
        before.set(param.id, await model.read(param.id));
      }
      const isFree = rowsAreFree(plan);
      const layers: LayerHessian[] = [];
      const fit = (layer: LayerHessian, target: Float32Array) => {
        const { id } = layer.param;
        const isSmall = workOf(layer) <= work;
        if (steps.steps > 0) layers.push(layer);
        if (exchanges > 0 && isFree && isSmall) {
          // What was zero already never comes back.
          const alive = target.map((t, i) => (before.get(id)![i] === 0 ? 0 : t));
          masks.set(id, exchangeRows(layer, alive, masks.get(id)!, { most: exchanges }).bits);
        }
        const bits = masks.get(id)!;
        const fitted = isSmall ? refitRows(linear, layer, target, bits) : blockedRows(linear, layer, target, { bits });
        return zeroed(fitted, bits);
      };
      try {
        const params = kernelsOf(model).filter(({ id }) => masks.has(id));
        const masked = new Map([...before].map(([id, own]) => [id, zeroed(own, masks.get(id)!)]));
        const { values, notes } = await fitAll(linear, context, params, { before, masked, fit, rows, damping });
        const said = [...notes];
        let result: ReadonlyMap<string, Float32Array> = values;
        if (layers.length > 0) {
          const descent = await descendWhereThereIsALoss(linear, context, layers, values, masks, steps);
          result = descent.values;
          said.push(...descent.notes);
        }
        return {
          plan: exchanges > 0 && isFree ? await withMasks(plan, masks) : plan,
          values: Object.fromEntries([...result].map(([id, own]) => [id, zeroed(own, masks.get(id)!)])),
          notes: said,
        };
      } finally {
        for (const [id, own] of before) model.write(id, own);
      }
    },
  };
}

type Found = Pick<Descent, 'values' | 'notes'>;

async function descendWhereThereIsALoss(...given: Parameters<typeof descend>): Promise<Found> {
  try {
    return await descend(...given);
  } catch (error) {
    if (!isEspalierError(error) || error.code !== 'loss-missing') throw error;
    return { values: new Map(given[3]), notes: [say('no-loss')] };
  }
}

const workOf = ({ layout: { blocks, outputs, inputs } }: LayerHessian) => (blocks * outputs * inputs ** 3) / 6;

const zeroed = (values: Float32Array, bits: Bits) => values.map((w, i) => (isKept(bits, i) ? w : 0));

async function withMasks(plan: Plan, changed: ReadonlyMap<string, Bits>): Promise<Plan> {
  const masks: Record<string, Bits> = {};
  for (const id of plan.params) masks[id] = changed.get(id) ?? (await plan.mask(id));
  const { units, granularity, notes } = plan;
  return memoryPlan({ masks, units, ...(granularity && { granularity }), ...(notes && { notes }) });
}

/** Nothing is pruned at the first step, and then density falls by about half at each; the last one is exact. */
export function halving(sparsity: number): Schedule {
  const density = Math.max(1 - sparsity, 2 ** -8);
  const halves = sparsity === 0 ? 0 : Math.min(8, Math.max(1, Math.ceil(-Math.log2(density))));
  const at = (step: number) => (step === halves ? sparsity : 1 - density ** (step / halves));
  return Object.assign((step: number) => (step <= halves ? at(step) : undefined), { steps: halves + 1 });
}
