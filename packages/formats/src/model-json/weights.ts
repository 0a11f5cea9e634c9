import type { io } from '@tensorflow/tfjs-core';
import { show, sizeOf } from '@espalier/core';
import { refuse } from '../kit/refuse.js';

type Spec = io.WeightsManifestEntry;

const BYTES: Record<string, number> = { float32: 4, int32: 4, bool: 1, complex64: 8, uint8: 1, uint16: 2, float16: 2 };
/** A string is stored as its length, a little-endian uint32, and its bytes. */
const LENGTH_BYTES = 4;
const FIX = 'export or copy the model again';
/** Values copied at a time where a weight is not aligned to their size. */
const PIECE = 1 << 16;

const count = (spec: Spec) => sizeOf(spec.shape);

/** Bytes that the weights take in their shards; of strings, which have no fixed size, the least they can take. */
export function leastBytes(specs: readonly Spec[]): number {
  return specs.reduce((sum, spec) => sum + count(spec) * bytesPerValue(spec), 0);
}

export const hasStrings = (specs: readonly Spec[]) => specs.some((spec) => spec.dtype === 'string');

function bytesPerValue({ dtype, quantization }: Spec): number {
  return dtype === 'string' ? LENGTH_BYTES : BYTES[quantization?.dtype ?? dtype];
}

/**
 * Throws unless `available` bytes can hold the weights: InputErrors 'weights-truncated', naming the first weight that is
 * cut off, and 'weights-trailing'.
 */
export function checkLength(specs: readonly Spec[], available: number, where: string): void {
  const least = leastBytes(specs);
  if (available < least) {
    let end = 0;
    const cut = specs.find((spec) => (end += count(spec) * bytesPerValue(spec)) > available)!;
    refuse(
      'weights-truncated',
      `${where}: weight ${show(cut.name)}`,
      `${least} bytes in all, ${end} up to its end`,
      `${available}`,
      FIX,
    );
  }
  if (available > least && !hasStrings(specs)) {
    refuse(
      'weights-trailing',
      where,
      `${least} bytes of weights`,
      `${available}, so ${available - least} too many`,
      FIX,
    );
  }
}

/**
 * Checks the bytes of one group of weights: that they are used up exactly, and that every float is finite.
 * InputErrors: 'weights-truncated', 'weights-trailing', 'weight-not-finite'.
 */
export function checkWeights(
  specs: readonly Spec[],
  bytes: Uint8Array,
  where: string,
  nonFinite: 'refuse' | 'keep' = 'refuse',
): void {
  checkLength(specs, bytes.length, where);
  let at = 0;
  for (const spec of specs) {
    const place = `${where}: weight ${show(spec.name)}`;
    const end = spec.dtype === 'string' ? endOfStrings(spec, bytes, at, place) : at + count(spec) * bytesPerValue(spec);
    // Strings make the groups' size known only here.
    if (end > bytes.length) {
      refuse('weights-truncated', place, `at least ${end} bytes up to its end`, `${bytes.length}`, FIX);
    }
    const bad = nonFinite === 'keep' ? -1 : firstNotFinite(spec, bytes.subarray(at, end));
    if (bad >= 0) {
      const index = spec.dtype === 'complex64' ? bad >> 1 : bad;
      refuse(
        'weight-not-finite',
        place,
        'finite values',
        `NaN or an infinity at index ${index} (${coordinates(index, spec.shape)})`,
        'repair or retrain the model',
      );
    }
    at = end;
  }
  if (at !== bytes.length) {
    refuse(
      'weights-trailing',
      where,
      `${at} bytes of weights`,
      `${bytes.length}, so ${bytes.length - at} too many`,
      FIX,
    );
  }
}

/** The bytes of each weight, views of those that `checkWeights` accepted. */
export function sliceWeights(specs: readonly Spec[], bytes: Uint8Array): Uint8Array[] {
  let at = 0;
  return specs.map((spec) => {
    const start = at;
    at = spec.dtype === 'string' ? endOfStrings(spec, bytes, at, spec.name) : at + count(spec) * bytesPerValue(spec);
    return bytes.subarray(start, at);
  });
}

function endOfStrings(spec: Spec, bytes: Uint8Array, start: number, place: string): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = start;
  for (let left = count(spec); left > 0; left--) {
    if (at + LENGTH_BYTES > bytes.length) {
      refuse('weights-truncated', place, `${left} more strings`, `the end of the weights`, FIX);
    }
    at += LENGTH_BYTES + view.getUint32(at, true);
  }
  return at;
}

/** The index of the first float that is NaN or infinite: all bits of its exponent are set. */
function firstNotFinite({ dtype, quantization }: Spec, bytes: Uint8Array): number {
  if (quantization ? quantization.dtype !== 'float16' : dtype !== 'float32' && dtype !== 'complex64') return -1;
  const [Words, exponent] = quantization ? [Uint16Array, 0x7c00] : [Uint32Array, 0x7f800000];
  const size = Words.BYTES_PER_ELEMENT;
  const scan = (piece: Uint8Array) => {
    const words = new Words(piece.buffer as ArrayBuffer, piece.byteOffset, piece.length / size);
    for (let i = 0; i < words.length; i++) if ((words[i] & exponent) === exponent) return i;
    return -1;
  };
  if (bytes.byteOffset % size === 0) return scan(bytes);
  for (let at = 0; at < bytes.length; at += PIECE * size) {
    const found = scan(bytes.slice(at, at + PIECE * size));
    if (found >= 0) return at / size + found;
  }
  return -1;
}

function coordinates(index: number, shape: readonly number[]): string {
  const out: number[] = [];
  for (const size of [...shape].reverse()) {
    out.unshift(index % size);
    index = Math.floor(index / size);
  }
  return `[${out.join(', ')}]`;
}
