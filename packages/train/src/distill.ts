import { type PrunableModel, show, UsageError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import type { TrainingRule } from './rule.js';
import { DISTILL_DEFAULTS } from './defaults.js';

export interface DistillOptions {
  /** The dense model; borrowed. It may be a copy of the one that is trained, never the same. */
  readonly teacher: PrunableModel;
  /** Softens both outputs: softmax(z / T). */
  readonly temperature?: number;
  /** The teacher's share of the loss, 0 to 1. */
  readonly alpha?: number;
}

/** The smallest normal float32; log of it is finite. */
const TINY = 2 ** -126;

/**
 * Knowledge distillation: the loss becomes (1 − α)·CE(y, p) + α·T²·CE(q_T, p_T), where q_T and p_T are what teacher and
 * student say at temperature T; T² keeps the two gradients of like size. Cross-entropy differs from the divergence of the
 * paper by the teacher's entropy, which no weight changes. arXiv:1503.02531.
 *
 * Throws a UsageError with code 'distill-option', 'distill-output' where either model is no classifier by softmax, and
 * 'distill-loss' where the adapter does not take a loss.
 */
export function distill(options: DistillOptions): TrainingRule {
  const { teacher, temperature, alpha } = { ...DISTILL_DEFAULTS, ...options };
  checkOption('temperature', temperature, temperature > 0 && temperature < Infinity, 'a number above 0');
  checkOption('alpha', alpha, alpha >= 0 && alpha <= 1, 'a number from 0 to 1');
  checkOutput(teacher, 'teacher');
  return {
    name: 'distillation',
    async gradients({ model, batch }) {
      checkOutput(model, 'student');
      const soft = tf.tidy(() => tf.exp(logSoft(teacher.predict(batch.x), teacher, temperature)));
      let asked = false;
      const loss = (y: tf.Tensor, output: tf.Tensor) => {
        asked = true;
        const hard = crossEntropy(y, logSoft(output, model, 1));
        const taught = crossEntropy(soft, logSoft(output, model, temperature));
        return tf.add(tf.mul(1 - alpha, hard), tf.mul(alpha * temperature ** 2, taught));
      };
      try {
        const result = await model.gradients(batch, { training: true, loss });
        if (asked) return result;
        tf.dispose(result.grads);
      } finally {
        soft.dispose();
      }
      throw new UsageError(
        'distill-loss',
        "this model's adapter takes no other loss than its own; train without distillation",
        {
          where: 'model',
        },
      );
    },
  };
}

const crossEntropy = (y: tf.Tensor, logP: tf.Tensor) => tf.neg(tf.sum(tf.mul(y, logP), -1));

/** log softmax(z / T), where log p will do for z. */
function logSoft(output: tf.Tensor, { output: kind }: PrunableModel, temperature: number): tf.Tensor {
  const z = kind === 'logits' ? output : tf.log(tf.maximum(output, TINY));
  return tf.logSoftmax(tf.div(z, temperature));
}

function checkOutput({ output }: PrunableModel, who: string): void {
  if (output !== 'other') return;
  const wanted = 'a softmax output, or logits with a softmax loss';
  throw new UsageError('distill-output', `distillation needs ${wanted}, and the ${who} has neither`, {
    where: who,
    wanted,
  });
}

function checkOption(where: string, value: number, holds: boolean, wanted: string): void {
  if (holds) return;
  throw new UsageError('distill-option', `${where} must be ${wanted}, got ${show(value)}`, {
    where,
    wanted,
    found: String(value),
  });
}
