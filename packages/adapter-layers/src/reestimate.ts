import { type Batch, InputError, type MaskHandle, UsageError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { isAdapted } from './artifacts.js';
import { join, type Moments, momentsOf, type Piece } from './moments.js';
import { weightsOf, weightName } from './params.js';
import { predict } from './forward.js';
import { classOf, graphOf, isModel, type Layer, layersOf, nodesOf } from './tfjs.js';

export interface ReestimateOptions {
  /** Calibration data; asked for once for every pass, and must be the same each time. */
  batches(): AsyncIterable<Batch>;
  /** Masks in force; they are applied again afterwards. */
  readonly handles?: readonly MaskHandle[];
}

export interface Reestimated {
  /** The batch norms whose statistics are new, in the order in which they were worked out. */
  readonly layers: readonly string[];
  /** Passes over the data: the most batch norms on one way through the network. */
  readonly passes: number;
}

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
  { batches, handles = [] }: ReestimateOptions,
): Promise<Reestimated> {
  const layersModel = isAdapted(model) ? model.model : model;
  const levels = normLevels(layersModel);
  for (const level of levels) {
    const found = await collect(layersModel, level, batches);
    for (const layer of level) write(layersModel, layer, found.get(layer)!);
    for (const handle of handles) handle.apply();
  }
  return { layers: levels.flat().map(({ name }) => name), passes: levels.length };
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

/** Runs the model on all batches and adds up what enters the layers. */
async function collect(
  model: LayersModel,
  layers: readonly Layer[],
  batches: () => AsyncIterable<Batch>,
): Promise<Map<Layer, Moments>> {
  const found = new Map<Layer, Moments>();
  for await (const { x } of batches()) {
    const pieces = listen(model, layers, x);
    try {
      for (const [layer, { count, mean, squares }] of pieces) {
        const [m, s] = [Float64Array.from(await mean.data()), Float64Array.from(await squares.data())];
        if (![...m, ...s].every(Number.isFinite)) throw notFinite(layer);
        found.set(layer, join(found.get(layer), { count, mean: m, squares: s }));
      }
    } finally {
      for (const [, { mean, squares }] of pieces) tf.dispose([mean, squares]);
    }
  }
  if (layers.some((layer) => !found.has(layer))) {
    const fix = 'give at least one batch, each time batches() is called';
    throw new UsageError('data-missing', `batch norm is estimated from data, and there is none; ${fix}`, { fix });
  }
  return found;
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
    predict(model, x).dispose();
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

function write(model: LayersModel, of: Layer, { count, mean, squares }: Moments): void {
  for (const { param, layer, variable } of weightsOf(model)) {
    if (layer !== of) continue;
    const values = { moving_mean: mean, moving_variance: squares.map((s) => s / count) }[weightName(param.id)];
    if (values) tf.tidy(() => variable.assign(tf.tensor(Float32Array.from(values), variable.shape)));
  }
}

function notFinite({ name }: Layer): InputError {
  const fix = 'check the weights in front of it, and the data';
  return new InputError('values-not-finite', `what enters '${name}' is not finite; ${fix}`, { where: name, fix });
}
