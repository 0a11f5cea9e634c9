import { type Batch, InputError, show, UsageError } from '@espalier/core';
import { meanGradients, misfit, type ResolvedLoss } from '@espalier/adapter-kit';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Weight } from './params.js';
import { graphOf, type Shape } from './tfjs.js';

/**
 * Which output of a model is meant, by the name of its layer; undefined = it has several, and none was named. Throws an InputError
 * with code 'output-unknown'.
 */
export function outputIndex(model: LayersModel, name: string | undefined): number | undefined {
  const names = graphOf(model).outputNames;
  if (name === undefined) return names.length === 1 ? 0 : undefined;
  if (names.includes(name)) return names.indexOf(name);
  const [wanted, found] = [`one of ${names.map(show).join(', ')}`, show(name)];
  throw new InputError('output-unknown', `'${model.name}' has no output ${found}; use ${wanted}`, {
    where: 'output',
    wanted,
    found,
  });
}

/** The model's one output, or the one that was chosen. Throws an InputError with code 'model-inputs', 'model-outputs' or 'data-shape'. */
export function predict(model: LayersModel, output: number | undefined, x: tf.Tensor): tf.Tensor {
  checkInput(model, output, x);
  return tf.tidy(() => run(model, output!, x, false));
}

const run = (model: LayersModel, output: number, x: tf.Tensor, training: boolean) =>
  [model.apply(x, { training }) as tf.Tensor | tf.Tensor[]].flat()[output];

/**
 * The mean loss over the batch and its gradients by parameter, those of frozen layers too: frozen weights can be scored and
 * pruned. Statistics of normalisations and parameters that the loss does not reach are left out. The loss is that of the data: penalties of regularisers are not in it. In training mode dropout is active, and batch
 * norm uses the batch's statistics and updates its own.
 */
export async function lossGradients(
  model: LayersModel,
  output: number | undefined,
  weights: readonly Weight[],
  loss: ResolvedLoss | undefined,
  { x, y }: Batch,
  training: boolean,
): Promise<{ loss: number; grads: tf.NamedTensorMap }> {
  if (!loss) throw noLoss(model);
  checkInput(model, output, x);
  const weighed = weights.filter(({ param }) => !/\/moving_(mean|variance)$/.test(param.id));
  return meanGradients(() => run(model, output!, x, training), loss, y, weighed);
}

function checkInput(model: LayersModel, output: number | undefined, x: tf.Tensor): void {
  for (const [code, what, list, fits] of [
    ['model-inputs', 'input', model.inputs, model.inputs.length === 1],
    ['model-outputs', 'output', model.outputs, output !== undefined],
  ] as const) {
    if (fits) continue;
    const fix = what === 'output' ? 'name one, { output }' : 'give the data to the model yourself';
    const message = `'${model.name}' has ${list.length} ${what}s; data needs a model with one ${what}; ${fix}`;
    const [wanted, found] = [`one ${what}`, String(list.length)];
    throw new InputError(code, message, { where: model.name, wanted, found, fix });
  }
  const wanted: Shape = model.inputs[0].shape;
  const fits = x.rank === wanted.length && wanted.every((size, i) => size === null || size === x.shape[i]);
  if (!fits) throw misfit(`the input of '${model.name}'`, wanted, x.shape);
}

function noLoss({ name }: LayersModel): UsageError {
  const fix = "name one, adaptLayers(model, { loss: 'softmaxCrossEntropy' })";
  return new UsageError('loss-missing', `the output of '${name}' does not tell its loss; ${fix}`, {
    where: 'loss',
    wanted: 'a loss',
    found: 'none',
    fix,
  });
}
