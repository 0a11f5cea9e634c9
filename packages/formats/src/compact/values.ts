import { type ByteReader, type ByteWriter, corrupt } from './bytes.js';
import { fromHalf, halvesToFloats, toHalf } from '../kit/half.js';
import { decodeSymbols, encodeSymbols } from './symbols.js';

/** How the values of the kept elements are stored; the numbers are those in the file. */
export const VALUES = { planes: 0, float16: 1, int8: 2, int4: 3, codebook: 4 } as const;
export type ValuesKind = keyof typeof VALUES;

/**
 * Elements of `width` bytes, byte by byte: all first bytes, then all second ones, … A float's word is turned left by one
 * bit first, so that its last byte is the whole exponent, which is the only one that entropy coding makes smaller. Answers with
 * the planes.
 */
export function encodePlanes(writer: ByteWriter, bytes: Uint8Array, width: number, isFloat: boolean): Uint8Array[] {
  const count = bytes.length / width;
  const planes = Array.from({ length: width }, () => new Uint8Array(count));
  for (let i = 0, at = 0; i < count; i++) {
    for (let p = 0; p < width; p++) planes[p][i] = bytes[at++];
  }
  if (isFloat) {
    const top = planes[width - 1];
    for (let i = 0; i < count; i++) {
      let carry = top[i] >> 7;
      for (let p = 0; p < width; p++) {
        const byte = planes[p][i];
        planes[p][i] = (byte << 1) | carry;
        carry = byte >> 7;
      }
    }
  }
  for (const plane of planes) encodeSymbols(writer, plane);
  return planes;
}

/** The inverse, for `count` elements. */
export function decodePlanes(reader: ByteReader, count: number, width: number, isFloat: boolean): Uint8Array {
  const planes = Array.from({ length: width }, () => decodeSymbols(reader, count));
  if (width === 1 && !isFloat) return planes[0];
  if (width === 4 && isFloat) return joinFloats(planes, count);
  const out = new Uint8Array(count * width);
  for (let i = 0, at = 0; i < count; i++) {
    for (let p = 0; p < width; p++, at++) {
      const above = planes[p + 1 < width ? p + 1 : 0][i];
      out[at] = isFloat ? (planes[p][i] >> 1) | ((above & 1) << 7) : planes[p][i];
    }
  }
  return out;
}

/** Four elements at a time: a word of each plane holds a byte of each, which is fewer reads than byte by byte. */
function joinFloats(planes: Uint8Array[], count: number): Uint8Array {
  const words = new Int32Array(count);
  const whole = count & ~3;
  const [as, bs, cs, ds] = planes.map((plane) => wordsOf(plane, whole));
  for (let i = 0, w = 0; i < whole; i += 4, w++) {
    const [a, b, c, d] = [as[w], bs[w], cs[w], ds[w]];
    words[i] = turnedBack((a & 0xff) | ((b & 0xff) << 8) | ((c & 0xff) << 16) | (d << 24));
    words[i + 1] = turnedBack(((a >>> 8) & 0xff) | (b & 0xff00) | ((c & 0xff00) << 8) | ((d & 0xff00) << 16));
    words[i + 2] = turnedBack(((a >>> 16) & 0xff) | ((b >>> 8) & 0xff00) | (c & 0xff0000) | ((d & 0xff0000) << 8));
    words[i + 3] = turnedBack((a >>> 24) | ((b >>> 16) & 0xff00) | ((c >>> 8) & 0xff0000) | (d & ~0xffffff));
  }
  const [a, b, c, d] = planes;
  for (let i = whole; i < count; i++) words[i] = turnedBack(a[i] | (b[i] << 8) | (c[i] << 16) | (d[i] << 24));
  return new Uint8Array(words.buffer);
}

const turnedBack = (word: number) => (word >>> 1) | (word << 31);

/** A plane that was stored raw lies in the file where it may, and is copied. */
function wordsOf(plane: Uint8Array, size: number): Int32Array {
  const { buffer, byteOffset } = plane.byteOffset % 4 === 0 ? plane : plane.slice(0, size);
  return new Int32Array(buffer, byteOffset, size / 4);
}

const [FLOATS_32, FLOATS_16] = [0, 1];

/** A short list of floats: as float16 where every one of them is one, else as float32. */
export function encodeFloats(writer: ByteWriter, values: Float32Array): void {
  const halves = Uint16Array.from(values, (value) => toHalf(value) ?? 0x7c00);
  const isHalf = values.every((value, i) => Object.is(fromHalf(halves[i]), value));
  writer.u8(isHalf ? FLOATS_16 : FLOATS_32);
  const data = isHalf ? halves : values;
  encodePlanes(writer, new Uint8Array(data.buffer, data.byteOffset, data.byteLength), data.BYTES_PER_ELEMENT, true);
}

export function decodeFloats(reader: ByteReader, count: number): Float32Array {
  const kind = reader.u8('a kind of floats');
  if (kind === FLOATS_32) return new Float32Array(decodePlanes(reader, count, 4, true).buffer);
  if (kind !== FLOATS_16) corrupt(reader.where, 'floats of kind 0 or 1', kind);
  const halves = new Uint16Array(decodePlanes(reader, count, 2, true).buffer);
  return halvesToFloats(halves);
}

/** float32 from what `int8` and `int4` store: a number of channels, their scales, and a step for each element. */
export function decodeScaled(
  reader: ByteReader,
  bits: 4 | 8,
  positions: Uint32Array | undefined,
  count: number,
  limit: number,
) {
  const { where } = reader;
  const channels = reader.varint('a number of channels');
  if (channels > Math.max(1, limit)) corrupt(where, `at most ${limit} channels`, channels);
  const scales = decodeFloats(reader, channels);
  if (!scales.every(Number.isFinite)) corrupt(where, 'finite scales', 'NaN or an infinity');
  const symbols = decodeSymbols(reader, count, 1 << bits);
  const out = new Float32Array(count);
  const shift = 32 - bits;
  for (let i = 0, c = 0; i < count; i++) {
    const channel = positions ? positions[i] % channels : c;
    out[i] = ((symbols[i] << shift) >> shift) * scales[channel];
    if (++c === channels) c = 0;
  }
  return out;
}

/** float32 from a codebook: its size, its entries, and a code for each element. */
export function decodeShared(reader: ByteReader, count: number): Float32Array {
  const size = reader.varint('the size of a codebook');
  if (size > 256 || (size === 0 && count > 0)) corrupt(reader.where, 'a codebook of 1 to 256 values', size);
  const codebook = decodeFloats(reader, size);
  if (!codebook.every(Number.isFinite)) corrupt(reader.where, 'a codebook of finite values', 'NaN or an infinity');
  const codes = decodeSymbols(reader, count, Math.max(1, size));
  const out = new Float32Array(count);
  for (let i = 0; i < count; i++) out[i] = codebook[codes[i]];
  return out;
}
