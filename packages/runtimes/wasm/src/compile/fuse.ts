import { LINEAR } from '../kernels/activation.js';
import {
  type Affine,
  type Convolution,
  type Depthwise,
  finishes,
  isLinear,
  join,
  type Operation,
  outputsOf,
  type Pad,
  replaceUses,
  usesOf,
} from './operation.js';
import type { Use } from './trace.js';

/**
 * Fewer operations with the same result: batch norms go into the weights before them, activations and skip connections to the end
 * of the sum that they follow, zeros around an image into the convolution that reads it. `results` are the values that must stay.
 */
export function fuse(operations: readonly Operation[], results: readonly number[]): Operation[] {
  let ops = [...operations];
  for (const pass of [dropIdentities, foldPads, fuseSwish, fuseChains, fuseResiduals]) ops = pass(ops, results);
  return ops;
}

type Pass = (ops: Operation[], results: readonly number[]) => Operation[];

/** How often each value is read; what the model gives out counts too. */
function countUses(ops: readonly Operation[], results: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  const count = (value: number) => counts.set(value, (counts.get(value) ?? 0) + 1);
  for (const op of ops) for (const { value } of usesOf(op)) count(value);
  results.forEach(count);
  return counts;
}

const producers = (ops: readonly Operation[]) =>
  new Map(ops.flatMap((op) => outputsOf(op).map((value): [number, Operation] => [value, op])));

const sameSize = (a: Use, b: Use) => a.shape.at(-1) === b.shape.at(-1);

/** x · 1 + 0 is x: what reads it reads x instead. */
const dropIdentities: Pass = (ops, results) => {
  const same = new Map<number, number>();
  const kept = ops.filter((op) => {
    const identity = op.kind === 'affine' && isPlain(op) && !op.after.curve && !results.includes(op.output);
    if (identity) same.set(op.output, same.get(op.x.value) ?? op.x.value);
    return !identity;
  });
  return same.size === 0
    ? ops
    : kept.map((op) => replaceUses(op, (use) => ({ ...use, value: same.get(use.value) ?? use.value })));
};

const isWindow = (op: Operation): op is Convolution | Depthwise => op.kind === 'convolution' || op.kind === 'depthwise';

/** Zeros around an image become the padding of the convolutions that read it, if nothing else does and none of them reshapes it. */
const foldPads: Pass = (ops, results) => {
  const folded = new Map<number, Pad>();
  const kept = ops.filter((op) => {
    if (op.kind !== 'pad' || op.channels !== op.x.shape[3] || results.includes(op.output)) return true;
    const shape = String([op.x.shape[0], op.height, op.width, op.channels]);
    const fold = ops.every((other) => {
      const uses = usesOf(other).filter(({ value }) => value === op.output);
      return uses.length === 0 || (isWindow(other) && uses.length === 1 && String(other.x.shape) === shape);
    });
    if (fold) folded.set(op.output, op);
    return !fold;
  });
  return kept.map((op) => {
    const pad = isWindow(op) && folded.get(op.x.value);
    if (!pad) return op;
    const [, inHeight, inWidth] = pad.x.shape;
    const { geometry } = op;
    const padded = { ...geometry, inHeight, inWidth, top: geometry.top + pad.top, left: geometry.left + pad.left };
    return { ...op, x: pad.x, geometry: padded };
  });
};

/** x · sigmoid(x) */
const fuseSwish: Pass = (ops, results) => {
  const counts = countUses(ops, results);
  const makers = producers(ops);
  const gone = new Set<Operation>();
  const fused = ops.map((op): Operation => {
    if (op.kind !== 'combine' || op.of !== 'mul') return op;
    for (const [x, gate] of [
      [op.a, op.b],
      [op.b, op.a],
    ]) {
      const maker = makers.get(gate.value);
      if (maker?.kind !== 'affine' || maker.after.curve !== 'sigmoid' || maker.x.value !== x.value) continue;
      if (counts.get(gate.value) !== 1 || !isPlain(maker)) continue;
      gone.add(maker);
      return { ...maker, x, output: op.output, name: op.name, after: { ...LINEAR, curve: 'swish' } };
    }
    return op;
  });
  return fused.filter((op) => !gone.has(op));
};

/** Scale 1, shift 0 and no clamp: at most a curve. */
const isPlain = ({ scale, shift, after }: Affine) =>
  scale.every((v) => v === 1) && shift.every((v) => v === 0) && after.low === -Infinity && after.high === Infinity;

/** Affine functions and activations become a part of what they follow, if nobody else reads that. */
const fuseChains: Pass = (ops, results) => {
  const counts = countUses(ops, results);
  const out: Operation[] = [];
  const places = new Map<number, number>();
  for (const op of ops) {
    const before = op.kind === 'affine' && counts.get(op.x.value) === 1 ? places.get(op.x.value) : undefined;
    const joined = before === undefined ? undefined : follow(out[before], op as Affine);
    if (joined) {
      out[before!] = joined;
      places.set((op as Affine).output, before!);
      continue;
    }
    for (const value of outputsOf(op)) places.set(value, out.length);
    out.push(op);
  }
  return out;
};

function follow(first: Operation, next: Affine): Operation | undefined {
  if (!finishes(first)) return undefined;
  const channels = first.kind === 'combine' ? first.a.shape.at(-1) : channelsOf(first);
  if (next.x.shape.at(-1) !== channels) return undefined;
  const plain = next.scale.every((v) => v === 1) && next.shift.every((v) => v === 0);
  if (plain) {
    const after = join(first.after, next.after);
    return after && { ...first, after, output: next.output };
  }
  if (first.kind === 'combine' || !isLinear(first.after)) return undefined;
  const { after, output } = next;
  if (first.kind === 'affine') {
    const scale = first.scale.map((s, c) => s * next.scale[c]);
    const shift = first.shift.map((s, c) => s * next.scale[c] + next.shift[c]);
    return { ...first, scale, shift, after, output };
  }
  const weights = first.weights.map((w, i) => w * next.scale[i % channels!]);
  const bias = first.bias.map((b, c) => b * next.scale[c] + next.shift[c]);
  return { ...first, weights, bias, after, output };
}

const channelsOf = (op: Convolution | Depthwise | Affine) =>
  op.kind === 'affine' ? op.scale.length : op.geometry.outChannels;

/** a + conv(x): the convolution moves to where the sum is taken, and takes it. */
const fuseResiduals: Pass = (ops, results) => {
  const counts = countUses(ops, results);
  const makers = producers(ops);
  const moved = new Set<Operation>();
  const fused = ops.map((op): Operation => {
    if (op.kind !== 'combine' || op.of !== 'add' || op.a.value === op.b.value) return op;
    const candidates = [
      { conv: makers.get(op.b.value), residual: op.a },
      { conv: makers.get(op.a.value), residual: op.b },
    ];
    for (const { conv, residual } of candidates) {
      if (conv?.kind !== 'convolution' || moved.has(conv) || conv.residual || !isLinear(conv.after)) continue;
      if (counts.get(conv.output) !== 1 || !sameSize(op.a, { value: 0, shape: [conv.geometry.outChannels] })) continue;
      moved.add(conv);
      return { ...conv, residual, after: op.after, output: op.output };
    }
    return op;
  });
  return fused.filter((op) => !moved.has(op));
};
