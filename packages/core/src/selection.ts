import { countKept, isKept, makeBits } from './bits.js';
import type { Bits } from './contracts.js';
import { checkCount } from './counting.js';
import { InputError } from './errors.js';
import { bitsOf, countEqual, countLow, floatOf, highHistogram, locate, maskAbove } from './radix.js';

/** Scores that are selected together, read when needed. */
export interface Slice {
  readonly id: string;
  readonly size: number;
  /** Asked several times; must give the same values. The array is only read. */
  read(): Promise<Float32Array>;
  /** What is pruned already stays pruned and counts. */
  readonly previous?: Bits;
}

export interface Cut {
  /** The largest score pruned by this selection; null where it pruned nothing. */
  readonly threshold: number | null;
  mask(id: string): Promise<Bits>;
}

/**
 * Prunes exactly `count` of the slices' entries, the lowest scores first; among equal scores the lower index is kept, and
 * the earlier slice before the later one. Entries pruned by `previous` are part of the count, and stay pruned even where
 * they alone exceed it.
 *
 * Radix selection over the float bits: one pass of 65,536 bins finds the upper half of the k-th key, one more the lower
 * half, at any size, with one slice in memory at a time. Throws an InputError with code 'score-not-finite' that names the
 * slice, and a UsageError with code 'prune-count'.
 */
export async function selectLowest(slices: readonly Slice[], count: number): Promise<Cut> {
  checkCount(
    count,
    slices.reduce((sum, { size }) => sum + size, 0),
  );
  const histogram = highHistogram();
  let wanted = count;
  for (const slice of slices) {
    const bits = await survivors(slice);
    histogram.add(bits);
    if (histogram.hasNonFinite()) checkFiniteScores(slice.id, await slice.read());
    wanted -= slice.size - bits.length;
  }
  if (wanted <= 0) return { threshold: null, mask: async (id) => copyOf(find(slices, id)) };

  const [bin, before] = locate(histogram.bins(), wanted);
  const high = bin - 32768;
  const low = new Uint32Array(65536);
  for (const slice of slices) countLow(await survivors(slice), high, low);
  const [offset, lower] = locate(low, wanted - before);
  const cut = (high << 16) | offset;

  const tiesOf = new Map<string, number>();
  let ties = low[offset] - (wanted - before - lower);
  for (const slice of slices) {
    tiesOf.set(slice.id, ties);
    // The last slice gets what is left, and without ties to keep there is nothing to share out.
    if (ties > 0 && slice !== slices[slices.length - 1])
      ties -= Math.min(ties, countEqual(await survivors(slice), cut));
  }
  return {
    threshold: floatOf(cut),
    async mask(id) {
      const slice = find(slices, id);
      return maskAbove(bitsOf(await slice.read()), cut, tiesOf.get(id)!, slice.previous);
    },
  };
}

/** The same choice for scores in hand, at once. Errors as `selectLowest`. */
export function selectLowestIn(scores: Float32Array, count: number): { threshold: number | null; mask: Bits } {
  checkCount(count, scores.length);
  const bits = bitsOf(scores);
  const histogram = highHistogram();
  histogram.add(bits);
  if (histogram.hasNonFinite()) checkFiniteScores('scores', scores);
  if (count <= 0) return { threshold: null, mask: makeBits(bits.length) };
  const [bin, before] = locate(histogram.bins(), count);
  const low = new Uint32Array(65536);
  countLow(bits, bin - 32768, low);
  const [offset, lower] = locate(low, count - before);
  const cut = ((bin - 32768) << 16) | offset;
  return { threshold: floatOf(cut), mask: maskAbove(bits, cut, low[offset] - (count - before - lower)) };
}

function find(slices: readonly Slice[], id: string): Slice {
  const slice = slices.find((s) => s.id === id);
  if (!slice) throw new InputError('plan-param', `the plan has no mask for '${id}'`, { where: id });
  return slice;
}

const copyOf = ({ size, previous }: Slice): Bits =>
  previous ? { length: size, bytes: previous.bytes.slice() } : makeBits(size);

/** The bit patterns of what is not pruned yet. */
async function survivors(slice: Slice): Promise<Int32Array> {
  const scores = await slice.read();
  if (scores.length !== slice.size) {
    const [wanted, found] = [String(slice.size), String(scores.length)];
    throw new InputError('score-length', `the scores of '${slice.id}' need ${wanted} values, got ${found}`, {
      where: slice.id,
      wanted,
      found,
    });
  }
  const all = bitsOf(scores);
  const { previous } = slice;
  if (!previous) return all;
  const out = new Int32Array(countKept(previous));
  for (let i = 0, n = 0; i < all.length; i++) if (isKept(previous, i)) out[n++] = all[i];
  return out;
}

/** Throws an InputError with code 'score-not-finite' that names where and which. */
export function checkFiniteScores(id: string, scores: ArrayLike<number>): void {
  for (let i = 0; i < scores.length; i++) {
    if (Number.isFinite(scores[i])) continue;
    const [found, fix] = [`${scores[i]} at index ${i}`, 'check the weights and the calibration data'];
    throw new InputError('score-not-finite', `the scores of '${id}' must be finite, got ${found}; ${fix}`, {
      where: id,
      wanted: 'finite scores',
      found,
      fix,
    });
  }
}
