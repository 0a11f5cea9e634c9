import { type Output, show, UsageError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { metrics, type LayersModel } from '@tensorflow/tfjs-layers';

/** The mean over the batch of what the model got wrong. `y` is what the data says, `output` what the model says. */
export type LossFunction = (y: tf.Tensor, output: tf.Tensor) => tf.Tensor;

/** Near the smallest normal float32: log stays finite, and 1 / p times the softmax's own p is still exact. */
const TINY = 1e-37;

const meanOverBatch = (values: tf.Tensor): tf.Tensor => tf.mean(values);

/**
 * Losses by name. Cross-entropy from probabilities is −Σ y·log(max(p, 1e-37)): tfjs-layers clips p to [1e-7, 1 − 1e-7],
 * which takes the gradient away from the mistakes that the model is most sure of.
 */
const LOSSES: Readonly<Record<string, LossFunction>> = {
  categoricalCrossentropy: (y, p) => meanOverBatch(tf.neg(tf.sum(tf.mul(y, tf.log(tf.maximum(p, TINY))), -1))),
  softmaxCrossEntropy: (y, logits) => meanOverBatch(tf.neg(tf.sum(tf.mul(y, tf.logSoftmax(logits)), -1))),
  binaryCrossentropy: (y, p) => {
    const q = tf.sub(1, p);
    const terms = tf.add(tf.mul(y, tf.log(tf.maximum(p, TINY))), tf.mul(tf.sub(1, y), tf.log(tf.maximum(q, TINY))));
    return meanOverBatch(tf.neg(tf.mean(terms, -1)));
  },
  meanSquaredError: (y, output) => meanOverBatch(metrics.meanSquaredError(y, output)),
  meanAbsoluteError: (y, output) => meanOverBatch(metrics.meanAbsoluteError(y, output)),
};

export const LOSS_NAMES = Object.keys(LOSSES);

export interface ChosenLoss {
  readonly name: string | undefined;
  readonly output: Output;
  /** Throws a UsageError with code 'loss-missing' where no loss was given and the output does not tell. */
  readonly compute: LossFunction;
}

/** The given loss; for a softmax output cross-entropy. */
export function chooseLoss(model: LayersModel, loss: string | LossFunction | undefined): ChosenLoss {
  if (typeof loss === 'function') return { name: 'custom', output: 'other', compute: loss };
  const name = loss ?? (endsInSoftmax(model) ? 'categoricalCrossentropy' : undefined);
  if (name === undefined) return { name, output: 'other', compute: missingLoss };
  if (!Object.hasOwn(LOSSES, name)) {
    const wanted = LOSS_NAMES.join(', ');
    throw new UsageError('loss-unknown', `loss: there is no ${show(name)}; use one of ${wanted}`, {
      where: 'loss',
      wanted,
      found: name,
    });
  }
  const output =
    name === 'categoricalCrossentropy' ? 'probabilities' : name === 'softmaxCrossEntropy' ? 'logits' : 'other';
  return { name, output, compute: LOSSES[name] };
}

const missingLoss = (): never => {
  const fix = `pass loss (--loss on the command line): one of ${LOSS_NAMES.join(', ')}`;
  throw new UsageError('loss-missing', `the model's output does not tell its loss; ${fix}`, { where: 'loss', fix });
};

function endsInSoftmax(model: LayersModel): boolean {
  if (model.outputs.length !== 1) return false;
  const layer = model.outputs[0].sourceLayer;
  return layer.getClassName() === 'Softmax' || (layer.getConfig() as { activation?: unknown }).activation === 'softmax';
}
