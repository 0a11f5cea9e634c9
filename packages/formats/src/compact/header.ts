import { inflateSync } from 'fflate';
import { toManifest } from '../model-json/artifacts.js';
import { checkDocument, type ModelDocument } from '../model-json/document.js';
import { decodeUtf8, parseJson } from '../kit/json.js';
import { refuse } from '../kit/refuse.js';
import { ByteReader, corrupt } from './bytes.js';
import { crc32 } from '../kit/crc32.js';
import { DICTIONARY } from './dictionary.js';
import { DEFLATED, MAGIC, STORED, VERSION } from './encode.js';

const FIXED = MAGIC.length + 10;
export const CRC_BYTES = 4;
/** No deflate stream expands more than this. */
const DEFLATE_RATIO = 1032;
export const FIX = 'download or copy the file again';

/** What the fixed part at the beginning of a file says, checked. */
export interface Sizes {
  readonly version: number;
  readonly method: number;
  /** Bytes of the header's JSON, and of the header as stored. */
  readonly size: number;
  readonly stored: number;
  /** Bytes up to the first record. */
  readonly total: number;
}

/** undefined where too few bytes are there. InputErrors 'compact-magic', 'compact-version', 'compact-header'. */
export function readSizes(bytes: Uint8Array, where: string, maxJsonBytes: number): Sizes | undefined {
  MAGIC.forEach((byte, i) => {
    if (i < bytes.length && bytes[i] !== byte) {
      const wanted = 'a compact file of Espalier';
      refuse('compact-magic', where, wanted, 'other bytes at its beginning', 'give an .espalier file');
    }
  });
  if (bytes.length < FIXED) return undefined;
  const reader = new ByteReader(bytes, where);
  reader.take(MAGIC.length, 'magic');
  const [version, method] = [reader.u8('version'), reader.u8('method')];
  if (version < 1 || version > VERSION) {
    refuse('compact-version', where, `version 1 to ${VERSION}`, `${version}`, 'use a newer release of Espalier');
  }
  if (method !== STORED && method !== DEFLATED) {
    refuse('compact-header', where, 'a header stored or deflated', `method ${method}`, FIX);
  }
  const [size, stored] = [reader.u32('length'), reader.u32('length')];
  const most = method === STORED ? stored : stored * DEFLATE_RATIO;
  if (size > maxJsonBytes || size > most || (method === STORED && size !== stored)) {
    const wanted = `a header of at most ${Math.min(most, maxJsonBytes)} bytes`;
    refuse('compact-header', where, wanted, `${size}`, FIX);
  }
  return { version, method, size, stored, total: FIXED + stored + CRC_BYTES };
}

/** The model without its weights, from all bytes up to the first record. */
export function readHeader(
  bytes: Uint8Array,
  { method, size, stored }: Sizes,
  where: string,
  limits: { maxJsonBytes?: number; maxDepth: number },
): ModelDocument {
  const reader = new ByteReader(bytes, where);
  reader.take(FIXED, 'lengths');
  const body = reader.take(stored, 'header');
  checkCrc(reader, where);
  const json = method === STORED ? body : inflate(body, size, where);
  const parsed = parseJson(decodeUtf8(json, `${where}: header`), `${where}: header`, limits);
  return checkDocument(toManifest(parsed), where);
}

/** Compares the CRC-32 of what was read with the next four bytes. */
export function checkCrc(reader: ByteReader, where: string): void {
  const computed = crc32(reader.bytes.subarray(0, reader.at));
  const stored = reader.u32('a checksum');
  if (computed === stored) return;
  const hex = (n: number) => `0x${n.toString(16).padStart(8, '0')}`;
  refuse('compact-checksum', where, `CRC-32 ${hex(stored)}`, hex(computed), FIX);
}

function inflate(bytes: Uint8Array, size: number, where: string): Uint8Array {
  let out: Uint8Array | undefined;
  try {
    // One byte more than is wanted shows a stream that is too long.
    out = inflateSync(bytes, { out: new Uint8Array(size + 1), dictionary: DICTIONARY });
  } catch (error) {
    refuse('compact-header', where, 'a header that inflates', String(error), FIX, error);
  }
  return out!.length === size ? out! : corrupt(where, `a header of ${size} bytes`, out!.length);
}
