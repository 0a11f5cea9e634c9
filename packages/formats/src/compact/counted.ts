/**
 * Positions as draws without replacement: of the elements that are left, so many are still to come. The bits are
 * log₂ of n over K, which no code that knows only K beats, and there is nothing to learn first.
 */
import { type ByteReader, corrupt } from './bytes.js';
import { RangeDecoder, RangeEncoder } from './range-coder.js';

/** More elements than this teach the contexts of `modelled` enough. */
export const MOST_COUNTED = 2 ** 14;
/** No stream may claim more elements for each of its bytes: decoding takes time for each. */
const PER_BYTE = 256;

const boundOf = (range: number, open: number, left: number) => Math.floor(range / left) * open;

/** Ascending positions among `size` elements; undefined where those are too many, or too many for so few bytes. */
export function encodeCounted(positions: Uint32Array, size: number): Uint8Array | undefined {
  if (size > MOST_COUNTED) return undefined;
  const coder = new RangeEncoder();
  for (let i = 0, next = 0; next < positions.length && positions.length - next < size - i; i++) {
    const isKept = positions[next] === i;
    coder.encode(isKept, boundOf(coder.range, positions.length - next, size - i));
    if (isKept) next++;
  }
  const bytes = coder.finishShort();
  return size <= PER_BYTE * bytes.length ? bytes : undefined;
}

/** The inverse, for as many positions as `positions` has room for. */
export function decodeCounted(reader: ByteReader, positions: Uint32Array, size: number): void {
  const most = Math.min(MOST_COUNTED, PER_BYTE * reader.left);
  if (size > most) corrupt(reader.where, `at most ${most} elements in ${reader.left} bytes`, size);
  const coder = new RangeDecoder(reader);
  const count = positions.length;
  let [i, next] = [0, 0];
  for (; next < count && count - next < size - i; i++) {
    if (coder.decode(boundOf(coder.range, count - next, size - i))) positions[next++] = i;
  }
  // As many are left as elements.
  while (next < count) positions[next++] = i++;
  coder.finish('positions');
}
