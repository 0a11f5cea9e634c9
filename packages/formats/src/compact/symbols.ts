import { decodeAdaptive, encodeAdaptive } from './adaptive.js';
import { type ByteReader, ByteWriter, corrupt } from './bytes.js';
import { lastUsed, readTable, writeTable } from './frequencies.js';
import { normalise, ransDecode, ransEncode } from './rans.js';

/** How a run of symbols is stored; modes 1 to 7 pack that many bits a symbol. */
const RAW = 0;
const CONSTANT = 8;
const RANS = 9;
/** Since version 2: this and more are adaptive runs, of the shape that the lower seven bits say. */
const ADAPTIVE = 128;
/** Coarser tables are shorter; longer streams have no use for them. */
const TABLE_BITS = [12, 11, 10, 9, 8, 7, 6];
const TRY_ALL_BELOW = 1 << 15;

/** A run of bytes in the shortest of its forms: raw, packed, constant, entropy-coded with its own table, or adaptive without one. */
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
  const adaptive = encodeAdaptive(symbols, counts);
  const coded = smallestCoded(symbols, counts, used, plain);
  if (adaptive && adaptive.bytes.length < (coded?.length ?? plain)) {
    writer.u8(ADAPTIVE | adaptive.shape);
    writer.bytes(adaptive.bytes);
  } else if (coded) {
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
  if (mode >= ADAPTIVE && reader.version >= 2) return decodeAdaptive(reader, mode & 127, count);
  if (mode !== RANS) return corrupt(reader.where, 'a mode of symbols', mode);
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

/** Bits that symbols take with these frequencies. */
function informationOf(counts: Float64Array, frequencies: Uint16Array, bits: number): number {
  return counts.reduce((sum, c, s) => (c === 0 ? sum : sum + c * (bits - Math.log2(frequencies[s]))), 0);
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
