import type { Note } from '@espalier/core';
import type { Call } from './calls.js';
import { say } from './notes.js';
import { classOf, configOf, innerLayer, type Layer, product, type Shape } from './tfjs.js';

/** How a layer uses one of its kernels. */
export interface Kernel {
  /** The axis that is summed over; -1 = none of its own. */
  readonly inAxis: number;
  /** The axis that becomes the output's channels; -1 = they are not one axis of the kernel. */
  readonly outAxis: number;
  /** How often each weight is multiplied in one call; null = its sizes are open. */
  uses(call: Call, layer: Layer): number | null;
  readonly skip?: Note;
}

/** Spatial or time positions: all sizes but the batch and the channels. */
function positions(shape: Shape, layer: Layer): number | null {
  return product(configOf(layer).dataFormat === 'channelsFirst' ? shape.slice(2) : shape.slice(1, -1));
}

const atInput: Kernel['uses'] = ({ input }, layer) => positions(input, layer);
const atOutput: Kernel['uses'] = ({ output }, layer) => positions(output, layer);
const everyStep: Kernel['uses'] = ({ input }) => input[1];
const unknown: Kernel['uses'] = () => null;

const conv = (inAxis: number): Record<string, Kernel> => ({ kernel: { inAxis, outAxis: inAxis + 1, uses: atOutput } });
/** Transposed kernels are [..., out, in], and every input position meets every weight once. */
const transposed = (outAxis: number): Record<string, Kernel> => ({
  kernel: { inAxis: outAxis + 1, outAxis, uses: atInput },
});
const recurrent = (inAxis: number, uses: Kernel['uses']): Record<string, Kernel> => ({
  kernel: { inAxis, outAxis: -1, uses },
  recurrent_kernel: { inAxis, outAxis: -1, uses },
});
const depthwise: Kernel = { inAxis: -1, outAxis: -1, uses: atOutput };

/** The kernels of the layers that Espalier knows, by class and weight. Weights of other classes are left alone. */
const KERNELS: Readonly<Record<string, Readonly<Record<string, Kernel>>>> = {
  Dense: { kernel: { inAxis: 0, outAxis: 1, uses: atInput } },
  Conv1D: conv(1),
  Conv2D: conv(2),
  Conv3D: conv(3),
  Conv2DTranspose: transposed(2),
  Conv3DTranspose: transposed(3),
  DepthwiseConv2D: { depthwise_kernel: depthwise },
  SeparableConv2D: { depthwise_kernel: depthwise, pointwise_kernel: { inAxis: 2, outAxis: 3, uses: atOutput } },
  SimpleRNN: recurrent(0, everyStep),
  GRU: recurrent(0, everyStep),
  LSTM: recurrent(0, everyStep),
  ConvLSTM2D: recurrent(2, unknown),
  Embedding: {
    embeddings: {
      inAxis: -1,
      outAxis: -1,
      uses: () => 0,
      skip: say('an-embedding'),
    },
  },
};

/** The kernel that a weight of the layer is, by the last part of its name; undefined = it is none, or is not known. */
export function kernelOf(layer: Layer, weight: string): Kernel | undefined {
  const name = classOf(layer);
  const inner = innerLayer(layer);
  if (inner && name === 'Bidirectional') return kernelOf(inner, weight);
  if (inner && name === 'TimeDistributed') return onEveryStep(kernelOf(inner, weight), inner);
  const kernels = Object.hasOwn(KERNELS, name) ? KERNELS[name] : {};
  return Object.hasOwn(kernels, weight) ? kernels[weight] : undefined;
}

/** TimeDistributed runs its inner layer once a step, on inputs without the time axis. */
function onEveryStep(kernel: Kernel | undefined, inner: Layer): Kernel | undefined {
  const withoutTime = (shape: Shape) => [shape[0], ...shape.slice(2)];
  return (
    kernel && {
      ...kernel,
      uses({ input, output }) {
        const once = kernel.uses({ input: withoutTime(input), output: withoutTime(output) }, inner);
        return product([input[1], once]);
      },
    }
  );
}
