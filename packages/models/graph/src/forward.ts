import { type Batch, InputError, show, UsageError } from '@espalier/core';
import { type HeldWeight, meanGradients, misfit, type ResolvedLoss } from '@espalier/adapter-kit';
import * as tf from '@tensorflow/tfjs-core';
import type { GraphModel } from './tfjs.js';

/** The output that data is compared with. Throws an InputError with code 'model-inputs', 'model-outputs' or 'data-shape'. */
export function predict(model: GraphModel, output: string | undefined, x: tf.Tensor): tf.Tensor {
  const [name, input] = checked(model, output, x);
  return tf.tidy(() => execute(model, name, tf.cast(x, input.dtype ?? 'float32'), batchOf(input)));
}

/**
 * The mean loss over the batch and its gradients by parameter: the graph runs its operations on variables, and fused ones
 * come apart by themselves. A graph has no training mode: batch norm stays on its statistics. What training may not move has
 * no gradient here.
 */
export async function lossGradients(
  model: GraphModel,
  output: string | undefined,
  weights: readonly HeldWeight[],
  loss: ResolvedLoss | undefined,
  { x, y }: Batch,
): Promise<{ loss: number; grads: tf.NamedTensorMap }> {
  if (!loss) throw noLoss();
  const [name, input] = checked(model, output, x);
  const cast = tf.cast(x, input.dtype ?? 'float32');
  try {
    return await meanGradients(
      () => execute(model, name, cast, batchOf(input)),
      loss,
      y,
      weights.filter(({ param }) => param.trainable),
    );
  } finally {
    cast.dispose();
  }
}

/** A batch of another size than the graph's own goes through it part by part. */
function execute(model: GraphModel, output: string, x: tf.Tensor, batch: number): tf.Tensor {
  try {
    if (batch < 0 || x.shape[0] === batch) return model.execute(x, output) as tf.Tensor;
    return tf.concat(tf.split(x, x.shape[0] / batch).map((part) => model.execute(part, output) as tf.Tensor));
  } catch (error) {
    throw dynamic(error) ?? error;
  }
}

/** −1 = any. */
const batchOf = ({ shape }: InputInfo) => (shape as number[] | undefined)?.[0] ?? -1;

/** Loops and operations whose sizes depend on values only run asynchronously. */
function dynamic(cause: unknown): InputError | undefined {
  const [, node] = /contains the node '([^']*)'/.exec(String(cause)) ?? [];
  if (node === undefined) return undefined;
  const fix = 'name an output in front of it, adaptGraph(model, { output })';
  return new InputError('graph-dynamic', `${show(node)} only runs asynchronously, so nothing is predicted; ${fix}`, {
    where: node,
    fix,
    cause,
  });
}

type InputInfo = GraphModel['inputs'][number];

function checked(model: GraphModel, output: string | undefined, x: tf.Tensor): [string, InputInfo] {
  const { inputs, outputNodes } = model;
  if (inputs.length !== 1) throw several('model-inputs', 'input', inputs.length);
  if (output === undefined && outputNodes.length !== 1) throw several('model-outputs', 'output', outputNodes.length);
  const [input] = inputs;
  const wanted = input.shape as number[] | undefined;
  const fits = (size: number, i: number) =>
    size === -1 || (i === 0 && size > 0 ? x.shape[0] % size === 0 : size === x.shape[i]);
  if (wanted && !(x.rank === wanted.length && wanted.every(fits))) {
    throw misfit(
      `the input of '${input.name}'`,
      wanted.map((size) => (size === -1 ? null : size)),
      x.shape,
    );
  }
  return [output ?? outputNodes[0], input];
}

function several(code: string, what: string, count: number): InputError {
  const fix = what === 'output' ? 'name one, adaptGraph(model, { output })' : 'give the data to model.execute yourself';
  return new InputError(code, `the graph has ${count} ${what}s; data needs a model with one ${what}; ${fix}`, {
    where: what,
    wanted: `one ${what}`,
    found: String(count),
    fix,
  });
}

function noLoss(): UsageError {
  const fix = "name one, adaptGraph(model, { loss: 'softmaxCrossEntropy' })";
  return new UsageError('loss-missing', `the output of the graph does not tell its loss; ${fix}`, {
    where: 'loss',
    wanted: 'a loss',
    found: 'none',
    fix,
  });
}
