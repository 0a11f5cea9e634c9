import { say } from './notes.js';
import { inputsUnsupported, type Batch, type Param } from '@espalier/core';
import { patches, type PatchSettings, piecesOf, type Unfold } from '@espalier/adapter-kit';
import * as tf from '@tensorflow/tfjs-core';
import { predict } from './forward.js';
import type { Graph, OpNode } from './graph.js';
import type { GraphModel } from './tfjs.js';
import { labelOf } from './trace.js';

/**
 * The rows that enter a kernel when the graph runs on the batch, in pieces; one node after the other where several read it.
 * Matrix products, convolutions and depthwise ones.
 */
export async function* kernelInputs(
  model: GraphModel,
  { nodes }: Graph,
  readers: readonly string[],
  { id, shape, role, skip }: Param,
  { x }: Batch,
): AsyncGenerator<tf.Tensor2D> {
  const own = readers.map((name) => nodes.get(name)!);
  if (role !== 'kernel' || skip !== undefined) throw inputsUnsupported(id, skip ?? say('is-no-kernel'));
  for (const node of own) {
    const unfold = unfolder(id, shape, node);
    const { node: source, index } = node.inputs[0];
    const input = predict(model, `${source}:${index}`, x);
    try {
      yield* piecesOf([input], unfold);
    } finally {
      input.dispose();
    }
  }
}

function unfolder(id: string, shape: readonly number[], { op, name, attributes }: OpNode): Unfold {
  const isFirst = attributes.string('data_format', 'NHWC').startsWith('NC');
  const transposed = ['transpose_a', 'transpose_b', 'adj_x', 'adj_y'].some((flag) => attributes.boolean(flag));
  if (/MatMul/.test(op) && shape.length === 2 && !transposed) return (input) => tf.reshape(input, [-1, shape[0]]);
  const isConvolution = ['Conv2D', '_FusedConv2D', 'DepthwiseConv2dNative', 'FusedDepthwiseConv2dNative'].includes(op);
  if (!isConvolution || isFirst) throw inputsUnsupported(id, say('not-followed', { what: labelOf({ name, op }) }));
  const each = (attribute: string) => [1, 2].map((axis) => attributes.numbers(attribute)[axis] || 1);
  const around = attributes.numbers('explicit_paddings');
  const padding = attributes.string('padding', 'VALID');
  const settings: PatchSettings = {
    window: shape.slice(0, 2),
    stride: each('strides'),
    dilation: each('dilations'),
    padding:
      padding === 'EXPLICIT'
        ? [1, 2].map((axis) => [around[2 * axis], around[2 * axis + 1]] as const)
        : padding.toLowerCase(),
  };
  return (input) => patches(input, settings);
}
