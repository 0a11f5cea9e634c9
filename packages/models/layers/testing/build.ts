import { seededRandom } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { layersOf } from '../src/tfjs.js';

export const L = tfl.layers;
export type Layer = tfl.layers.Layer;
export type Symbolic = tfl.SymbolicTensor;

/** Fills every weight with seeded values; variances stay positive and nothing is left at its initial 0 or 1. */
export function seeded<M extends tfl.LayersModel>(model: M, seed = 1): M {
  const random = seededRandom(seed);
  for (const weight of model.weights) {
    const variance = weight.originalName.endsWith('moving_variance');
    const size = weight.shape.reduce<number>((a, b) => a * b!, 1);
    const values = Float32Array.from({ length: size }, () => (variance ? 0.5 + random() : 2 * random() - 1));
    tf.tidy(() => (weight.read() as tf.Variable).assign(tf.tensor(values, weight.shape as number[])));
  }
  return model;
}

export const dense = (name: string, units: number, rest = {}) => L.dense({ units, name, ...rest });

/** tfjs-core alone cannot draw orthogonal matrices, the default of recurrent kernels. */
export const rnn = { recurrentInitializer: 'zeros' } as const;

export const sequential = (...layers: Layer[]) => seeded(tfl.sequential({ layers }));

/** x → y through layers, one after the other. */
export const chain = (x: Symbolic, ...layers: Layer[]) =>
  layers.reduce<Symbolic>((tensor, layer) => layer.apply(tensor) as Symbolic, x);

export const functional = (inputs: Symbolic | Symbolic[], outputs: Symbolic | Symbolic[]) =>
  seeded(tfl.model({ inputs, outputs }));

/** Two samples for each input. */
export const inputsFor = (model: tfl.LayersModel, seed = 7): tf.Tensor[] =>
  model.inputs.map(({ shape }, i) =>
    tf.randomUniform([2, ...shape.slice(1).map((n) => n ?? 5)], -1, 1, 'float32', seed + i),
  );

export const outputsOf = (model: tfl.LayersModel, x: tf.Tensor[]) => [model.predict(x)].flat();

/** Every weight by its name, as its bits. */
export async function bytesOf(model: tfl.LayersModel): Promise<Record<string, string>> {
  const weights = new Set(layersOf(model).flatMap((layer) => layer.weights));
  const entries = [...weights].map(async (weight) => {
    const values = Float32Array.from(await weight.read().data());
    return [weight.originalName, Buffer.from(values.buffer).toString('base64')] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** The largest difference of two outputs, as a fraction of the largest output. */
export async function relativeDifference(a: tf.Tensor, b: tf.Tensor): Promise<number> {
  expect(a.shape).toEqual(b.shape);
  const [x, y] = [await a.data<'float32'>(), await b.data<'float32'>()];
  const scale = y.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  return x.reduce((most, v, i) => Math.max(most, Math.abs(v - y[i])), 0) / (scale || 1);
}

/** A layer of a class that is not TensorFlow.js's own. */
export class Doubling extends tfl.layers.Layer {
  static readonly className = 'Doubling';
  override build(): void {
    this.addWeight('table', [2, 2], 'float32', tfl.initializers.ones());
    this.built = true;
  }
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => tf.mul(Array.isArray(inputs) ? inputs[0] : inputs, 2));
  }
}
