import type { Reestimated, ReestimateOptions } from '@espalier/core';
import { momentsOf, type Piece, reestimate } from '@espalier/adapter-kit';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { isAdapted } from './artifacts.js';
import { weightsOf, weightName } from './params.js';
import { predict } from './forward.js';
import { classOf, graphOf, isModel, type Layer, layersOf, nodesOf } from './tfjs.js';

/**
 * Gives every batch norm, after a cut, the mean and the variance (divided by n, as in training) of what enters it in
 * inference mode, over all batches together, however they are split. What enters a batch norm depends on those in front of
 * it, so they are worked out one after the other: those with no other in front in the first pass over the data, those
 * right behind them, which see new statistics, in the second, and so on. A layer that is called more than once has one mean
 * over all its calls; calls that lie behind another call of the same layer see its statistics of before.
 *
 * Changes the model in place. Takes a model with one input and output, or what `adaptLayers` returns.
 *
 * Throws a UsageError with code 'data-missing' where there are no batches, and an InputError with code 'data-shape' for
 * batches of another shape or 'values-not-finite' where activations are not finite; the model is then left as the last
 * whole pass left it.
 */
export async function reestimateBatchNorm(
  model: LayersModel | { readonly model: LayersModel },
  options: ReestimateOptions,
): Promise<Reestimated> {
  const layersModel = isAdapted(model) ? model.model : model;
  const norms = {
    levels: normLevels(layersModel),
    nameOf: ({ name }: Layer) => name,
    listen: (layers: readonly Layer[], x: tf.Tensor) => listen(layersModel, layers, x),
    write: (layer: Layer, mean: Float32Array, variance: Float32Array) => write(layersModel, layer, mean, variance),
  };
  return reestimate(norms, options);
}

/** The batch norms by how many others lie in front of them at most. */
function normLevels(model: LayersModel): Layer[][] {
  const levelOf = new Map<Layer, number>();
  run(
    model,
    graphOf(model).inputs.map(() => 0),
  );
  const levels: Layer[][] = [];
  for (const layer of layersOf(model)) {
    const level = levelOf.get(layer);
    if (level !== undefined) (levels[level] ??= []).push(layer);
  }
  // A layer that lies behind itself leaves a level without any.
  return levels.filter((level) => (level as Layer[] | undefined) !== undefined);

  function run(inner: LayersModel, incoming: readonly number[]): number[] {
    const graph = graphOf(inner);
    const depths = new Map(graph.inputs.map(({ id }, i) => [id, incoming[i]]));
    for (const { outboundLayer: layer, inputTensors, outputTensors } of nodesOf(inner)) {
      if (classOf(layer) === 'InputLayer') continue;
      const into = inputTensors.map(({ id }) => depths.get(id)!);
      const depth = Math.max(...into);
      const isNorm = classOf(layer) === 'BatchNormalization';
      if (isNorm) levelOf.set(layer, Math.max(depth, levelOf.get(layer) ?? 0));
      const out = isModel(layer) ? run(layer, into) : outputTensors.map(() => depth + Number(isNorm));
      for (const [i, { id }] of outputTensors.entries()) depths.set(id, out[i]);
    }
    return graph.outputs.map(({ id }) => depths.get(id)!);
  }
}

function listen(model: LayersModel, layers: readonly Layer[], x: tf.Tensor): [Layer, Piece][] {
  const pieces: [Layer, Piece][] = [];
  const calls = layers.map((layer) => layer.call);
  for (const [i, layer] of layers.entries()) {
    layer.call = (given, options) => {
      pieces.push([layer, momentsOf(channelsLast(layer, [given].flat()[0]))]);
      return calls[i].call(layer, given, options);
    };
  }
  try {
    // Every norm runs, whatever output is looked at.
    predict(model, 0, x).dispose();
    return pieces;
  } catch (error) {
    for (const [, { mean, squares }] of pieces) tf.dispose([mean, squares]);
    throw error;
  } finally {
    // The method of the class shows again.
    for (const layer of layers) delete (layer as Partial<Layer>).call;
  }
}

function channelsLast(layer: Layer, x: tf.Tensor): tf.Tensor {
  const axis = Number([layer.getConfig().axis].flat()[0]);
  const at = axis < 0 ? axis + x.rank : axis;
  const others = x.shape.map((_, a) => a).filter((a) => a !== at);
  return at === x.rank - 1 ? x : tf.transpose(x, [...others, at]);
}

function write(model: LayersModel, of: Layer, mean: Float32Array, variance: Float32Array): void {
  for (const { param, layer, variable } of weightsOf(model)) {
    if (layer !== of) continue;
    const values = { moving_mean: mean, moving_variance: variance }[weightName(param.id)];
    if (values) variable.assign(tf.tensor(values, variable.shape));
  }
}
