import { type Batch, InputError, UsageError } from '@espalier/core';
import { meanGradients, misfit, type ResolvedLoss } from '@espalier/adapter-kit';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Weight } from './params.js';
import type { Shape } from './tfjs.js';

/** The model's one output. Throws an InputError with code 'model-inputs', 'model-outputs' or 'data-shape'. */
export function predict(model: LayersModel, x: tf.Tensor): tf.Tensor {
  checkInput(model, x);
  return tf.tidy(() => model.apply(x, { training: false }) as tf.Tensor);
}

/**
 * The mean loss over the batch and its gradients by parameter, those of frozen layers too: frozen weights can be scored and
 * pruned. Statistics of normalisations and parameters that the loss does not reach are left out. The loss is that of the data: penalties of regularisers are not in it. In training mode dropout is active, and batch
 * norm uses the batch's statistics and updates its own.
 */
export async function lossGradients(
  model: LayersModel,
  weights: readonly Weight[],
  loss: ResolvedLoss | undefined,
  { x, y }: Batch,
  training: boolean,
): Promise<{ loss: number; grads: tf.NamedTensorMap }> {
  if (!loss) throw noLoss(model);
  checkInput(model, x);
  const weighed = weights.filter(({ param }) => !/\/moving_(mean|variance)$/.test(param.id));
  return meanGradients(() => model.apply(x, { training }) as tf.Tensor, loss, y, weighed);
}

function checkInput(model: LayersModel, x: tf.Tensor): void {
  for (const [code, what, list] of [
    ['model-inputs', 'input', model.inputs],
    ['model-outputs', 'output', model.outputs],
  ] as const) {
    if (list.length === 1) continue;
    throw new InputError(code, `'${model.name}' has ${list.length} ${what}s; data needs a model with one ${what}`, {
      where: model.name,
      wanted: `one ${what}`,
      found: String(list.length),
    });
  }
  const wanted: Shape = model.inputs[0].shape;
  const fits = x.rank === wanted.length && wanted.every((size, i) => size === null || size === x.shape[i]);
  if (!fits) throw misfit(`the input of '${model.name}'`, wanted, x.shape);
}

function noLoss({ name }: LayersModel): UsageError {
  const fix =
    "name one, adaptLayers(model, { loss: 'softmaxCrossEntropy' }), or --loss softmaxCrossEntropy on the command line";
  return new UsageError('loss-missing', `the output of '${name}' does not tell its loss; ${fix}`, {
    where: 'loss',
    wanted: 'a loss',
    found: 'none',
    fix,
  });
}
