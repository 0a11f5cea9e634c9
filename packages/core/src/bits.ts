import type { Bits } from './contracts.js';

const POPCOUNT = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length);

/** `length` bits, all kept or all pruned. Bits past `length` in the last byte are always 0. */
export function makeBits(length: number, keep = true): Bits {
  const bytes = new Uint8Array((length + 7) >> 3);
  if (keep) {
    bytes.fill(0xff);
    if (length & 7) bytes[bytes.length - 1] = (1 << (length & 7)) - 1;
  }
  return { length, bytes };
}

/** Bits from a test per index: true = keep. */
export function bitsFrom(length: number, keep: (index: number) => boolean): Bits {
  const bits = makeBits(length, false);
  for (let i = 0; i < length; i++) if (keep(i)) bits.bytes[i >> 3] |= 1 << (i & 7);
  return bits;
}

export function isKept(bits: Bits, index: number): boolean {
  return ((bits.bytes[index >> 3] >> (index & 7)) & 1) === 1;
}

export function setPruned(bits: Bits, index: number): void {
  bits.bytes[index >> 3] &= ~(1 << (index & 7));
}

export function countKept(bits: Bits): number {
  let count = 0;
  for (const byte of bits.bytes) count += POPCOUNT[byte];
  return count;
}

/** Kept in both. Lengths must agree. */
export function andBits(a: Bits, b: Bits): Bits {
  if (a.length !== b.length) throw new RangeError(`andBits: lengths ${a.length} and ${b.length} differ`);
  return { length: a.length, bytes: a.bytes.map((byte, i) => byte & b.bytes[i]) };
}

/** 1 where kept, 0 where pruned. */
export function bitsToFloats(bits: Bits): Float32Array {
  return Float32Array.from({ length: bits.length }, (_, i) => (bits.bytes[i >> 3] >> (i & 7)) & 1);
}

/** The indices kept, ascending. */
export function keptIndices(bits: Bits): Int32Array {
  const out = new Int32Array(countKept(bits));
  for (let i = 0, n = 0; i < bits.length; i++) if (isKept(bits, i)) out[n++] = i;
  return out;
}
