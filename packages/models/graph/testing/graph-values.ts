// Operations that compute: convolutions, norms, merges, activations.
import { list, strings, window } from './build.js';
import { channels, type Draft, type Known } from './draft.js';

export function conv(
  d: Draft,
  x: Known,
  out = 2 + d.below(6),
  size = d.pick([1, 3]),
  stride = d.chance(0.15) ? 2 : 1,
): Known {
  const kernel = d.g.floats([size, size, channels(x), out], undefined, -0.5, 0.5);
  const shape = [2, Math.ceil(x.shape[1] / stride), Math.ceil(x.shape[2] / stride), out];
  const kind = d.below(4);
  if (kind === 0) return d.add(d.g.node('Conv2D', [d.use(x), kernel], window(stride)), shape);
  if (kind === 1) {
    const y = d.add(d.g.node('Conv2D', [d.use(x), kernel], window(stride)), shape);
    return d.add(d.g.node('BiasAdd', [d.use(y), d.g.floats([out])]), shape);
  }
  const prelu = kind === 3 && d.chance(0.5);
  const input = [d.use(x), kernel, d.g.floats([out]), ...(prelu ? [d.g.floats([1, 1, out])] : [])];
  const attr = {
    ...window(stride),
    fused_ops: strings(['BiasAdd', prelu ? 'Prelu' : d.pick(['Relu', 'Relu6', 'Elu'])]),
    num_args: { i: String(prelu ? 2 : 1) },
  };
  return d.add(d.g.node('_FusedConv2D', input, attr), shape);
}

export function separable(d: Draft, x: Known): Known {
  const times = d.pick([1, 1, 2]);
  const kernel = d.g.floats([3, 3, channels(x), times]);
  const shape = [...x.shape.slice(0, 3), channels(x) * times];
  const fused = d.chance(0.5);
  const y = fused
    ? d.add(
        d.g.node('FusedDepthwiseConv2dNative', [d.use(x), kernel, d.g.floats([shape[3]])], {
          ...window(),
          fused_ops: strings(['BiasAdd', 'Relu6']),
          num_args: { i: '1' },
        }),
        shape,
      )
    : d.add(d.g.node('DepthwiseConv2dNative', [d.use(x), kernel], window()), shape);
  return d.chance(0.7) ? conv(d, y, undefined, 1) : y;
}

export function norm(d: Draft, x: Known): Known {
  const c = channels(x);
  const parts = [d.g.floats([c]), d.g.floats([c]), d.g.floats([c]), d.g.floats([c], undefined, 0.5, 1.5)];
  return d.add(d.g.node('FusedBatchNormV3', [d.use(x), ...parts], { epsilon: { f: d.pick([0.001, 0]) } }), x.shape);
}

const binary = (d: Draft) => d.pick(['Add', 'AddV2', 'Sub', 'Mul', 'Maximum', 'Minimum', 'SquaredDifference']);

export function constantStep(d: Draft, x: Known): Known {
  const name = d.pick([binary(d), 'RealDiv']);
  const shape = d.pick([[channels(x)], [1, 1, channels(x)], [], [1, 1, 1, 1], x.shape.slice(1)]);
  const low = name === 'RealDiv' ? 0.5 : -1;
  const other = shape.length === 0 ? d.g.scalar(0.5 + d.g.random()) : d.g.floats(shape, undefined, low, 1.5);
  const swapped = name !== 'RealDiv' && d.chance(0.3);
  return d.add(d.g.node(name, swapped ? [other, d.use(x)] : [d.use(x), other]), x.shape);
}

export function hardSwish(d: Draft, x: Known): Known {
  const shifted = d.add(d.g.node('AddV2', [d.use(x), d.g.scalar(3)]), x.shape);
  const clipped = d.op('Relu6', shifted);
  const product = d.add(d.g.node('Mul', [d.use(x), d.use(clipped)]), x.shape);
  return d.add(d.g.node('Mul', [d.use(product), d.g.scalar(1 / 6)]), x.shape);
}

export function squeezeExcite(d: Draft, x: Known): Known {
  const c = channels(x);
  const mean = d.add(d.g.node('Mean', [d.use(x), d.g.ints([1, 2])], { keep_dims: { b: true } }), [2, 1, 1, c]);
  const gate = d.op('Sigmoid', conv(d, conv(d, mean, 2, 1, 1), c, 1, 1));
  return d.add(d.g.node('Mul', [d.use(x), d.use(gate)]), x.shape);
}

export function merge(d: Draft, x: Known): Known {
  const others = d.tensors.filter((t) => t !== x && String(t.shape) === String(x.shape));
  const other = others.length > 0 ? d.pick(others) : d.op('Relu', x);
  if (d.chance(0.2)) return d.add(d.g.node('AddN', [d.use(x), d.use(other)]), x.shape);
  return d.add(d.g.node(binary(d), [d.use(x), d.use(other)]), x.shape);
}

export function shared(d: Draft, x: Known): Known {
  const c = channels(x);
  const kernel = d.g.floats([1, 1, c, c]);
  const first = d.add(d.g.node('Conv2D', [d.use(x), kernel], window()), x.shape);
  return d.add(d.g.node('Conv2D', [d.use(d.op('Relu', first)), kernel], window()), x.shape);
}

/** An operation that mixes channels, or that nothing is known of. */
export const opaque = (d: Draft, x: Known): Known =>
  d.chance(0.5)
    ? d.op('Softmax', x)
    : d.add(
        d.g.node('Cumsum', [d.use(x), d.g.ints([3], [])], { exclusive: { b: false }, reverse: { b: false } }),
        x.shape,
      );

export const plain = (d: Draft, x: Known) =>
  d.op(d.pick(['Relu', 'Relu6', 'Sigmoid', 'Tanh', 'Elu', 'Identity', 'LeakyRelu', 'Abs', 'Square', 'Softplus']), x);
export const pool = (d: Draft, x: Known) => {
  const attr = { ...window(1), ksize: list([1, 2, 2, 1]) };
  return d.op(d.pick(['MaxPool', 'AvgPool']), x, attr);
};
export const slope = (d: Draft, x: Known) =>
  d.add(d.g.node('Prelu', [d.use(x), d.g.floats(d.pick([[channels(x)], [1, 1, channels(x)], [1, 1, 1]]))]), x.shape);
