import { lastUsed } from './frequencies.js';

/** How symbols become decisions. */
export interface Shape {
  /** Bits of a symbol, of what is above 0 where `hasZero`. */
  readonly bits: number;
  /** Two's complement of that many bits: the sign, whether it is the largest magnitude, the magnitude. */
  readonly isSigned: boolean;
  /** Whether 0 has a decision of its own, before all others. */
  readonly hasZero: boolean;
  /** How α grows with depth; an index of GROWTH. */
  readonly growth: number;
}

/** 2α at each depth of the tree. */
export const GROWTH = [() => 1, (d: number) => d + 1, (d: number) => 2 ** d, (d: number) => 2 ** (d + 1)];

/** The number of a shape in the file, below 128. */
export const numberOf = ({ bits, isSigned, hasZero, growth }: Shape) =>
  (bits - 1) | (Number(isSigned) << 3) | (Number(hasZero) << 4) | (growth << 5);

export const shapeOf = (number: number): Shape => ({
  bits: (number & 7) + 1,
  isSigned: (number & 8) !== 0,
  hasZero: (number & 16) !== 0,
  growth: (number >> 5) & 3,
});

/** Nodes: the three flags in front, then the tree, whose root is TREE + 1. */
export const [ZERO, SIGN, LARGEST, TREE] = [0, 1, 2, 2];
export const NODES = TREE + 256;

export const treeBits = ({ bits, isSigned }: Shape) => (isSigned ? bits - 1 : bits);
/** The largest step of a scale: the magnitude that each channel has. */
export const largestOf = (bits: number) => 2 ** (bits - 1) - 1;

/** The decisions of one symbol, in order: the node, and whether the outcome is its first one. */
export function walk(symbol: number, shape: Shape, decide: (node: number, isFirst: boolean) => void): void {
  const { bits, isSigned, hasZero } = shape;
  if (hasZero) decide(ZERO, symbol === 0);
  if (hasZero && symbol === 0) return;
  let rest = hasZero ? symbol - 1 : symbol;
  if (isSigned) {
    const value = (symbol << (32 - bits)) >> (32 - bits);
    const magnitude = Math.abs(value);
    decide(SIGN, value < 0);
    decide(LARGEST, magnitude === largestOf(bits));
    if (magnitude === largestOf(bits)) return;
    rest = magnitude - 1;
  }
  for (let d = treeBits(shape) - 1, node = 1; d >= 0; d--) {
    const bit = (rest >> d) & 1;
    decide(TREE + node, bit === 0);
    node = 2 * node + bit;
  }
}

/** Every shape that can hold the symbols of a histogram; α does not grow in them. */
function shapesFor(histogram: Float64Array): Shape[] {
  const last = lastUsed(histogram);
  const bitsOf = (most: number) => Math.max(1, 32 - Math.clz32(most));
  const hasZero = histogram[0] > 0;
  const shapes: Shape[] = [{ bits: bitsOf(last), isSigned: false, hasZero: false, growth: 0 }];
  if (hasZero) shapes.push({ bits: bitsOf(last - 1), isSigned: false, hasZero, growth: 0 });
  // A sign needs the top bit, and zero has none.
  if (last > 1) shapes.push({ bits: bitsOf(last), isSigned: true, hasZero, growth: 0 });
  return shapes;
}

/** The shape in which the symbols of a histogram are smallest, and the bits that they take. */
export function smallestShape(histogram: Float64Array): { shape: Shape; bits: number } {
  let best: { shape: Shape; bits: number } | undefined;
  for (const plain of shapesFor(histogram)) {
    const totals = totalsOf(histogram, plain);
    for (let growth = 0; growth < GROWTH.length; growth++) {
      const bits = costOfTotals(totals, growth);
      if (!best || bits < best.bits) best = { shape: { ...plain, growth }, bits };
    }
  }
  return best!;
}

/**
 * Bits that the symbols of a histogram take in a shape. In what order they come does not matter to what counts learn: a node
 * with n₀ and n₁ outcomes takes −log₂ of Π(α + i) Π(α + j) / Π(2α + k) for i < n₀, j < n₁, k < n₀ + n₁.
 */
export const costOf = (histogram: Float64Array, shape: Shape) => costOfTotals(totalsOf(histogram, shape), shape.growth);

/** The outcomes of every node. */
function totalsOf(histogram: Float64Array, shape: Shape): Float64Array {
  const totals = new Float64Array(2 * NODES);
  for (let symbol = 0; symbol < 256; symbol++) {
    const n = histogram[symbol];
    if (n > 0) walk(symbol, shape, (node, isFirst) => (totals[2 * node + (isFirst ? 0 : 1)] += n));
  }
  return totals;
}

function costOfTotals(totals: Float64Array, growth: number): number {
  let bits = 0;
  for (let node = 0; node < NODES; node++) {
    const [a, b] = [totals[2 * node], totals[2 * node + 1]];
    if (a + b === 0) continue;
    const start = node > TREE ? GROWTH[growth](31 - Math.clz32(node - TREE)) : 1;
    bits += logRising(2 * start, a + b) - logRising(start, a) - logRising(start, b);
  }
  return bits;
}

/** log₂ of 1, 3, 5, … and of 2, 4, 6, … multiplied up; as many as were asked for. */
const ODD = [0];
const EVEN = [0];

/** log₂ of from · (from + 2) · (from + 4) · …, `count` factors. */
function logRising(from: number, count: number): number {
  const sums = from % 2 === 1 ? ODD : EVEN;
  const first = (from - (from % 2 === 1 ? 1 : 2)) / 2;
  for (let i = sums.length; i <= first + count; i++) {
    sums.push(sums[i - 1] + Math.log2(2 * i - (from % 2 === 1 ? 1 : 0)));
  }
  return sums[first + count] - sums[first];
}
