import * as tf from '@tensorflow/tfjs-core';
import { GraphBuilder, list, strings, window } from './build.js';

/** conv, batch norm, residual, dense: everything that has gradients, small. */
export function network(seed = 3, end: 'Softmax' | 'Identity' = 'Softmax'): tf.io.ModelArtifacts {
  const g = new GraphBuilder(seed);
  const x = g.input([-1, 4, 4, 2]);
  const bias = { fused_ops: strings(['BiasAdd', 'Elu']), num_args: { i: '1' } };
  const a = g.node(
    '_FusedConv2D',
    [x, g.floats([3, 3, 2, 4], 'ka'), g.floats([4], 'ba')],
    { ...window(), ...bias },
    'a',
  );
  const parts = ['gamma', 'beta', 'mean'].map((name) => g.floats([4], name));
  const n = g.node('FusedBatchNormV3', [a, ...parts, g.floats([4], 'variance', 0.5)], { epsilon: { f: 0.001 } }, 'n');
  const d = g.node('DepthwiseConv2dNative', [n, g.floats([2, 2, 4, 1], 'kd')], window(), 'd');
  const b = g.node('Conv2D', [d, g.floats([1, 1, 4, 4], 'kb')], window(), 'b');
  const sum = g.node('AddV2', [n, b], {}, 'sum');
  const slope = g.node('Prelu', [sum, g.floats([1, 1, 4], 'slope')], {}, 'slope-of');
  const pooled = g.node('AvgPool', [slope], { ...window(2), ksize: list([1, 2, 2, 1]) }, 'pooled');
  const flat = g.node('Reshape', [pooled, g.ints([-1, 16])], {}, 'flat');
  const logits = g.node('_FusedMatMul', [flat, g.floats([16, 3], 'kc'), g.floats([3], 'bc')], {
    fused_ops: strings(['BiasAdd']),
    num_args: { i: '1' },
  });
  return g.artifacts([g.node(end, [logits], {}, 'out')]);
}
