import { UsageError } from '@espalier/core';
import type * as tf from '@tensorflow/tfjs-core';

export type Inputs = tf.Tensor | tf.Tensor[] | tf.NamedTensorMap;

interface LayerVariable {
  readonly originalName: string;
  read(): tf.Tensor;
}

/** A tf.LayersModel. */
interface LayersLike {
  readonly weights: readonly LayerVariable[];
  apply(x: tf.Tensor | tf.Tensor[], args?: object): unknown;
}

/** A tf.GraphModel. */
interface GraphLike {
  readonly weights: Readonly<Record<string, readonly tf.Tensor[]>>;
  predict(x: Inputs): unknown;
}

/** What can be compiled: a tf.LayersModel or a tf.GraphModel. */
export type Compilable = LayersLike | GraphLike;

export type Result = tf.Tensor | tf.Tensor[] | tf.NamedTensorMap;

/** The two kinds of models behind one face. */
export interface Model {
  run(x: Inputs): Result;
  inputs(x: Inputs): tf.Tensor[];
  results(result: Result): tf.Tensor[];
  /** Outputs in the form that `run` gives them. */
  result(outputs: tf.Tensor[]): Result;
  /** The data of the weights, in order. */
  weights(): object[];
  names(): Map<object, string>;
  isDisposed(): boolean;
}

const listed = (x: Inputs): tf.Tensor[] =>
  Array.isArray(x) ? x : isTensor(x) ? [x] : Object.keys(x).map((name) => x[name]);
const isTensor = (x: Inputs): x is tf.Tensor => 'dataId' in x && 'shape' in x;

export function modelOf(model: Compilable): Model {
  if (typeof model?.weights !== 'object' || model.weights === null) {
    throw new UsageError('no-weights', 'compile() needs a model, got none', {
      wanted: 'tf.LayersModel or tf.GraphModel',
    });
  }
  const named = (): { name: string; tensor: tf.Tensor }[] =>
    isLayers(model)
      ? model.weights.map((variable) => ({ name: variable.originalName, tensor: variable.read() }))
      : Object.entries((model as GraphLike).weights).flatMap(([name, tensors]) =>
          tensors.map((tensor, i) => ({ name: i === 0 ? name : `${name}:${i}`, tensor })),
        );
  // The form of the results, which is the same for all inputs.
  let form: (outputs: tf.Tensor[]) => Result = (outputs) => outputs;
  return {
    // Not predict(): that cuts batches of more than 32 in pieces.
    run: (x) => (isLayers(model) ? model.apply(x as tf.Tensor, { training: false }) : model.predict(x)) as Result,
    inputs: listed,
    results(result) {
      if (isTensor(result)) form = ([output]) => output;
      else if (!Array.isArray(result)) {
        const names = Object.keys(result);
        form = (outputs) => Object.fromEntries(names.map((name, i) => [name, outputs[i]]));
      }
      return listed(result);
    },
    result: (outputs) => form(outputs),
    weights: () => named().map(({ tensor }) => tensor.dataId),
    names: () => new Map(named().map(({ name, tensor }) => [tensor.dataId, name])),
    isDisposed: () => named().some(({ tensor }) => tensor.isDisposed),
  };
}

const isLayers = (model: Compilable): model is LayersLike => Array.isArray(model.weights);
