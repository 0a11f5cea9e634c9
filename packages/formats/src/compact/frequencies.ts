import { type ByteReader, type ByteWriter, corrupt } from './bytes.js';
import { PROBABILITY_BITS } from './rans.js';

/** The last symbol that occurs. */
export function lastUsed(counts: Float64Array | Uint16Array): number {
  let last = counts.length - 1;
  while (last > 0 && counts[last] === 0) last--;
  return last;
}

/** 4 bits the table's precision, 8 bits each the first and the last symbol, then Elias gamma codes of frequency + 1. */
export function writeTable(writer: ByteWriter, frequencies: Uint16Array, precision: number): void {
  const first = frequencies.findIndex((f) => f > 0);
  const last = lastUsed(frequencies);
  const bits: number[] = [];
  const put = (value: number, size: number) => {
    for (let i = size - 1; i >= 0; i--) bits.push((value >> i) & 1);
  };
  put(precision, 4);
  put(first, 8);
  put(last, 8);
  for (let s = first; s <= last; s++) {
    const size = 32 - Math.clz32(frequencies[s] + 1);
    put(0, size - 1);
    put(frequencies[s] + 1, size);
  }
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  bits.forEach((bit, i) => (bytes[i >> 3] |= bit << (7 - (i & 7))));
  writer.bytes(bytes);
}

/** The inverse; InputErrors 'compact-truncated', 'compact-data'. */
export function readTable(reader: ByteReader): { frequencies: Uint16Array; bits: number } {
  let byte = 0;
  let left = 0;
  const bit = () => {
    if (left === 0) [byte, left] = [reader.u8('a table of frequencies'), 8];
    return (byte >> --left) & 1;
  };
  const get = (size: number) => {
    let value = 0;
    for (let i = 0; i < size; i++) value = (value << 1) | bit();
    return value;
  };
  const bits = get(4);
  if (bits > PROBABILITY_BITS) corrupt(reader.where, `a precision of at most ${PROBABILITY_BITS} bits`, bits);
  const [first, last] = [get(8), get(8)];
  const frequencies = new Uint16Array(256);
  let sum = 0;
  for (let s = first; s <= last; s++) {
    let zeros = 0;
    while (bit() === 0) {
      if (++zeros > PROBABILITY_BITS) corrupt(reader.where, 'frequencies of at most 2^12', 'more');
    }
    frequencies[s] = ((1 << zeros) | get(zeros)) - 1;
    sum += frequencies[s];
  }
  if (sum !== 1 << bits) corrupt(reader.where, `frequencies of ${1 << bits} in all`, sum);
  return { frequencies, bits };
}
