import * as tf from '@tensorflow/tfjs-core';
import { InputError, show, UsageError } from '@espalier/core';
import { type LossFunction, LOSSES, type ResolvedLoss } from './losses.js';
import type { HeldWeight } from './mask.js';

/**
 * The mean loss of what `forward` gives, and its gradients by parameter; parameters that the loss does not reach are left
 * out. The caller owns the gradients.
 *
 * Throws an InputError with code 'data-shape' for targets that do not fit, and a UsageError with code 'kernel-missing' on a
 * backend that lacks a kernel for gradients.
 */
export async function meanGradients(
  forward: () => tf.Tensor,
  loss: ResolvedLoss,
  y: tf.Tensor,
  weights: readonly HeldWeight[],
): Promise<{ loss: number; grads: tf.NamedTensorMap }> {
  const { value, grads } = differentiate(() => {
    const output = forward();
    checkTargets(loss.of, y, output);
    return tf.mean(loss.of(y, output)) as tf.Scalar;
  }, weights);
  const byId = weights.flatMap(({ param }, i) => (grads[i] ? [[param.id, grads[i]] as const] : []));
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
function differentiate(f: () => tf.Scalar, weighed: readonly HeldWeight[]): { value: tf.Scalar; grads: tf.Tensor[] } {
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
    backend === 'wasm'
      ? 'call enableTraining() of @espalier/kernels-wasm/training first'
      : 'use another backend for gradients';
  return new UsageError('kernel-missing', `the backend ${show(backend)} has no kernel ${kernel}; ${fix}`, {
    where: backend,
    wanted: kernel,
    fix,
    cause,
  });
}

function checkTargets(loss: LossFunction, y: tf.Tensor, output: tf.Tensor): void {
  // A loss that somebody wrote may take targets of any shape.
  if (!Object.values<LossFunction>(LOSSES).includes(loss)) return;
  if (tf.util.arraysEqual(y.shape, output.shape)) return;
  const labels = output.size / output.shape[output.rank - 1];
  if (loss === LOSSES.sparseCategoricalCrossentropy && y.size === labels) return;
  throw misfit('the targets', output.shape, y.shape);
}

/** Data that does not fit the model. */
export function misfit(
  where: string,
  wantedShape: readonly (number | null)[],
  foundShape: readonly number[],
): InputError {
  const text = (shape: readonly (number | null)[]) => `[${shape.map((n) => n ?? '?').join(', ')}]`;
  const [wanted, found] = [text(wantedShape), text(foundShape)];
  const fix = 'use data made for this model';
  return new InputError('data-shape', `${where} must be of shape ${wanted}, got ${found}; ${fix}`, {
    where,
    wanted,
    found,
    fix,
  });
}
