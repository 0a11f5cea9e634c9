import { type ByteReader, ByteWriter, corrupt } from './bytes.js';
import { normalise, PROBABILITY_BITS, ransDecode, ransEncode } from './rans.js';

/** How a run of symbols is stored; modes 1 to 7 pack that many bits a symbol. */
const RAW = 0;
const CONSTANT = 8;
const RANS = 9;
/** Coarser tables are shorter; longer streams have no use for them. */
const TABLE_BITS = [12, 11, 10, 9, 8, 7, 6];
const TRY_ALL_BELOW = 1 << 15;

/** A run of bytes in the shortest of its forms: raw, packed, constant, or entropy-coded with its own table. */
export function encodeSymbols(writer: ByteWriter, symbols: Uint8Array): void {
  const counts = new Float64Array(256);
  for (let i = 0; i < symbols.length; i++) counts[symbols[i]]++;
  const used = counts.reduce((n, c) => n + (c > 0 ? 1 : 0), 0);
  if (used <= 1) {
    writer.u8(CONSTANT);
    writer.u8(symbols.length > 0 ? symbols[0] : 0);
    return;
  }
  const bits = 32 - Math.clz32(lastUsed(counts));
  const plain = Math.ceil((symbols.length * bits) / 8);
  const coded = smallestCoded(symbols, counts, used, plain);
  if (coded) {
    writer.u8(RANS);
    writer.bytes(coded);
  } else if (bits === 8) {
    writer.u8(RAW);
    writer.bytes(symbols);
  } else {
    writer.u8(bits);
    writer.bytes(pack(symbols, bits));
  }
}

/** The symbols as `encodeSymbols` wrote them, all below `limit`; a view where they were stored raw. */
export function decodeSymbols(reader: ByteReader, count: number, limit = 256): Uint8Array {
  const mode = reader.u8('a mode of symbols');
  const symbols = decodeMode(reader, mode, count);
  if (limit < 256) {
    for (let i = 0; i < count; i++) {
      if (symbols[i] >= limit) corrupt(reader.where, `symbols below ${limit}`, symbols[i]);
    }
  }
  return symbols;
}

function decodeMode(reader: ByteReader, mode: number, count: number): Uint8Array {
  if (mode === RAW) return reader.take(count, 'symbols');
  if (mode < CONSTANT) return unpack(reader.take(Math.ceil((count * mode) / 8), 'symbols'), mode, count, reader.where);
  if (mode === CONSTANT) return new Uint8Array(count).fill(reader.u8('a symbol'));
  if (mode !== RANS) return corrupt(reader.where, 'a mode of symbols from 0 to 9', mode);
  const { frequencies, bits } = readTable(reader);
  return ransDecode(reader, reader.varint('a length'), count, frequencies, bits);
}

function smallestCoded(symbols: Uint8Array, counts: Float64Array, used: number, below: number) {
  let best: Uint8Array | undefined;
  for (const bits of symbols.length < TRY_ALL_BELOW ? TABLE_BITS : TABLE_BITS.slice(0, 1)) {
    if (used > 1 << bits) continue;
    const frequencies = normalise(counts, symbols.length, bits);
    if (informationOf(counts, frequencies, bits) / 8 > (best?.length ?? below)) continue;
    const payload = ransEncode(symbols, frequencies, bits);
    const coded = new ByteWriter();
    writeTable(coded, frequencies, bits);
    coded.varint(payload.length);
    coded.bytes(payload);
    if (coded.length < (best?.length ?? below)) best = coded.done();
  }
  return best;
}

function lastUsed(counts: Float64Array | Uint16Array): number {
  let last = counts.length - 1;
  while (last > 0 && counts[last] === 0) last--;
  return last;
}

/** Bits that symbols take with these frequencies. */
function informationOf(counts: Float64Array, frequencies: Uint16Array, bits: number): number {
  return counts.reduce((sum, c, s) => (c === 0 ? sum : sum + c * (bits - Math.log2(frequencies[s]))), 0);
}

/** 4 bits the table's precision, 8 bits each the first and the last symbol, then Elias gamma codes of frequency + 1. */
function writeTable(writer: ByteWriter, frequencies: Uint16Array, precision: number): void {
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

function readTable(reader: ByteReader): { frequencies: Uint16Array; bits: number } {
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

/** The lowest bits of a byte first. */
function pack(symbols: Uint8Array, bits: number): Uint8Array {
  const out = new Uint8Array(Math.ceil((symbols.length * bits) / 8));
  let [held, size, at] = [0, 0, 0];
  for (let i = 0; i < symbols.length; i++) {
    held |= symbols[i] << size;
    for (size += bits; size >= 8; size -= 8, held >>>= 8) out[at++] = held;
  }
  if (size > 0) out[at] = held;
  return out;
}

function unpack(bytes: Uint8Array, bits: number, count: number, where: string): Uint8Array {
  const out = new Uint8Array(count);
  const mask = (1 << bits) - 1;
  let [held, size, at] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    if (size < bits) {
      held |= bytes[at++] << size;
      size += 8;
    }
    out[i] = held & mask;
    held >>>= bits;
    size -= bits;
  }
  if (held !== 0) corrupt(where, 'padding of zeros', held);
  return out;
}
