// Operations that move values about: channels are joined, split, cut, padded, permuted and repeated.
import { b64, list, window } from './build.js';
import { channels, type Draft, type Known } from './draft.js';

export function concat(d: Draft, x: Known): Known {
  const like = ({ shape }: Known) => shape.length === 4 && String(shape.slice(0, 3)) === String(x.shape.slice(0, 3));
  const others = d.tensors.filter(like);
  const parts = [x, d.pick(others), ...(d.chance(0.4) ? [d.pick(others)] : [])];
  const total = parts.reduce((sum, part) => sum + channels(part), 0);
  const axis = d.g.ints([d.pick([3, -1])], []);
  return d.add(d.g.node('ConcatV2', [...parts.map(d.use), axis], { N: { i: String(parts.length) } }), [
    ...x.shape.slice(0, 3),
    total,
  ]);
}

export function split(d: Draft, x: Known): Known {
  const c = channels(x);
  const shape = (size: number) => [...x.shape.slice(0, 3), size];
  if (c % 2 === 0 && d.chance(0.5)) {
    const node = d.g.node('Split', [d.g.ints([3], []), d.use(x)], { num_split: { i: '2' } });
    d.add(`${node}:1`, shape(c / 2));
    return d.add(node, shape(c / 2));
  }
  if (c < 2) return x;
  const first = 1 + d.below(c - 1);
  const node = d.g.node('SplitV', [d.use(x), d.g.ints([first, c - first]), d.g.ints([3], [])], {
    num_split: { i: '2' },
  });
  d.add(`${node}:1`, shape(c - first));
  return d.add(node, shape(first));
}

export function slice(d: Draft, x: Known): Known {
  const c = channels(x);
  const from = d.below(Math.max(1, c - 1));
  const size = 1 + d.below(c - from);
  const [n, h, w] = x.shape;
  if (d.chance(0.5)) {
    const long = from + size === c && d.chance(0.5) ? -1 : size;
    return d.add(d.g.node('Slice', [d.use(x), d.g.ints([0, 0, 0, from]), d.g.ints([-1, h, w, long])]), [n, h, w, size]);
  }
  const whole = d.chance(0.4);
  const [begin, end] = whole ? [0, c] : [from, from + size];
  const bounds = [d.g.ints([0, 1, 0, begin]), d.g.ints([0, h, 0, end]), d.g.ints([1, 1, 1, 1])];
  const masks = { begin_mask: { i: '5' }, end_mask: { i: '5' } };
  return d.add(d.g.node('StridedSlice', [d.use(x), ...bounds], masks), [n, h - 1, w, end - begin]);
}

export function pad(d: Draft, x: Known): Known {
  const [front, back] = d.chance(0.5) ? [0, d.below(3)] : [d.below(2), 0];
  const edge = d.chance(0.4) ? 1 : 0;
  const around = d.g.ints([0, 0, edge, edge, 0, 0, front, back], [4, 2]);
  const [n, h, w, c] = x.shape;
  const shape = [n, h + 2 * edge, w, c + front + back];
  if (front + back === 0 && d.chance(0.3)) {
    return d.add(d.g.node('MirrorPad', [d.use(x), around], { mode: b64('REFLECT') }), shape);
  }
  return d.chance(0.5)
    ? d.add(d.g.node('Pad', [d.use(x), around]), shape)
    : d.add(d.g.node('PadV2', [d.use(x), around, d.g.scalar(0.5)]), shape);
}

export function there(d: Draft, x: Known): Known {
  const [n, h, w, c] = x.shape;
  const first = d.add(d.g.node('Transpose', [d.use(x), d.g.ints([0, 3, 1, 2])]), [n, c, h, w]);
  const middle = d.chance(0.5) ? d.op('Tanh', first) : first;
  return d.add(d.g.node('Transpose', [d.use(middle), d.g.ints([0, 2, 3, 1])]), x.shape);
}

export function reshaped(d: Draft, x: Known): Known {
  const [n, h, w, c] = x.shape;
  const flat = d.add(d.g.node('Reshape', [d.use(x), d.g.ints([-1, h * w, c])]), [n, h * w, c]);
  const middle = d.chance(0.5) ? d.op('Elu', flat) : flat;
  if (d.chance(0.5)) return d.add(d.g.node('Reshape', [d.use(middle), d.g.ints([-1, h, w, c])]), x.shape);
  const all = d.g.node('Shape', [d.use(x)]);
  const cut = { shrink_axis_mask: { i: '1' } };
  const size = d.g.node('StridedSlice', [all, d.g.ints([0]), d.g.ints([1]), d.g.ints([1])], cut);
  const parts = [size, d.g.ints([h], []), d.g.ints([w], []), d.g.ints([c], [])];
  const shape = d.g.node('Pack', parts, { axis: { i: '0' }, N: { i: '4' } });
  return d.add(d.g.node('Reshape', [d.use(middle), shape]), x.shape);
}

export function upwards(d: Draft, x: Known): Known {
  const [n, h, w, c] = x.shape;
  if (h > 8) return x;
  if (d.chance(0.5)) {
    return d.add(d.g.node(d.pick(['ResizeBilinear', 'ResizeNearestNeighbor']), [d.use(x), d.g.ints([h + 1, w])]), [
      n,
      h + 1,
      w,
      c,
    ]);
  }
  const out = 2 + d.below(4);
  const kernel = d.g.floats([2, 2, out, c]);
  const all = d.g.node('Shape', [d.use(x)]);
  const cut = { shrink_axis_mask: { i: '1' } };
  const size = d.g.node('StridedSlice', [all, d.g.ints([0]), d.g.ints([1]), d.g.ints([1])], cut);
  const parts = [size, d.g.ints([h], []), d.g.ints([w], []), d.g.ints([out], [])];
  const shape = d.chance(0.5) ? d.g.node('Pack', parts, { axis: { i: '0' } }) : d.g.ints([2, h, w, out]);
  return d.add(d.g.node('Conv2DBackpropInput', [shape, kernel, d.use(x)], window()), [n, h, w, out]);
}

export function rearranged(d: Draft, x: Known): Known {
  const [n, h, w, c] = x.shape;
  const kind = d.below(4);
  if (kind === 0) {
    const order = Array.from({ length: c }, (_, i) => (i * 5 + 1) % c);
    return d.add(d.g.node('GatherV2', [d.use(x), d.g.ints(order), d.g.ints([3], [])]), [n, h, w, order.length]);
  }
  if (kind === 1) return d.add(d.g.node('Tile', [d.use(x), d.g.ints([1, 1, 1, 2])]), [n, h, w, 2 * c]);
  if (kind === 2) {
    const stacked = d.add(d.g.node('Pack', [d.use(x), d.use(d.op('Neg', x))], { axis: { i: '1' } }), [n, 2, h, w, c]);
    const parts = d.g.node('Unpack', [d.use(stacked)], { axis: { i: '1' }, num: { i: '2' } });
    return d.add(`${parts}:1`, x.shape);
  }
  const longer = d.add(d.g.node('ExpandDims', [d.use(x), d.g.ints([-1], [])]), [...x.shape, 1]);
  return d.add(d.g.node('Squeeze', [d.use(longer)], { squeeze_dims: list([4]) }), x.shape);
}
