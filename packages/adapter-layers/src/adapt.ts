import { type Batch, InputError, type Plan, type PrunableModel, show, UsageError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { findGroups } from './groups.js';
import { chooseLoss, type LossFunction } from './loss.js';
import { maskWeights } from './mask.js';
import { type Weight, weightsOf } from './params.js';
import { shrinkModel } from './shrink.js';

export interface AdaptOptions {
  /**
   * A name (categoricalCrossentropy of probabilities, softmaxCrossEntropy of logits, binaryCrossentropy, meanSquaredError,
   * meanAbsoluteError) or a function (y, output) → scalar. Default: categoricalCrossentropy for a softmax output, else
   * none, and gradients() asks for one.
   */
  readonly loss?: string | LossFunction;
}

/** A prunable view of a tf.LayersModel. `dispose()` disposes the model itself. */
export interface LayersPrunable extends PrunableModel {
  readonly model: LayersModel;
  /** The loss's name; undefined = gradients() will ask for one. */
  readonly loss: string | undefined;
  shrink(plan: Plan): Promise<LayersPrunable>;
}

/**
 * Makes a tf.LayersModel, Sequential or Functional, prunable. Its weights are changed in place by masks and by training;
 * `shrink()` gives a new model. Throws an InputError with code 'weight-duplicate' where two weights share a name, and a
 * UsageError with code 'loss-unknown'.
 */
export function adaptLayers(model: LayersModel, options: AdaptOptions = {}): LayersPrunable {
  const loss = chooseLoss(model, options.loss);
  const weights = weightsOf(model);
  const byId = new Map(weights.map((weight) => [weight.param.id, weight]));
  const groups = findGroups(model);
  const find = (id: string): Weight => {
    const weight = byId.get(id);
    if (weight) return weight;
    throw new UsageError(
      'param-unknown',
      `the model has no parameter ${show(id)}; it has ${[...byId.keys()].slice(0, 12).join(', ')}`,
      { where: id },
    );
  };
  return {
    model,
    params: weights.map(({ param }) => param),
    groups,
    output: loss.output,
    loss: loss.name,
    // The tensor's own array may be shared with the backend, so what is handed out is a copy.
    read: async (id) => Float32Array.from(await find(id).variable.data()),
    variable: (id) => find(id).variable,
    predict: (x) => onlyOutput(model.predict(x, { batchSize: Math.max(1, x.shape[0]) })),
    gradients: (batch, { training = false } = {}) => gradients(model, weights, loss.compute, batch, training),
    mask: (plan) => maskWeights(plan, weights, groups),
    async shrink(plan) {
      const smaller = await shrinkModel(model, weights, groups, plan);
      return adaptLayers(smaller, options);
    },
    dispose: () => void model.dispose(),
  };
}

function onlyOutput(output: tf.Tensor | tf.Tensor[]): tf.Tensor {
  if (!Array.isArray(output)) return output;
  const found = String(output.length);
  tf.dispose(output);
  throw new InputError(
    'model-outputs',
    `data needs a model with one output, this one has ${found}; leave the data out`,
    { where: 'model', wanted: '1', found },
  );
}

/** Gradients of every weight that the loss depends on, frozen layers included, batch-norm statistics not. */
async function gradients(
  model: LayersModel,
  weights: readonly Weight[],
  compute: LossFunction,
  batch: Batch,
  training: boolean,
) {
  const differentiable = weights
    .filter(({ layer, param }) => param.trainable || layer?.trainable === false)
    .filter(({ param }) => !/\/moving_(mean|variance)$/.test(param.id));
  const { value, grads } = tf.engine().gradients(
    () => {
      const output = onlyOutput(model.apply(batch.x, { training }) as tf.Tensor | tf.Tensor[]);
      return tf.reshape(compute(batch.y, output), []);
    },
    differentiable.map(({ variable }) => variable),
    undefined,
    true,
  );
  try {
    const [loss] = await value.data();
    return {
      loss,
      grads: Object.fromEntries(
        differentiable.flatMap(({ param }, i) => (grads[i] ? [[param.id, grads[i]]] : [])),
      ) as tf.NamedTensorMap,
    };
  } catch (error) {
    tf.dispose(grads);
    throw error;
  } finally {
    value.dispose();
  }
}
