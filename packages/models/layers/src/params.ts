import { InputError, type Note, type Param, show } from '@espalier/core';
import type { Variable } from '@tensorflow/tfjs-core';
import type { LayersModel, LayerVariable } from '@tensorflow/tfjs-layers';
import { type Call, callsOf } from './calls.js';
import { type Kernel, kernelOf } from './kernels.js';
import { say } from './notes.js';
import { classOf, type Layer, layersOf, variableOf } from './tfjs.js';

/** A weight of a model: what Espalier says of it, the layer it belongs to, the variable that holds it. */
export interface Weight {
  readonly param: Param;
  readonly layer: Layer;
  readonly variable: Variable;
}

const NORMS = ['gamma', 'beta', 'moving_mean', 'moving_variance', 'alpha'];

/** 'conv1/kernel' → 'kernel'. */
export const weightName = (id: string) => id.slice(id.lastIndexOf('/') + 1);

/**
 * Every weight of the model in layer order, those of a layer in the layer's order. Freezing a layer does not change it, as
 * it would the order of `model.weights`. `inputShape`, batch first, says the sizes that the one input leaves open.
 *
 * Throws an InputError with code 'weight-duplicate' where two weights share a name: files and plans know them by name; and
 * with code 'weight-empty' for a weight without values.
 */
export function weightsOf(model: LayersModel, inputShape?: readonly number[]): Weight[] {
  const calls = callsOf(model, inputShape);
  const trainable = new Set(model.trainableWeights);
  const names = new Set<string>();
  const seen = new Set<LayerVariable>();
  return layersOf(model).flatMap((layer) =>
    inLayerOrder(layer).flatMap((weight) => {
      if (seen.has(weight)) return [];
      seen.add(weight);
      const id = weight.originalName;
      if (names.has(id)) throw duplicate(id, layer);
      names.add(id);
      if (weight.shape.includes(0)) throw noValues(id, weight.shape);
      const param = describe(id, weight, layer, calls.get(layer) ?? [], trainable.has(weight));
      return [{ param, layer, variable: variableOf(weight) }];
    }),
  );
}

/** `layer.weights` puts the trainable ones first, whatever they are. */
function inLayerOrder(layer: Layer): LayerVariable[] {
  return [...layer.weights].sort((a, b) => a.id - b.id);
}

function describe(id: string, weight: LayerVariable, layer: Layer, calls: readonly Call[], trainable: boolean): Param {
  const shape = weight.shape as number[];
  const kernel = kernelOf(layer, weightName(id));
  const role = roleOf(id, shape, kernel);
  const skip = whyNot(weight, layer, role, kernel);
  return {
    id,
    shape,
    inAxis: kernel?.inAxis ?? -1,
    role,
    uses: role === 'kernel' ? usesOf(layer, kernel, calls) : 0,
    trainable,
    ...(skip !== undefined && { skip }),
  };
}

function roleOf(id: string, shape: readonly number[], kernel: Kernel | undefined): Param['role'] {
  if (kernel) return 'kernel';
  if (NORMS.includes(weightName(id))) return 'norm';
  return shape.length > 1 && weightName(id) !== 'bias' ? 'kernel' : 'bias';
}

function whyNot(
  weight: LayerVariable,
  layer: Layer,
  role: Param['role'],
  kernel: Kernel | undefined,
): Note | undefined {
  if (role === 'norm') return say('a-norm', { name: weightName(weight.originalName), what: classOf(layer) });
  if (role === 'bias') return say('a-bias');
  if (!kernel) return say('unknown-layer', { what: show(classOf(layer)) });
  if (weight.dtype !== 'float32') return say('other-type', { type: weight.dtype });
  return kernel.skip;
}

/** Over all calls of the layer: a shared layer multiplies once for each. */
function usesOf(layer: Layer, kernel: Kernel | undefined, calls: readonly Call[]): number | null {
  if (!kernel) return null;
  return calls.reduce<number | null>((sum, call) => {
    const uses = kernel.uses(call, layer);
    return sum === null || uses === null ? null : sum + uses;
  }, 0);
}

function duplicate(id: string, layer: Layer): InputError {
  const fix = 'give the layers of nested models names of their own';
  return new InputError(
    'weight-duplicate',
    `two weights are called ${show(id)}, the second in layer ${show(layer.name)}; ${fix}`,
    { where: id, wanted: 'a name for each weight', found: `${id} twice`, fix },
  );
}

function noValues(id: string, shape: readonly (number | null)[]): InputError {
  const fix = 'give the layer, or the input that it reads, at least one channel';
  return new InputError(
    'weight-empty',
    `the weight ${show(id)} has no values, its shape is [${shape.join(', ')}]; ${fix}`,
    {
      where: id,
      wanted: 'sizes of at least 1',
      found: `[${shape.join(', ')}]`,
      fix,
    },
  );
}
