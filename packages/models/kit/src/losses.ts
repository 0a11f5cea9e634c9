import * as tf from '@tensorflow/tfjs-core';
import { type LossFunction, type Output, show, UsageError } from '@espalier/core';

export type { LossFunction };

/** The smallest normal float32: 1 / TINY is still finite, so the gradient of its logarithm is. */
const TINY = 2 ** -126;

const negativeLog = (p: tf.Tensor) => tf.neg(tf.log(tf.maximum(p, TINY)));
const overClasses = (x: tf.Tensor) => tf.sum(x, -1);

/**
 * −Σ y·log p over the classes, for probabilities p. Not clipped at 1e−7 as in tfjs-layers, where a confident mistake has
 * no gradient: through softmax it is p − y here, down to p = 2⁻¹²⁶.
 */
const categoricalCrossentropy: LossFunction = (y, p) => overClasses(tf.mul(y, negativeLog(p)));

/** The losses that have a name, those of tfjs-layers among them. Targets are shaped like the output. */
export const LOSSES = {
  categoricalCrossentropy,
  /** Integer labels [n] or [n, 1], or the one-hot rows that Espalier's batches hold. */
  sparseCategoricalCrossentropy: (y, p) => categoricalCrossentropy(toOneHot(y, p), p),
  /** −Σ y·log softmax(z), for a linear output z. */
  softmaxCrossEntropy: (y, z) => overClasses(tf.neg(tf.mul(y, tf.logSoftmax(z)))),
  /** −y·log p − (1 − y)·log(1 − p), per output. */
  binaryCrossentropy: (y, p) => tf.add(tf.mul(y, negativeLog(p)), tf.mul(tf.sub(1, y), negativeLog(tf.sub(1, p)))),
  /** The same for a linear output z: max(z, 0) − z·y + log(1 + e^−|z|). */
  sigmoidCrossEntropy: (y, z) => tf.add(tf.sub(tf.relu(z), tf.mul(z, y)), tf.log1p(tf.exp(tf.neg(tf.abs(z))))),
  meanSquaredError: (y, p) => tf.square(tf.sub(p, y)),
  meanAbsoluteError: (y, p) => tf.abs(tf.sub(p, y)),
  /** log cosh(p − y), written so that it does not overflow. */
  logcosh: (y, p) => {
    const d = tf.sub(p, y);
    return tf.sub(tf.add(d, tf.softplus(tf.mul(-2, d))), Math.LN2);
  },
  hinge: (y, p) => tf.relu(tf.sub(1, tf.mul(y, p))),
  squaredHinge: (y, p) => tf.square(tf.relu(tf.sub(1, tf.mul(y, p)))),
  /** Σ y·log(y / p). */
  kullbackLeiblerDivergence: (y, p) => overClasses(tf.mul(y, tf.sub(negativeLog(p), negativeLog(y)))),
  /** p − y·log p. */
  poisson: (y, p) => tf.add(p, tf.mul(y, negativeLog(p))),
} as const satisfies Record<string, LossFunction>;

export type LossName = keyof typeof LOSSES;

/** A loss by name or as a function. Any string is taken, so that one typed on a command line is checked here. */
export type Loss = LossName | (string & {}) | LossFunction;

export interface ResolvedLoss {
  /** 'custom' for a function without a name. */
  readonly name: string;
  readonly of: LossFunction;
}

/**
 * The loss that is asked for; else the one that the model was compiled with; else
 * cross-entropy for a softmax output; else undefined.
 *
 * Throws a UsageError with code 'loss-unknown' for a name that is none, and with code 'loss-output' for cross-entropy from
 * logits on a softmax output.
 */
export function resolveLoss(
  asked: Loss | undefined,
  endsInSoftmax: boolean,
  compiled?: ResolvedLoss,
): ResolvedLoss | undefined {
  if (asked === undefined) return compiled ?? (endsInSoftmax ? namedLoss('categoricalCrossentropy') : undefined);
  if (typeof asked === 'function') return customLoss(asked);
  const loss = namedLoss(asked);
  if (!loss) throw unknownLoss(asked);
  if (loss.name === 'softmaxCrossEntropy' && endsInSoftmax) {
    const fix = "use 'categoricalCrossentropy'";
    throw new UsageError('loss-output', `softmaxCrossEntropy takes logits, but the model ends in softmax; ${fix}`, {
      where: 'loss',
      wanted: 'a linear output',
      found: 'softmax',
      fix,
    });
  }
  return loss;
}

/** What the output means under the loss: only softmax cross-entropy has the curvature that p alone determines. */
export function outputOf(endsInSoftmax: boolean, endsLinear: boolean, loss: ResolvedLoss | undefined): Output {
  const isCrossEntropy =
    loss?.of === LOSSES.categoricalCrossentropy || loss?.of === LOSSES.sparseCategoricalCrossentropy;
  if (isCrossEntropy && endsInSoftmax) return 'probabilities';
  if (loss?.of === LOSSES.softmaxCrossEntropy) return 'logits';
  return loss === undefined && endsLinear ? 'linear' : 'other';
}

/** A loss that somebody wrote. */
export const customLoss = (of: LossFunction): ResolvedLoss => ({ name: of.name || 'custom', of });

/** By its name in camel case or, as Keras writes it, with underscores. */
export function namedLoss(text: string): ResolvedLoss | undefined {
  const name = text.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  return Object.hasOwn(LOSSES, name) ? { name, of: LOSSES[name as LossName] } : undefined;
}

function unknownLoss(found: string): UsageError {
  const wanted = `one of ${Object.keys(LOSSES).join(', ')}`;
  return new UsageError(
    'loss-unknown',
    `there is no loss ${show(found)}; use ${wanted}, or a function (yTrue, yPred)`,
    {
      where: 'loss',
      wanted,
      found,
    },
  );
}

function toOneHot(y: tf.Tensor, like: tf.Tensor): tf.Tensor {
  const classes = like.shape[like.rank - 1];
  if (y.size === like.size) return y;
  const labels = tf.cast(tf.reshape(y, [-1]), 'int32');
  return tf.reshape(tf.cast(tf.oneHot(labels as tf.Tensor1D, classes), 'float32'), like.shape);
}
