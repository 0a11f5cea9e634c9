import * as tf from '@tensorflow/tfjs-core';

/** The parameters of the tiny network, in its order. */
export const IDS = ['hidden/kernel', 'hidden/bias', 'out/kernel', 'out/bias'] as const;
export type TinyVariables = ReadonlyMap<string, tf.Variable>;

/** tanh(x·W₁ + b₁) and, from it, h·W₂ + b₂. Call it in a tidy. */
export function forward(variables: TinyVariables, x: tf.Tensor): { hidden: tf.Tensor2D; logits: tf.Tensor2D } {
  const [w1, b1, w2, b2] = IDS.map((id) => variables.get(id)!);
  const hidden = tf.tanh(tf.add(tf.matMul(x as tf.Tensor2D, w1 as tf.Tensor2D), b1)) as tf.Tensor2D;
  return { hidden, logits: tf.add(tf.matMul(hidden, w2 as tf.Tensor2D), b2) };
}

/** The mean cross-entropy of softmax(logits), and its gradients in the order of `IDS`, written out. Call it in a tidy. */
export function crossEntropy(variables: TinyVariables, x: tf.Tensor, y: tf.Tensor): tf.Tensor[] {
  const { hidden, logits } = forward(variables, x);
  const shifted = tf.sub(logits, tf.max(logits, -1, true));
  const logP = tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), -1, true)));
  // Targets that do not sum to 1 scale the softmax: d loss / d logits = (p·Σy − y) / n.
  const dOut = tf.div(tf.sub(tf.mul(tf.exp(logP), tf.sum(y, -1, true)), y), x.shape[0]) as tf.Tensor2D;
  const back = tf.matMul(dOut, variables.get('out/kernel') as tf.Tensor2D, false, true);
  const dHidden = tf.mul(back, tf.sub(1, tf.square(hidden))) as tf.Tensor2D;
  return [
    tf.neg(tf.div(tf.sum(tf.mul(y, logP)), x.shape[0])),
    tf.matMul(x as tf.Tensor2D, dHidden, true),
    tf.sum(dHidden, 0),
    tf.matMul(hidden, dOut, true),
    tf.sum(dOut, 0),
  ];
}
