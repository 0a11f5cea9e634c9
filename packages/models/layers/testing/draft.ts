import type { Random } from '@espalier/core';
import { L, type Layer, type Symbolic } from './build.js';

/** A network in the making: the tensors so far, of [batch, h, w, c], [batch, steps, c] or [batch, c]. */
export interface Draft {
  readonly tensors: Symbolic[];
  readonly random: Random;
  /** Layers that may be called again, with the shape they take. */
  readonly reusable: { readonly layer: Layer; readonly shape: string }[];
  readonly used: Set<string>;
}

/** undefined = it does not fit. TensorFlow.js fails to run merges of a tensor with itself, so none is drawn. */
export type Op = (draft: Draft, x: Symbolic) => Symbolic | undefined;

export const below = (random: Random, n: number) => Math.floor(random() * n);
export const pick = <T>(random: Random, list: readonly T[]) => list[below(random, list.length)];
export const channelsOf = ({ shape }: Symbolic) => shape[shape.length - 1]!;
export const apply = (layer: Layer, x: Symbolic | Symbolic[]) => layer.apply(x) as Symbolic;

export const ACTIVATIONS = [
  'relu',
  'sigmoid',
  'tanh',
  'linear',
  'softplus',
  'elu',
  'relu6',
  'hardSigmoid',
  'swish',
] as const;
export const common = (random: Random) => ({
  useBias: random() < 0.6,
  activation: pick(random, ACTIVATIONS) as 'relu',
});
export const padding = (random: Random) => pick(random, ['same', 'valid'] as const);
export const width = (random: Random) => 2 + below(random, 5);
export const remember = ({ reusable, random }: Draft, layer: Layer, x: Symbolic) => {
  if (random() < 0.4) reusable.push({ layer, shape: String(x.shape) });
  return layer;
};
/** As many channels as wanted, made by a layer of its own. */
export const project = (x: Symbolic, units: number) => apply(L.dense({ units, useBias: false }), x);
