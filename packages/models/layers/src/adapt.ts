import {
  type Change,
  InputError,
  isKept,
  type Plan,
  type PrunableModel,
  show,
  unitsOf,
  type View,
} from '@espalier/core';
import {
  alone,
  changeOf,
  checkFixed,
  disposal,
  leaveAlone,
  type Loss,
  maskWeights,
  outputOf,
  resolveLoss,
  type Shared,
  withView,
  writeVariable,
} from '@espalier/adapter-kit';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { lossGradients, outputIndex, predict } from './forward.js';
import { toArtifacts } from './artifacts.js';
import { findBranches } from './branches.js';
import { bypass } from './bypass.js';
import { describeLayers } from './describe.js';
import { findGroups } from './groups.js';
import { kernelInputs } from './inputs.js';
import { compiledLoss, endsInSoftmax, endsLinear } from './loss.js';
import { weightsOf } from './params.js';
import { reestimateBatchNorm } from './reestimate.js';
import { shrinkModel } from './shrink.js';
import { disposeModel, graphOf } from './tfjs.js';

export interface AdaptOptions extends View {
  /**
   * A name of `LOSSES` or a function (yTrue, yPred). Default: the loss that the model was compiled with; else cross-entropy
   * where the output is a softmax; else none, and `gradients` asks for one.
   */
  readonly loss?: Loss;
}

/** A tf.LayersModel that can be pruned. */
export interface LayersPrunable extends PrunableModel {
  /** The model itself, masked in place by `mask`. */
  readonly model: LayersModel;
  /** The name of its loss; undefined = it has none yet. */
  readonly loss: string | undefined;
  reestimateNorms: NonNullable<PrunableModel['reestimateNorms']>;
  with(view: View): LayersPrunable;
  withLoss(loss: Loss): LayersPrunable;
  shrink(plan: Plan): Promise<LayersPrunable>;
}

/**
 * Adapts a tf.LayersModel, Sequential or Functional. Kernels of known layers may be pruned; biases, norms, embeddings and
 * weights of unknown classes are left alone and say why in `skip`. Channels may go where they can be followed from the
 * layers that make them to every layer that reads them, through branches, nested models and shared layers. Channels that
 * reach the model's output, or a layer whose class has no rule, stay and say why.
 *
 * The model is borrowed; `dispose()` disposes it. Adapt it again after freezing layers, adding some or compiling it.
 *
 * Throws a UsageError with code 'model-empty', 'loss-unknown' or 'loss-output', an InputError with code 'weight-duplicate',
 * 'output-unknown', 'input-shape' or 'param-unknown'.
 */
export function adaptLayers(model: LayersModel, options: AdaptOptions = {}): LayersPrunable {
  return adapt(model, options);
}

function adapt(model: LayersModel, options: AdaptOptions, shared: Shared = alone()): LayersPrunable {
  const { history, handles } = shared;
  const { inputs, outputs } = signatureOf(model);
  if (options.inputShape) checkFixed(inputs, options.inputShape);
  const { byId, weights, branches, params, groups, branchGroups, dependencies } = partsOf(model, options);
  const output = outputIndex(model, options.output);
  const softmax = endsInSoftmax(model, output);
  const loss = resolveLoss(options.loss, softmax, compiledLoss(model));
  const again: AdaptOptions = { ...options, ...(loss && { loss: loss.of }) };
  const weightOf = (id: string) => {
    const weight = byId.get(id);
    if (weight) return weight;
    throw new InputError('param-unknown', `'${model.name}' has no parameter ${show(id)}`, { where: id });
  };
  const variable = (id: string) => weightOf(id).variable;
  const prunable: LayersPrunable = {
    model,
    loss: loss?.name,
    signature: { inputs, outputs: output === undefined ? outputs : [outputs[output]] },
    notes: [],
    foreign: [],
    params,
    groups,
    branches: branchGroups,
    ...(history && { history }),
    output: outputOf(softmax, endsLinear(model, output), loss),
    describe: () => describeLayers(model, weights, dependencies.madeBy, prunable, options.inputShape),
    with: (view) => adapt(model, withView(options, view), shared),
    withLoss: (other) => prunable.with({ loss: other }),
    toArtifacts: () => toArtifacts(model),
    variable,
    read: async (id) => Float32Array.from(await variable(id).data()),
    predict: (x) => predict(model, output, x),
    gradients(batch, { training = false, loss: other } = {}) {
      const asked = other ? { name: other.name || 'custom', of: other } : loss;
      return lossGradients(model, output, weights, asked, batch, training);
    },
    inputs: (batch, id) => kernelInputs(model, output, weightOf(id), batch),
    write: (id, values) => writeVariable(id, variable(id), values),
    reestimateNorms: (given) => reestimateBatchNorm(model, given),
    mask: (plan) => maskWeights(weights, [...groups, ...branchGroups], plan, handles),
    async shrink(plan) {
      const gone = branches.filter(({ group }) => isGone(plan, group.id));
      const { smaller, change } = await shrinkModel(model, weights, dependencies, withoutUnits(plan, branchGroups));
      const lost = gone.length > 0 && changeOf(plan, { params, groups: gone.map(({ group }) => group) });
      const changes = [...(history ?? []), lost ? joined(change, lost) : change];
      if (!lost) return adapt(smaller, again, alone(changes));
      try {
        return adapt(bypass(smaller, gone), again, alone(changes));
      } finally {
        disposeModel(smaller);
      }
    },
    dispose: disposal(shared, () => disposeModel(model)),
  };
  return prunable;
}

/** The weights of a model, and what goes together, but for what is to be left alone. */
function partsOf(model: LayersModel, options: AdaptOptions) {
  const all = weightsOf(model, options.inputShape);
  const found = findGroups(model, all);
  const branches = findBranches(model, all);
  const parts = {
    params: all.map(({ param }) => param),
    groups: found.groups,
    branches: branches.map(({ group }) => group),
  };
  const { params, groups, branches: branchGroups } = leaveAlone(parts, options.leaveAlone);
  return {
    byId: new Map(all.map((weight) => [weight.param.id, weight])),
    weights: all.map((weight, i) => ({ ...weight, param: params[i] })),
    branches,
    params,
    groups,
    branchGroups,
    dependencies: { ...found, groups },
  };
}

/** Named after their layers. */
function signatureOf(model: LayersModel): LayersPrunable['signature'] {
  const { inputs, outputs, inputNames, outputNames } = graphOf(model);
  const ports = (list: LayersModel['inputs'], names: readonly string[]) =>
    list.map(({ shape, dtype }, i) => ({ name: names[i], shape, dtype: dtype as string }));
  return { inputs: ports(inputs, inputNames), outputs: ports(outputs, outputNames) };
}

function isGone(plan: Plan, branch: string): boolean {
  const units = unitsOf(plan, branch);
  return units !== undefined && !isKept(units, 0);
}

/** The same plan without what it says of these groups. */
function withoutUnits(plan: Plan, groups: readonly { readonly id: string }[]): Plan {
  const units = { ...plan.units };
  for (const { id } of groups) delete units[id];
  return { ...plan, units };
}

/** A branch that goes takes all of its weights, whatever else was removed of them. */
function joined(channels: Change, branches: Change): Change {
  const whole = new Set(branches.removals.map(({ param }) => param));
  return {
    units: { ...channels.units, ...branches.units },
    removals: [...channels.removals.filter(({ param }) => !whole.has(param)), ...branches.removals],
  };
}
