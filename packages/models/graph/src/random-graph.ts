import type { io } from '@tensorflow/tfjs-core';
import { b64, GraphBuilder, list, strings, window } from './testing.js';

interface Known {
  readonly name: string;
  readonly shape: readonly number[];
}

/**
 * A random network that runs, from the operations that converters write: branches, merges, splits, channels that are
 * padded, cut, permuted and repeated, shared weights, one or several outputs.
 */
export function randomGraph(seed: number, steps = 9): { artifacts: io.ModelArtifacts; ops: string[] } {
  const g = new GraphBuilder(seed);
  const below = (n: number) => Math.floor(g.random() * n);
  const pick = <T>(items: readonly T[]): T => items[below(items.length)];
  const chance = (p: number) => g.random() < p;
  const tensors: Known[] = [{ name: g.input([-1, 6, 6, 3]), shape: [2, 6, 6, 3] }];
  const read = new Set<string>();

  const add = (name: string, shape: readonly number[]): Known => {
    const known = { name, shape };
    tensors.push(known);
    return known;
  };
  const use = (t: Known) => (read.add(t.name), t.name);
  const op = (name: string, input: Known, attr = {}) => add(g.node(name, [use(input)], attr), input.shape);
  const channels = (t: Known) => t.shape[t.shape.length - 1];

  function conv(x: Known, out = 2 + below(6), size = pick([1, 3]), stride = chance(0.15) ? 2 : 1): Known {
    const kernel = g.floats([size, size, channels(x), out], undefined, -0.5, 0.5);
    const shape = [2, Math.ceil(x.shape[1] / stride), Math.ceil(x.shape[2] / stride), out];
    const kind = below(4);
    if (kind === 0) return add(g.node('Conv2D', [use(x), kernel], window(stride)), shape);
    if (kind === 1) {
      const y = add(g.node('Conv2D', [use(x), kernel], window(stride)), shape);
      return add(g.node('BiasAdd', [use(y), g.floats([out])]), shape);
    }
    const prelu = kind === 3 && chance(0.5);
    const input = [use(x), kernel, g.floats([out]), ...(prelu ? [g.floats([1, 1, out])] : [])];
    const attr = {
      ...window(stride),
      fused_ops: strings(['BiasAdd', prelu ? 'Prelu' : pick(['Relu', 'Relu6', 'Elu'])]),
      num_args: { i: String(prelu ? 2 : 1) },
    };
    return add(g.node('_FusedConv2D', input, attr), shape);
  }

  function separable(x: Known): Known {
    const times = pick([1, 1, 2]);
    const kernel = g.floats([3, 3, channels(x), times]);
    const shape = [...x.shape.slice(0, 3), channels(x) * times];
    const fused = chance(0.5);
    const y = fused
      ? add(
          g.node('FusedDepthwiseConv2dNative', [use(x), kernel, g.floats([shape[3]])], {
            ...window(),
            fused_ops: strings(['BiasAdd', 'Relu6']),
            num_args: { i: '1' },
          }),
          shape,
        )
      : add(g.node('DepthwiseConv2dNative', [use(x), kernel], window()), shape);
    return chance(0.7) ? conv(y, undefined, 1) : y;
  }

  function norm(x: Known): Known {
    const c = channels(x);
    const parts = [g.floats([c]), g.floats([c]), g.floats([c]), g.floats([c], undefined, 0.5, 1.5)];
    return add(g.node('FusedBatchNormV3', [use(x), ...parts], { epsilon: { f: pick([0.001, 0]) } }), x.shape);
  }

  const binary = () => pick(['Add', 'AddV2', 'Sub', 'Mul', 'Maximum', 'Minimum', 'SquaredDifference']);

  function constantStep(x: Known): Known {
    const name = pick([binary(), 'RealDiv']);
    const shape = pick([[channels(x)], [1, 1, channels(x)], [], [1, 1, 1, 1], x.shape.slice(1)]);
    const low = name === 'RealDiv' ? 0.5 : -1;
    const other = shape.length === 0 ? g.scalar(0.5 + g.random()) : g.floats(shape, undefined, low, 1.5);
    const swapped = name !== 'RealDiv' && chance(0.3);
    return add(g.node(name, swapped ? [other, use(x)] : [use(x), other]), x.shape);
  }

  function hardSwish(x: Known): Known {
    const shifted = add(g.node('AddV2', [use(x), g.scalar(3)]), x.shape);
    const clipped = op('Relu6', shifted);
    const product = add(g.node('Mul', [use(x), use(clipped)]), x.shape);
    return add(g.node('Mul', [use(product), g.scalar(1 / 6)]), x.shape);
  }

  function squeezeExcite(x: Known): Known {
    const c = channels(x);
    const mean = add(g.node('Mean', [use(x), g.ints([1, 2])], { keep_dims: { b: true } }), [2, 1, 1, c]);
    const gate = op('Sigmoid', conv(conv(mean, 2, 1, 1), c, 1, 1));
    return add(g.node('Mul', [use(x), use(gate)]), x.shape);
  }

  function merge(x: Known): Known {
    const others = tensors.filter((t) => t !== x && String(t.shape) === String(x.shape));
    const other = others.length > 0 ? pick(others) : op('Relu', x);
    if (chance(0.2)) return add(g.node('AddN', [use(x), use(other)]), x.shape);
    return add(g.node(binary(), [use(x), use(other)]), x.shape);
  }

  function concat(x: Known): Known {
    const like = ({ shape }: Known) => shape.length === 4 && String(shape.slice(0, 3)) === String(x.shape.slice(0, 3));
    const others = tensors.filter(like);
    const parts = [x, pick(others), ...(chance(0.4) ? [pick(others)] : [])];
    const total = parts.reduce((sum, part) => sum + channels(part), 0);
    const axis = g.ints([pick([3, -1])], []);
    return add(g.node('ConcatV2', [...parts.map(use), axis], { N: { i: String(parts.length) } }), [
      ...x.shape.slice(0, 3),
      total,
    ]);
  }

  function split(x: Known): Known {
    const c = channels(x);
    const shape = (size: number) => [...x.shape.slice(0, 3), size];
    if (c % 2 === 0 && chance(0.5)) {
      const node = g.node('Split', [g.ints([3], []), use(x)], { num_split: { i: '2' } });
      add(`${node}:1`, shape(c / 2));
      return add(node, shape(c / 2));
    }
    if (c < 2) return x;
    const first = 1 + below(c - 1);
    const node = g.node('SplitV', [use(x), g.ints([first, c - first]), g.ints([3], [])], { num_split: { i: '2' } });
    add(`${node}:1`, shape(c - first));
    return add(node, shape(first));
  }

  function slice(x: Known): Known {
    const c = channels(x);
    const from = below(Math.max(1, c - 1));
    const size = 1 + below(c - from);
    const [n, h, w] = x.shape;
    if (chance(0.5)) {
      const long = from + size === c && chance(0.5) ? -1 : size;
      return add(g.node('Slice', [use(x), g.ints([0, 0, 0, from]), g.ints([-1, h, w, long])]), [n, h, w, size]);
    }
    const whole = chance(0.4);
    const [begin, end] = whole ? [0, c] : [from, from + size];
    const bounds = [g.ints([0, 1, 0, begin]), g.ints([0, h, 0, end]), g.ints([1, 1, 1, 1])];
    const masks = { begin_mask: { i: '5' }, end_mask: { i: '5' } };
    return add(g.node('StridedSlice', [use(x), ...bounds], masks), [n, h - 1, w, end - begin]);
  }

  function pad(x: Known): Known {
    const [front, back] = chance(0.5) ? [0, below(3)] : [below(2), 0];
    const edge = chance(0.4) ? 1 : 0;
    const around = g.ints([0, 0, edge, edge, 0, 0, front, back], [4, 2]);
    const [n, h, w, c] = x.shape;
    const shape = [n, h + 2 * edge, w, c + front + back];
    if (front + back === 0 && chance(0.3)) {
      return add(g.node('MirrorPad', [use(x), around], { mode: b64('REFLECT') }), shape);
    }
    return chance(0.5)
      ? add(g.node('Pad', [use(x), around]), shape)
      : add(g.node('PadV2', [use(x), around, g.scalar(0.5)]), shape);
  }

  function there(x: Known): Known {
    const [n, h, w, c] = x.shape;
    const first = add(g.node('Transpose', [use(x), g.ints([0, 3, 1, 2])]), [n, c, h, w]);
    const middle = chance(0.5) ? op('Tanh', first) : first;
    return add(g.node('Transpose', [use(middle), g.ints([0, 2, 3, 1])]), x.shape);
  }

  function reshaped(x: Known): Known {
    const [n, h, w, c] = x.shape;
    const flat = add(g.node('Reshape', [use(x), g.ints([-1, h * w, c])]), [n, h * w, c]);
    const middle = chance(0.5) ? op('Elu', flat) : flat;
    if (chance(0.5)) return add(g.node('Reshape', [use(middle), g.ints([-1, h, w, c])]), x.shape);
    const all = g.node('Shape', [use(x)]);
    const cut = { shrink_axis_mask: { i: '1' } };
    const size = g.node('StridedSlice', [all, g.ints([0]), g.ints([1]), g.ints([1])], cut);
    const parts = [size, g.ints([h], []), g.ints([w], []), g.ints([c], [])];
    const shape = g.node('Pack', parts, { axis: { i: '0' }, N: { i: '4' } });
    return add(g.node('Reshape', [use(middle), shape]), x.shape);
  }

  function upwards(x: Known): Known {
    const [n, h, w, c] = x.shape;
    if (h > 8) return x;
    if (chance(0.5)) {
      return add(g.node(pick(['ResizeBilinear', 'ResizeNearestNeighbor']), [use(x), g.ints([h + 1, w])]), [
        n,
        h + 1,
        w,
        c,
      ]);
    }
    const out = 2 + below(4);
    const kernel = g.floats([2, 2, out, c]);
    const all = g.node('Shape', [use(x)]);
    const cut = { shrink_axis_mask: { i: '1' } };
    const size = g.node('StridedSlice', [all, g.ints([0]), g.ints([1]), g.ints([1])], cut);
    const parts = [size, g.ints([h], []), g.ints([w], []), g.ints([out], [])];
    const shape = chance(0.5) ? g.node('Pack', parts, { axis: { i: '0' } }) : g.ints([2, h, w, out]);
    return add(g.node('Conv2DBackpropInput', [shape, kernel, use(x)], window()), [n, h, w, out]);
  }

  function rearranged(x: Known): Known {
    const [n, h, w, c] = x.shape;
    const kind = below(4);
    if (kind === 0) {
      const order = Array.from({ length: c }, (_, i) => (i * 5 + 1) % c);
      return add(g.node('GatherV2', [use(x), g.ints(order), g.ints([3], [])]), [n, h, w, order.length]);
    }
    if (kind === 1) return add(g.node('Tile', [use(x), g.ints([1, 1, 1, 2])]), [n, h, w, 2 * c]);
    if (kind === 2) {
      const stacked = add(g.node('Pack', [use(x), use(op('Neg', x))], { axis: { i: '1' } }), [n, 2, h, w, c]);
      const parts = g.node('Unpack', [use(stacked)], { axis: { i: '1' }, num: { i: '2' } });
      return add(`${parts}:1`, x.shape);
    }
    const longer = add(g.node('ExpandDims', [use(x), g.ints([-1], [])]), [...x.shape, 1]);
    return add(g.node('Squeeze', [use(longer)], { squeeze_dims: list([4]) }), x.shape);
  }

  function shared(x: Known): Known {
    const c = channels(x);
    const kernel = g.floats([1, 1, c, c]);
    const first = add(g.node('Conv2D', [use(x), kernel], window()), x.shape);
    return add(g.node('Conv2D', [use(op('Relu', first)), kernel], window()), x.shape);
  }

  /** An operation that mixes channels, or that nothing is known of. */
  const opaque = (x: Known): Known =>
    chance(0.5)
      ? op('Softmax', x)
      : add(g.node('Cumsum', [use(x), g.ints([3], [])], { exclusive: { b: false }, reverse: { b: false } }), x.shape);

  const plain = (x: Known) =>
    op(pick(['Relu', 'Relu6', 'Sigmoid', 'Tanh', 'Elu', 'Identity', 'LeakyRelu', 'Abs', 'Square', 'Softplus']), x);
  const pool = (x: Known) => {
    const attr = { ...window(1), ksize: list([1, 2, 2, 1]) };
    return op(pick(['MaxPool', 'AvgPool']), x, attr);
  };
  const slope = (x: Known) =>
    add(g.node('Prelu', [use(x), g.floats(pick([[channels(x)], [1, 1, channels(x)], [1, 1, 1]]))]), x.shape);

  const KINDS: ((x: Known) => Known)[] = [
    ...[conv, conv, conv, conv, separable, separable, norm, plain, plain, constantStep, constantStep, hardSwish],
    ...[squeezeExcite, merge, merge, merge, concat, concat, split, slice, pad, pool, there, reshaped, upwards],
    ...[rearranged, shared, slope],
  ];
  // Everything starts with channels that may go.
  let x = conv(tensors[0], 4 + below(5));
  for (let i = 0; i < steps; i++) {
    const images = tensors.filter(({ shape }) => shape.length === 4 && shape[0] === 2 && shape[1] > 2 && shape[2] > 2);
    const from = chance(0.6) && images.includes(x) ? x : pick(images);
    x = chance(0.04) ? opaque(from) : pick(KINDS)(from);
  }
  return { artifacts: g.artifacts(close()), ops: g.nodes.map((node) => node.op) };

  /** A head on the last tensor, and one on each that nothing reads. */
  function close(): string[] {
    const ends = tensors.filter(({ name, shape }) => !read.has(name) && shape.length === 4 && shape[0] === 2);
    return ends.map((end) => {
      const [n, h, w, c] = end.shape;
      const kind = below(3);
      const flat =
        kind === 0
          ? add(g.node('Mean', [use(end), g.ints([1, 2])], {}), [n, c])
          : add(g.node('Reshape', [use(end), g.ints([-1, h * w * c])]), [n, h * w * c]);
      const hidden = g.floats([flat.shape[1], 5]);
      const first = add(
        g.node('_FusedMatMul', [use(flat), hidden, g.floats([5])], {
          fused_ops: strings(['BiasAdd', 'Relu']),
          num_args: { i: '1' },
        }),
        [n, 5],
      );
      const out = add(g.node('MatMul', [use(first), g.floats([3, 5])], { transpose_b: { b: true } }), [n, 3]);
      return g.node('Identity', [use(out)]);
    });
  }
}
