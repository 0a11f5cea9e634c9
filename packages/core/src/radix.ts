import { isKept, makeBits } from './bits.js';
import type { Bits } from './contracts.js';

/*
 * Float32 scores as integers that sort the same way. A float's bits, read as a signed integer, are in order for positive
 * numbers and in reverse for negative ones; −0 and +0 are the same number and get the same key, 0. The loops below read raw
 * bits wherever the order allows it, because one operation less per weight is what they are made of.
 */

const BINS = 65536;
const HALF = 32768;
const NEGATIVE_ZERO = -2147483648;

export const keyOf = (bits: number) => (bits === NEGATIVE_ZERO ? 0 : bits ^ ((bits >> 31) & 0x7fffffff));

export const floatOf = (key: number) => new Float32Array(Int32Array.of(key ^ ((key >> 31) & 0x7fffffff)).buffer)[0];

export const bitsOf = (scores: Float32Array) => new Int32Array(scores.buffer, scores.byteOffset, scores.length);

/** Counts entries by the upper 16 bits of their keys: bins[(key >> 16) + 32768]. */
export function highHistogram(): { add(bits: Int32Array): void; hasNonFinite(): boolean; bins(): Uint32Array } {
  // Four tables in turn, because neighbouring weights like the same bin and an increment waits for the one before.
  const raw = new Uint32Array(4 * BINS);
  let negativeZeros = 0;
  const count = (bin: number) => raw[bin] + raw[BINS + bin] + raw[2 * BINS + bin] + raw[3 * BINS + bin];
  return {
    add(bits) {
      const before = count(HALF);
      const whole = bits.length & ~3;
      let i = 0;
      for (; i < whole; i += 4) {
        raw[bits[i] >>> 16]++;
        raw[BINS + (bits[i + 1] >>> 16)]++;
        raw[2 * BINS + (bits[i + 2] >>> 16)]++;
        raw[3 * BINS + (bits[i + 3] >>> 16)]++;
      }
      for (; i < bits.length; i++) raw[bits[i] >>> 16]++;
      if (count(HALF) > before) for (const b of bits) if (b === NEGATIVE_ZERO) negativeZeros++;
    },
    /** Exponents of all ones: infinities and NaN, of either sign. */
    hasNonFinite() {
      for (let low = 0; low < 128; low++) if (count(0x7f80 + low) > 0 || count(0xff80 + low) > 0) return true;
      return false;
    },
    bins() {
      const bins = new Uint32Array(BINS);
      for (let bin = 0; bin < HALF; bin++) {
        bins[HALF + bin] = count(bin);
        bins[HALF - 1 - bin] = count(HALF + bin);
      }
      bins[HALF] += negativeZeros;
      bins[HALF - 1] -= negativeZeros;
      return bins;
    },
  };
}

/** Counts by their lower 16 bits the entries whose key begins with `high`. */
export function countLow(bits: Int32Array, high: number, bins: Uint32Array): void {
  if (high > 0) return countLowPositive(bits, high << 16, bins);
  for (let i = 0; i < bits.length; i++) {
    const key = keyOf(bits[i]);
    if (key >> 16 === high) bins[key & 0xffff]++;
  }
}

/** Entries with the same upper half as `base` become their lower half when combined with it, the others stay large. */
function countLowPositive(bits: Int32Array, base: number, bins: Uint32Array): void {
  const whole = bits.length & ~3;
  let i = 0;
  for (; i < whole; i += 4) {
    const a = bits[i] ^ base;
    const b = bits[i + 1] ^ base;
    const c = bits[i + 2] ^ base;
    const d = bits[i + 3] ^ base;
    if ((a & -65536) === 0) bins[a]++;
    if ((b & -65536) === 0) bins[b]++;
    if ((c & -65536) === 0) bins[c]++;
    if ((d & -65536) === 0) bins[d]++;
  }
  for (; i < bits.length; i++) if (((bits[i] ^ base) & -65536) === 0) bins[bits[i] ^ base]++;
}

export function countEqual(bits: Int32Array, cut: number): number {
  let count = 0;
  for (let i = 0; i < bits.length; i++) count += keyOf(bits[i]) === cut ? 1 : 0;
  return count;
}

/** The bin that holds the `rank`-th entry (1 = lowest), and how many entries lie below it. */
export function locate(bins: Uint32Array, rank: number): [bin: number, below: number] {
  let below = 0;
  for (let bin = 0; bin < bins.length; bin++) {
    if (below + bins[bin] >= rank) return [bin, below];
    below += bins[bin];
  }
  throw new RangeError(`selection: entry ${rank} wanted, there are ${below}`);
}

/** Keeps what lies above the cut, and the first `keptTies` entries equal to it, of those that `previous` kept. */
export function maskAbove(bits: Int32Array, cut: number, keptTies: number, previous?: Bits): Bits {
  const mask = makeBits(bits.length, false);
  if (cut > 0) keepAbovePositive(bits, cut, mask.bytes);
  else for (let i = 0; i < bits.length; i++) if (keyOf(bits[i]) > cut) mask.bytes[i >> 3] |= 1 << (i & 7);
  if (previous) for (let byte = 0; byte < mask.bytes.length; byte++) mask.bytes[byte] &= previous.bytes[byte];
  for (let i = 0, ties = keptTies; ties > 0 && i < bits.length; i++) {
    if (keyOf(bits[i]) !== cut || (previous && !isKept(previous, i))) continue;
    mask.bytes[i >> 3] |= 1 << (i & 7);
    ties--;
  }
  return mask;
}

/** Above a positive cut, raw bits compare like numbers: whatever is negative is below it. */
function keepAbovePositive(bits: Int32Array, cut: number, bytes: Uint8Array): void {
  const whole = bits.length >> 3;
  for (let byte = 0, i = 0; byte < whole; byte++, i += 8) {
    // The sign of cut − b is set where b is above; negative b would overflow, and the second factor leaves them out.
    bytes[byte] =
      (((cut - bits[i]) & ~bits[i]) >>> 31) |
      ((((cut - bits[i + 1]) & ~bits[i + 1]) >>> 31) << 1) |
      ((((cut - bits[i + 2]) & ~bits[i + 2]) >>> 31) << 2) |
      ((((cut - bits[i + 3]) & ~bits[i + 3]) >>> 31) << 3) |
      ((((cut - bits[i + 4]) & ~bits[i + 4]) >>> 31) << 4) |
      ((((cut - bits[i + 5]) & ~bits[i + 5]) >>> 31) << 5) |
      ((((cut - bits[i + 6]) & ~bits[i + 6]) >>> 31) << 6) |
      ((((cut - bits[i + 7]) & ~bits[i + 7]) >>> 31) << 7);
  }
  for (let i = whole * 8; i < bits.length; i++) if (bits[i] > cut) bytes[i >> 3] |= 1 << (i & 7);
}
