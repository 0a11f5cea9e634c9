/**
 * Short runs of symbols without a table: a binary range coder whose counts are learnt while it codes. A symbol is a path
 * down a tree of decisions; a node that saw the outcomes a and b before gives the first of them the chance
 * (a + α) / (a + b + 2α). α = ½ at every depth is the estimator of Krichevsky and Trofimov; where α grows with depth, the tree
 * is a Pólya tree, which expects neighbours to be about as frequent and has less to learn.
 */
import { type ByteReader, corrupt } from './bytes.js';
import {
  GROWTH,
  LARGEST,
  largestOf,
  numberOf,
  shapeOf,
  NODES,
  type Shape,
  smallestShape,
  SIGN,
  TREE,
  treeBits,
  walk,
  ZERO,
} from './adaptive-shape.js';
import { RangeDecoder, RangeEncoder } from './range-coder.js';

/** Longer runs have room for a table, and are read quicker with one. */
export const MOST_ADAPTIVE = 2 ** 14;
/** No stream may claim more symbols for each of its bytes: decoding takes time for each. */
const PER_BYTE = 64;

/** 2 · (count + α) of both outcomes of every node. */
function startCounts(shape: Shape): Int32Array {
  const counts = new Int32Array(2 * NODES).fill(1);
  for (let d = 0; d < treeBits(shape); d++) {
    counts.fill(GROWTH[shape.growth](d), 2 * (TREE + 2 ** d), 2 * (TREE + 2 ** (d + 1)));
  }
  return counts;
}

const boundOf = (counts: Int32Array, node: number, range: number) =>
  Math.floor(range / (counts[2 * node] + counts[2 * node + 1])) * counts[2 * node];

/** A run in the shape that suits its histogram, and that shape's number; undefined where it is too long, or too long for its bytes. */
export function encodeAdaptive(
  symbols: Uint8Array,
  histogram: Float64Array,
): { shape: number; bytes: Uint8Array } | undefined {
  if (symbols.length > MOST_ADAPTIVE) return undefined;
  const { shape } = smallestShape(histogram);
  const counts = startCounts(shape);
  const coder = new RangeEncoder();
  const decide = (node: number, isFirst: boolean) => {
    coder.encode(isFirst, boundOf(counts, node, coder.range));
    counts[2 * node + (isFirst ? 0 : 1)] += 2;
  };
  for (let i = 0; i < symbols.length; i++) walk(symbols[i], shape, decide);
  const bytes = coder.finishShort();
  return symbols.length <= PER_BYTE * bytes.length ? { shape: numberOf(shape), bytes } : undefined;
}

/** The inverse, for `count` symbols. */
export function decodeAdaptive(reader: ByteReader, number: number, count: number): Uint8Array {
  const { where } = reader;
  const shape = shapeOf(number);
  if (shape.isSigned && shape.bits < 2) corrupt(where, 'a sign and more', 'one bit');
  const most = Math.min(MOST_ADAPTIVE, PER_BYTE * reader.left);
  if (count > most) corrupt(where, `at most ${most} symbols in ${reader.left} bytes`, count);
  const { bits, isSigned, hasZero } = shape;
  const counts = startCounts(shape);
  const coder = new RangeDecoder(reader);
  const decide = (node: number) => {
    const isFirst = coder.decode(boundOf(counts, node, coder.range));
    counts[2 * node + (isFirst ? 0 : 1)] += 2;
    return isFirst;
  };
  const depth = treeBits(shape);
  const leaf = () => {
    let node = 1;
    for (let d = 0; d < depth; d++) node = 2 * node + (decide(TREE + node) ? 0 : 1);
    return node - 2 ** depth;
  };
  const signed = () => {
    const isNegative = decide(SIGN);
    const magnitude = decide(LARGEST) ? largestOf(bits) : leaf() + 1;
    return (isNegative ? -magnitude : magnitude) & (2 ** bits - 1);
  };
  const out = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    if (hasZero && decide(ZERO)) continue;
    const symbol = isSigned ? signed() : leaf() + Number(hasZero);
    if (symbol > 255) corrupt(where, 'symbols below 256', symbol);
    out[i] = symbol;
  }
  coder.finish('symbols');
  return out;
}
