import { UsageError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { type Accelerable, weightReader } from '@espalier/kernels-kit';

export type Inputs = tf.Tensor | tf.Tensor[] | tf.NamedTensorMap;
export type Result = tf.Tensor | tf.Tensor[] | tf.NamedTensorMap;

/** A tf.LayersModel (which has `apply`) or a tf.GraphModel. */
export interface Compilable extends Pick<Accelerable, 'weights'> {
  predict(x: Inputs, config?: object): unknown;
  apply?(x: tf.Tensor | tf.Tensor[], args?: object): unknown;
  readonly stateful?: boolean;
}

/** The two kinds of models behind one face. */
export interface Model {
  /** What the model answers in one piece, and nothing left behind. */
  run(x: Inputs): Result;
  /** The model as it is, with its own checks. */
  predict(x: Inputs): Result;
  /** Why it can only be run as it is. Throws what the model would. */
  refusal(inputs: readonly tf.Tensor[], x: Inputs): string | undefined;
  /** The same inputs as a list, always in the same order. */
  inputs(x: Inputs): tf.Tensor[];
  outputs(result: Result): tf.Tensor[];
  /** Outputs in the form that `run` has given them. */
  result(outputs: tf.Tensor[]): Result;
  /** The data of all weights, in order. */
  weights(): object[];
  names(): Map<object, string>;
}

const isTensor = (x: Inputs): x is tf.Tensor => x instanceof tf.Tensor;
const names = (x: tf.NamedTensorMap) => Object.keys(x).sort();

const listed = (x: Inputs): tf.Tensor[] => (isTensor(x) ? [x] : Array.isArray(x) ? x : names(x).map((name) => x[name]));

export function modelOf(model: Compilable): Model {
  if (typeof model?.predict !== 'function') {
    throw new UsageError('no-weights', 'compile() needs a model, got none', {
      wanted: 'tf.LayersModel or tf.GraphModel',
    });
  }
  const weights = weightReader(model, 'a compiled model');
  // The form of the results is the same for all inputs.
  let form: (outputs: tf.Tensor[]) => Result = (outputs) => outputs;
  return {
    // Not predict(): that cuts batches of more than 32 in pieces.
    run: (x) =>
      tf.tidy(() => (model.apply ? model.apply(x as tf.Tensor, { training: false }) : model.predict(x)) as Result),
    predict: (x) => tf.tidy(() => model.predict(x) as Result),
    refusal(inputs, x) {
      if (inputs.some(({ size }) => size === 0)) return 'its input is empty';
      if (model.stateful) return 'it is stateful';
      // predict() gives them a second axis.
      if (model.apply && inputs.some(({ rank }) => rank < 2)) return 'its input is a list';
      if (model.apply) tf.tidy(() => void model.predict(x));
    },
    inputs: listed,
    outputs(result) {
      if (isTensor(result)) form = ([output]) => output;
      else if (!Array.isArray(result)) {
        const keys = names(result);
        form = (outputs) => Object.fromEntries(keys.map((name, i) => [name, outputs[i]]));
      }
      return listed(result);
    },
    result: (outputs) => form(outputs),
    weights: () => weights().map(({ tensor }) => tensor.dataId),
    names: () => new Map(weights().map(({ id, tensor }) => [tensor.dataId, id])),
  };
}
