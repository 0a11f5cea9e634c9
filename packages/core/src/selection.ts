import { countKept, isKept, makeBits } from './bits.js';
import type { Bits } from './contracts.js';
import { InputError } from './errors.js';

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

const BINS = 65536;
// Bins that only NaN and infinities fall into, below and above the finite numbers.
const FIRST_FINITE = 128;

/** Signed integers in the order of the floats; −0 and +0 are the same number and get the same key. */
const keyOf = (bits: number) => (bits === -2147483648 ? 0 : bits ^ ((bits >> 31) & 0x7fffffff));

function floatOf(key: number): number {
  return new Float32Array(Int32Array.of(key ^ ((key >> 31) & 0x7fffffff)).buffer)[0];
}

/**
 * Prunes exactly `count` of the slices' entries, the lowest scores first; among equal scores the lower index is kept, and
 * the earlier slice before the later one. Entries pruned by `previous` are part of the count, and stay pruned even where
 * they alone exceed it.
 *
 * Radix selection over the float bits: one pass of 65,536 bins finds the upper half of the k-th key, one more the lower
 * half, at any size, with one slice in memory at a time. Throws an InputError with code 'score-not-finite' that names the
 * slice.
 */
export async function selectLowest(slices: readonly Slice[], count: number): Promise<Cut> {
  const high = new Uint32Array(BINS);
  let wanted = count;
  for (const slice of slices) {
    const keys = await survivors(slice);
    countHigh(keys, high);
    if (hasNonFinite(high)) checkFiniteScores(slice.id, await slice.read());
    wanted -= slice.size - keys.length;
  }
  if (wanted <= 0) {
    return { threshold: null, mask: async (id) => copyOf(find(slices, id)) };
  }

  const [bin, before] = locate(high, wanted);
  const low = new Uint32Array(BINS);
  for (const slice of slices) countLow(await survivors(slice), bin - BINS / 2, low);
  const [offset, lower] = locate(low, wanted - before);
  const cut = ((bin - BINS / 2) << 16) | offset;
  const keptTies = low[offset] - (wanted - before - lower);

  const tiesOf = new Map<string, number>();
  let ties = keptTies;
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

function find(slices: readonly Slice[], id: string): Slice {
  const slice = slices.find((s) => s.id === id);
  if (!slice) throw new InputError('plan-param', `the plan has no mask for '${id}'`, { where: id });
  return slice;
}

const copyOf = ({ size, previous }: Slice): Bits =>
  previous ? { length: size, bytes: previous.bytes.slice() } : makeBits(size);

const bitsOf = (scores: Float32Array) => new Int32Array(scores.buffer, scores.byteOffset, scores.length);

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

function countHigh(bits: Int32Array, bins: Uint32Array): void {
  for (let i = 0; i < bits.length; i++) bins[(keyOf(bits[i]) >> 16) + 32768]++;
}

function countLow(bits: Int32Array, high: number, bins: Uint32Array): void {
  for (let i = 0; i < bits.length; i++) {
    const key = keyOf(bits[i]);
    if (key >> 16 === high) bins[key & 0xffff]++;
  }
}

function countEqual(bits: Int32Array, cut: number): number {
  let count = 0;
  for (let i = 0; i < bits.length; i++) if (keyOf(bits[i]) === cut) count++;
  return count;
}

/** The bin that holds the `rank`-th entry (1 = lowest), and how many entries lie below it. */
function locate(bins: Uint32Array, rank: number): [bin: number, below: number] {
  let below = 0;
  for (let bin = 0; bin < BINS; bin++) {
    if (below + bins[bin] >= rank) return [bin, below];
    below += bins[bin];
  }
  throw new RangeError(`selectLowest: ${rank} entries wanted, there are ${below}`);
}

function maskAbove(bits: Int32Array, cut: number, keptTies: number, previous?: Bits): Bits {
  const mask = makeBits(bits.length, false);
  let ties = keptTies;
  for (let byte = 0, i = 0; byte < mask.bytes.length; byte++) {
    let value = 0;
    const end = Math.min(i + 8, bits.length);
    for (let bit = 1; i < end; i++, bit <<= 1) {
      const key = keyOf(bits[i]);
      if (key < cut || (previous && !isKept(previous, i))) continue;
      if (key > cut || ties-- > 0) value |= bit;
    }
    mask.bytes[byte] = value;
  }
  return mask;
}

function hasNonFinite(bins: Uint32Array): boolean {
  for (let bin = 0; bin < FIRST_FINITE; bin++) if (bins[bin] > 0 || bins[BINS - 1 - bin] > 0) return true;
  return false;
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
