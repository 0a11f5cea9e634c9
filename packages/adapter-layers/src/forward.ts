import { type Batch, InputError, show, UsageError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { type LossFunction, LOSSES, type ResolvedLoss } from './loss.js';
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
  const { value, grads } = differentiate(() => {
    const output = model.apply(x, { training }) as tf.Tensor;
    checkTargets(loss.of, y, output);
    return tf.mean(loss.of(y, output)) as tf.Scalar;
  }, weighed);
  const byId = weighed.flatMap(({ param }, i) => (grads[i] ? [[param.id, grads[i]] as const] : []));
  try {
    return { loss: (await value.data())[0], grads: Object.fromEntries(byId) };
  } catch (error) {
    tf.dispose(grads);
    throw error;
  } finally {
    value.dispose();
  }
}

/** tf.variableGrads would leave frozen variables out. */
function differentiate(f: () => tf.Scalar, weighed: readonly Weight[]): { value: tf.Scalar; grads: tf.Tensor[] } {
  try {
    const variables = weighed.map(({ variable }) => variable);
    return tf.tidy(
      () => tf.engine().gradients(f, variables, undefined, true) as { value: tf.Scalar; grads: tf.Tensor[] },
    );
  } catch (error) {
    disposeTape();
    throw missingKernel(error) ?? error;
  }
}

/** TensorFlow.js keeps what the backward pass needs until that pass is over, and forgets it when something throws. */
function disposeTape(): void {
  const { state } = tf.engine();
  if (state.gradientDepth > 0) return;
  for (const { saved } of state.activeTape ?? []) saved?.forEach((tensor) => tensor.dispose());
  state.activeTape = [];
}

function missingKernel(cause: unknown): UsageError | undefined {
  const [, kernel, backend] = /Kernel '(\w+)' not registered for backend '(\w+)'/.exec(String(cause)) ?? [];
  if (kernel === undefined) return undefined;
  const fix =
    backend === 'wasm' ? 'call enableTraining() of @espalier/kernels-wasm first' : 'use another backend for gradients';
  return new UsageError('kernel-missing', `the backend ${show(backend)} has no kernel ${kernel}; ${fix}`, {
    where: backend,
    wanted: kernel,
    fix,
    cause,
  });
}

const text = (shape: Shape) => `[${shape.map((n) => n ?? '?').join(', ')}]`;

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
  if (!fits) throw misfit(`the input of '${model.name}'`, text(wanted), text(x.shape));
}

function checkTargets(loss: LossFunction, y: tf.Tensor, output: tf.Tensor): void {
  // A loss that somebody wrote may take targets of any shape.
  if (!Object.values<LossFunction>(LOSSES).includes(loss)) return;
  if (tf.util.arraysEqual(y.shape, output.shape)) return;
  const labels = output.size / output.shape[output.rank - 1];
  if (loss === LOSSES.sparseCategoricalCrossentropy && y.size === labels) return;
  throw misfit('the targets', text(output.shape), text(y.shape));
}

function misfit(where: string, wanted: string, found: string): InputError {
  const fix = 'use data made for this model';
  return new InputError('data-shape', `${where} must be of shape ${wanted}, got ${found}; ${fix}`, {
    where,
    wanted,
    found,
    fix,
  });
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
