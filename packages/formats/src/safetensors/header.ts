import { show, sizeOf } from '@espalier/core';
import { decodeUtf8, parseJson } from '../kit/json.js';
import { isObject, kind, refuse } from '../kit/refuse.js';

/** A tensor as a safetensors header describes it; offsets count from the end of the header. */
export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of their bytes. */
  readonly entries: readonly SafetensorsEntry[];
}

/** Bits of an element. */
export const SAFETENSORS_BITS: Readonly<Record<string, number>> = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
};

/** The format's own limit. */
export const MAX_HEADER_BYTES = 100_000_000;
const METADATA = '__metadata__';
const MAX_DEPTH = 8;
const FIX = 'save or download the file again';

/** The length of the header that the first eight bytes announce, where `size` is that of the file. InputError 'safetensors-header'. */
export function headerLength(first: Uint8Array, size: number, where: string): number {
  if (size < 8) refuse('safetensors-header', where, '8 bytes with the length of the header', `${size}`, FIX);
  const length = new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true);
  const most = Math.min(MAX_HEADER_BYTES, size - 8);
  if (length > BigInt(most)) {
    refuse('safetensors-header', where, `a header of at most ${most} bytes`, `${length}`, FIX);
  }
  return Number(length);
}

/**
 * The header of a safetensors file with `dataBytes` bytes behind it: tensors that lie one after the other, without holes and
 * overlaps, up to the last byte. InputErrors: 'safetensors-header', 'safetensors-entry', 'safetensors-dtype',
 * 'safetensors-offsets', and those of JSON.
 */
export function parseHeader(bytes: Uint8Array, dataBytes: number, where: string): SafetensorsHeader {
  // Behind the object only spaces may follow; JSON.parse would take other white space, and white space before it.
  const text = decodeUtf8(bytes, `${where}: header`);
  if (!text.startsWith('{'))
    refuse('safetensors-header', where, "a header that begins with '{'", show(text.slice(0, 1)), FIX);
  let end = text.length;
  while (text[end - 1] === ' ') end--;
  if (text[end - 1] !== '}')
    refuse('safetensors-header', where, "a header that ends with '}' and spaces", show(text[end - 1]), FIX);
  const json = parseJson(text, `${where}: header`, { maxDepth: MAX_DEPTH }) as Record<string, unknown>;
  const entries = Object.entries(json)
    .filter(([name]) => name !== METADATA)
    .map(([name, value]) => checkEntry(name, value, where))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== at) {
      const what = begin > at ? 'a hole' : 'an overlap';
      refuse(
        'safetensors-offsets',
        `${where}: tensor ${show(name)}`,
        `data from ${at} on`,
        `${what}: from ${begin} on`,
        FIX,
      );
    }
    at = end;
  }
  if (at !== dataBytes) {
    const found = dataBytes > at ? `${dataBytes - at} more` : `${at - dataBytes} too few`;
    refuse('safetensors-offsets', where, `${at} bytes of tensors`, `${dataBytes}, ${found}`, FIX);
  }
  return { metadata: checkMetadata(json[METADATA], where), entries };
}

function checkMetadata(value: unknown, where: string): Record<string, string> {
  const at = `${where}: ${METADATA}`;
  if (value === undefined) return {};
  if (!isObject(value)) return refuse('safetensors-header', at, 'an object of strings', kind(value), FIX);
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') refuse('safetensors-header', `${at}: ${show(key)}`, 'a string', kind(text), FIX);
  }
  return value as Record<string, string>;
}

function checkEntry(name: string, value: unknown, file: string): SafetensorsEntry {
  const where = `${file}: tensor ${show(name)}`;
  if (!isObject(value)) return refuse('safetensors-entry', where, 'an object', kind(value), FIX);
  const { dtype, shape, data_offsets: offsets, ...others } = value;
  const [extra] = Object.keys(others);
  if (extra !== undefined) {
    refuse('safetensors-entry', where, 'dtype, shape and data_offsets', `${show(extra)} too`, FIX);
  }
  if (typeof dtype !== 'string' || !Object.hasOwn(SAFETENSORS_BITS, dtype)) {
    return refuse('safetensors-dtype', where, `one of ${Object.keys(SAFETENSORS_BITS).join(', ')}`, kind(dtype), FIX);
  }
  const isSize = (n: unknown) => Number.isSafeInteger(n) && (n as number) >= 0;
  if (!Array.isArray(shape) || !shape.every(isSize)) {
    const found = Array.isArray(shape) ? `[${shape.slice(0, 8).map(kind).join(', ')}]` : kind(shape);
    return refuse('weight-shape', where, 'a shape of whole numbers ≥ 0', found, FIX);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    const found = Array.isArray(offsets) ? `[${offsets.slice(0, 4).map(kind).join(', ')}]` : kind(offsets);
    return refuse('safetensors-offsets', where, 'data_offsets of two whole numbers ≥ 0', found, FIX);
  }
  const [begin, end] = offsets as number[];
  const bytes = bytesOf(dtype, shape as number[]);
  if (!Number.isSafeInteger(bytes) || end - begin !== bytes) {
    const sizes = shape.length > 8 ? `${shape.slice(0, 8).join(', ')}, …` : shape.join(', ');
    refuse('safetensors-offsets', where, `${bytes} bytes of ${dtype} [${sizes}]`, `${end - begin}`, FIX);
  }
  return { name, dtype, shape: shape as number[], begin, end };
}

/** Not a safe integer where the elements do not fill whole bytes, or are too many. */
export function bytesOf(dtype: string, shape: readonly number[]): number {
  // A zero must not hide a product that overflows.
  const most = shape.reduce((a, b) => a * Math.max(1, b), 1);
  if (!(most * SAFETENSORS_BITS[dtype] <= Number.MAX_SAFE_INTEGER)) return Infinity;
  return (sizeOf(shape) * SAFETENSORS_BITS[dtype]) / 8;
}
