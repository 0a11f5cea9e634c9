import { sizeOf } from '@espalier/core';
import type { TensorInfo } from '@tensorflow/tfjs-core';

/** What follows the sum of a fused operation. */
export interface Activation {
  /** 'prelu' is a slope below zero: of `leakyrelu` one for all channels, of `prelu` a tensor of one for each. */
  readonly name: 'linear' | 'relu' | 'relu6' | 'elu' | 'sigmoid' | 'prelu';
  readonly slope?: number | TensorInfo;
}

const PLAIN: Readonly<Record<string, Activation>> = {
  linear: { name: 'linear' },
  relu: { name: 'relu' },
  relu6: { name: 'relu6' },
  elu: { name: 'elu' },
  sigmoid: { name: 'sigmoid' },
};

/** The activation of TensorFlow.js's fused operations, or nothing where the stock kernel has to do it. */
export function activation(
  name: string | undefined,
  outputs: number,
  prelu: TensorInfo | undefined,
  leakyReluAlpha = 0.2,
): Activation | undefined {
  if (name === 'leakyrelu') return { name: 'prelu', slope: leakyReluAlpha };
  if (name !== 'prelu') return PLAIN[name ?? 'linear'];
  // One slope for each channel; others broadcast in ways that are left to TensorFlow.js.
  return prelu && sizeOf(prelu.shape) === outputs && prelu.shape.at(-1) === outputs
    ? { name: 'prelu', slope: prelu }
    : undefined;
}
