import { InputError, show } from '@espalier/core';
import { type UnzipOptions, unzipSync } from 'fflate';
import { crc32 } from '../kit/crc32.js';
import { MOST_EXPANSION } from './idx-parse.js';
import { decodeNpy, type Npy } from './npy.js';
import { refuse } from '../kit/refuse.js';

export const NPZ_DEFAULTS = { maxBytes: 2 ** 31 };
const FIX = 'save the arrays again with numpy.savez';

/**
 * The arrays of a .npz file (numpy.savez, numpy.savez_compressed) by name, each checked against its CRC-32. Other files in
 * it are passed over. InputErrors: 'npz-invalid' for what is no whole zip file, 'npz-size' beyond `maxBytes` of arrays, 'npz-crc', and
 * those of `decodeNpy`.
 */
export function decodeNpz(
  bytes: Uint8Array,
  name: string,
  { maxBytes = NPZ_DEFAULTS.maxBytes } = {},
): Map<string, Npy> {
  const where = show(name);
  let total = 0;
  const wanted = ({ name: file, size, originalSize }: { name: string; size: number; originalSize: number }) => {
    if (!file.endsWith('.npy')) return false;
    total += originalSize;
    if (total > maxBytes)
      refuse('npz-size', where, `at most ${maxBytes} bytes of arrays`, String(total), 'split the data');
    // What it claims to hold is made room for before it is unpacked.
    if (originalSize > size * MOST_EXPANSION) broken(where, `${originalSize} bytes packed into ${size}`);
    return true;
  };
  const files = unzip(bytes, wanted, where);
  const sums = checksums(bytes);
  const arrays = new Map<string, Npy>();
  for (const [file, content] of Object.entries(files)) {
    if (crc32(content) >>> 0 !== sums.get(file)) {
      refuse('npz-crc', where, `${show(file)} as it was written`, 'other bytes (CRC-32)', FIX);
    }
    arrays.set(file.slice(0, -'.npy'.length), decodeNpy(content, `${name}/${file}`));
  }
  return arrays;
}

type Filter = NonNullable<UnzipOptions['filter']>;

function unzip(bytes: Uint8Array, filter: Filter, where: string): Record<string, Uint8Array> {
  try {
    return unzipSync(bytes, { filter });
  } catch (error) {
    if (error instanceof InputError) throw error;
    return broken(where, (error as Error).message, error);
  }
}

const broken = (where: string, found: string, cause?: unknown): never =>
  refuse('npz-invalid', where, 'a whole .npz file, which is a zip file', found, FIX, cause);

const ENTRY = 0x02014b50;
const END = 0x06054b50;
const END_SIZE = 22;

/** What the central directory says of each file; fflate unpacks without looking at it. */
function checksums(bytes: Uint8Array): Map<string, number> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let end = bytes.length - END_SIZE;
  while (end > 0 && view.getUint32(end, true) !== END) end--;
  const sums = new Map<string, number>();
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0 && at + 46 <= bytes.length; left--) {
    if (view.getUint32(at, true) !== ENTRY) break;
    const [name, extra, comment] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
    sums.set(new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + name)), view.getUint32(at + 16, true));
    at += 46 + name + extra + comment;
  }
  return sums;
}
