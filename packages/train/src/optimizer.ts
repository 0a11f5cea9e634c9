import type { Optimizer, Scalar } from '@tensorflow/tfjs-core';

/** What TensorFlow.js hides of its optimizers. */
interface Open {
  learningRate: number;
  setLearningRate?(rate: number): void;
  c?: Scalar;
}
const open = (optimizer: Optimizer) => optimizer as unknown as Open;

/** There is a setter for SGD and momentum only; the other optimizers read their protected field at each step. */
export function setRate(optimizer: Optimizer, rate: number): void {
  const { setLearningRate } = open(optimizer);
  if (setLearningRate) setLearningRate.call(optimizer, rate);
  else open(optimizer).learningRate = rate;
}

/** Momentum's dispose() forgets the scalar that it inherits from SGD (TensorFlow.js 4.22). */
export function disposeOptimizer(optimizer: Optimizer): void {
  optimizer.dispose();
  const { c } = open(optimizer);
  if (c && !c.isDisposed) c.dispose();
}
