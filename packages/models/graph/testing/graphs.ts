import type { io } from '@tensorflow/tfjs-core';
import { strings } from './build.js';
import { type Draft, type Known, makeDraft } from './draft.js';
import { concat, pad, rearranged, reshaped, slice, split, there, upwards } from './graph-places.js';
import {
  constantStep,
  conv,
  hardSwish,
  merge,
  norm,
  opaque,
  plain,
  pool,
  separable,
  shared,
  slope,
  squeezeExcite,
} from './graph-values.js';

const KINDS: ((d: Draft, x: Known) => Known)[] = [
  ...[conv, conv, conv, conv, separable, separable, norm, plain, plain, constantStep, constantStep, hardSwish],
  ...[squeezeExcite, merge, merge, merge, concat, concat, split, slice, pad, pool, there, reshaped, upwards],
  ...[rearranged, shared, slope],
];

/**
 * A random network that runs, from the operations that converters write: branches, merges, splits, channels that are
 * padded, cut, permuted and repeated, shared weights, one or several outputs.
 */
export function randomGraph(seed: number, steps = 9): { artifacts: io.ModelArtifacts; ops: string[] } {
  const d = makeDraft(seed);
  // Everything starts with channels that may go.
  let x = conv(d, d.tensors[0], 4 + d.below(5));
  for (let i = 0; i < steps; i++) {
    const images = d.tensors.filter(
      ({ shape }) => shape.length === 4 && shape[0] === 2 && shape[1] > 2 && shape[2] > 2,
    );
    const from = d.chance(0.6) && images.includes(x) ? x : d.pick(images);
    x = d.chance(0.04) ? opaque(d, from) : d.pick(KINDS)(d, from);
  }
  return { artifacts: d.g.artifacts(close(d)), ops: d.g.nodes.map((node) => node.op) };
}

/** A head on the last tensor, and one on each that nothing reads. */
function close(d: Draft): string[] {
  const ends = d.tensors.filter(({ name, shape }) => !d.read.has(name) && shape.length === 4 && shape[0] === 2);
  return ends.map((end) => {
    const [n, h, w, c] = end.shape;
    const kind = d.below(3);
    const flat =
      kind === 0
        ? d.add(d.g.node('Mean', [d.use(end), d.g.ints([1, 2])], {}), [n, c])
        : d.add(d.g.node('Reshape', [d.use(end), d.g.ints([-1, h * w * c])]), [n, h * w * c]);
    const hidden = d.g.floats([flat.shape[1], 5]);
    const first = d.add(
      d.g.node('_FusedMatMul', [d.use(flat), hidden, d.g.floats([5])], {
        fused_ops: strings(['BiasAdd', 'Relu']),
        num_args: { i: '1' },
      }),
      [n, 5],
    );
    const out = d.add(d.g.node('MatMul', [d.use(first), d.g.floats([3, 5])], { transpose_b: { b: true } }), [n, 3]);
    return d.g.node('Identity', [d.use(out)]);
  });
}
