import { type ByteReader, ByteWriter, corrupt } from './bytes.js';
import { biasOfCounts, entropyOfCounts } from './entropy.js';
import { formOf, type Store, type Stored } from './forms.js';
import { halvesToFloats } from '../kit/half.js';
import {
  type Candidate,
  decodePositions,
  encodePositions,
  type Layout,
  layoutOf,
  POSITIONS,
  type PositionsKind,
} from './positions.js';
import { dtypeOf, isFloatSpec, type Spec, type TensorOptions, widthOf } from './spec.js';
import { decodePlanes, decodeScaled, decodeShared, VALUES } from './values.js';

/** What a tensor takes in the file, in bytes, and the forms that were chosen. */
export interface TensorReport {
  readonly name: string;
  readonly elements: number;
  readonly kept: number;
  readonly positions: string;
  readonly values: string;
  readonly positionBytes: number;
  /** Scales and codebook included. */
  readonly valueBytes: number;
  /** Bytes of scales or of the codebook. */
  readonly tableBytes: number;
  /**
   * Bytes of order-0 entropy: of the positions as independent draws of zero and not zero; of the values of what is not zero by the
   * histogram of their symbols, which are steps, codes, or for exact values each byte of a float for itself. `bias` is by how
   * much both together are too small where the draws are few.
   */
  readonly entropy: { readonly positions: number; readonly values: number; readonly bias: number };
}

interface Choice {
  readonly kind: PositionsKind;
  readonly positions: Uint8Array;
  readonly values: Stored;
}

/** Sparse forms count their elements with 32 bits. */
const MOST_POSITIONS = 2 ** 32 - 1;

/** One tensor's record in the smallest form, measured. `bytes` are the weight's as in a shard. */
export function encodeTensor(
  spec: Spec,
  bytes: Uint8Array,
  options: TensorOptions,
): { record: Uint8Array; report: TensorReport } {
  const size = bytes.length / widthOf(spec);
  const layout = spec.dtype === 'string' ? layoutOf([], size) : layoutOf(spec.shape, size);
  const { isZero, store } = formOf(spec, bytes, options);
  const all = store(undefined);
  let best: Choice = { kind: 'dense', positions: new Uint8Array(0), values: all };
  const total = (choice: Choice) => choice.positions.length + choice.values.bytes.length;
  const kept = size > MOST_POSITIONS ? undefined : keptPositions(size, isZero);
  let values = all;
  if (kept && kept.length < size) {
    values = store(kept);
    for (const candidate of encodePositions(kept, layout)) {
      const stored = candidate.positions === kept ? values : storeBlocks(candidate, store, total(best));
      const choice = { kind: candidate.kind, positions: candidate.bytes, values: stored };
      if (total(choice) < total(best)) best = choice;
    }
  }
  const writer = new ByteWriter();
  if (spec.dtype === 'string') writer.varint(bytes.length);
  writer.u8((POSITIONS[best.kind] << 4) | VALUES[best.values.kind]);
  writer.bytes(best.positions);
  writer.bytes(best.values.bytes);
  const count = kept?.length ?? size;
  const draws = [count, size - count];
  const ofValues = values.entropy();
  return {
    record: writer.done(),
    report: {
      name: spec.name,
      elements: size,
      kept: count,
      positions: best.kind,
      values: best.values.kind,
      positionBytes: best.positions.length,
      valueBytes: best.values.bytes.length,
      tableBytes: best.values.tableBytes,
      entropy: {
        positions: entropyOfCounts(draws),
        values: ofValues.bytes,
        bias: ofValues.bias + biasOfCounts(draws),
      },
    },
  };
}

/** Storing values costs time, so only where the positions alone do not already lose. */
function storeBlocks(candidate: Candidate, store: Store, most: number): Stored {
  return candidate.bytes.length < most
    ? store(candidate.positions)
    : { kind: 'planes', bytes: new Uint8Array(most), tableBytes: 0, entropy: () => ({ bytes: NaN, bias: NaN }) };
}

function keptPositions(size: number, isZero: (i: number) => boolean): Uint32Array {
  let count = 0;
  for (let i = 0; i < size; i++) if (!isZero(i)) count++;
  const out = new Uint32Array(count);
  for (let i = 0, next = 0; i < size; i++) if (!isZero(i)) out[next++] = i;
  return out;
}

/** A tensor as it was stored: the elements that are not listed are zero. */
export interface DecodedTensor {
  /** Ascending; undefined = all. */
  readonly positions: Uint32Array | undefined;
  /** Bytes of the values, in the order of the positions. */
  readonly values: Uint8Array;
}

/** The tensor of a record; nothing is allocated that `size` elements do not need. */
export function decodeTensor(reader: ByteReader, spec: Spec, size: number): DecodedTensor {
  const { where } = reader;
  const form = reader.u8('the forms of positions and values');
  const [positionsKind, valuesKind] = [form >> 4, form & 15];
  const layout: Layout = spec.dtype === 'string' ? layoutOf([], size) : layoutOf(spec.shape, size);
  if (positionsKind !== POSITIONS.dense && size > MOST_POSITIONS)
    corrupt(where, 'a dense tensor of that size', 'a sparse one');
  const positions = positionsKind === POSITIONS.dense ? undefined : decodePositions(reader, positionsKind, layout);
  const count = positions?.length ?? size;
  if (valuesKind !== VALUES.planes && (spec.dtype !== 'float32' || spec.quantization)) {
    corrupt(where, 'values byte by byte', `form ${valuesKind} of ${dtypeOf(spec)}`);
  }
  return { positions, values: decodeValues(reader, valuesKind, spec, positions, count, size) };
}

function decodeValues(
  reader: ByteReader,
  kind: number,
  spec: Spec,
  positions: Uint32Array | undefined,
  count: number,
  size: number,
): Uint8Array {
  if (kind === VALUES.planes) return decodePlanes(reader, count, widthOf(spec), isFloatSpec(spec));
  const bytesOf = (floats: Float32Array) => new Uint8Array(floats.buffer);
  if (kind === VALUES.float16) {
    const bits = decodePlanes(reader, count, 2, true);
    return bytesOf(halvesToFloats(new Uint16Array(bits.buffer)));
  }
  if (kind === VALUES.int8) return bytesOf(decodeScaled(reader, 8, positions, count, size));
  if (kind === VALUES.int4) return bytesOf(decodeScaled(reader, 4, positions, count, size));
  if (kind === VALUES.codebook) return bytesOf(decodeShared(reader, count));
  return corrupt(reader.where, 'a form of values from 0 to 4', kind);
}

/** Puts the tensor's elements into zeros. */
export function expand({ positions, values }: DecodedTensor, width: number, target: Uint8Array): void {
  if (!positions) return target.set(values);
  if (width === 4 && target.byteOffset % 4 === 0 && values.byteOffset % 4 === 0) {
    const [from, to] = [
      new Int32Array(values.buffer, values.byteOffset, positions.length),
      new Int32Array(target.buffer, target.byteOffset, target.length / 4),
    ];
    for (let i = 0; i < positions.length; i++) to[positions[i]] = from[i];
    return;
  }
  for (let i = 0, at = 0; i < positions.length; i++) {
    for (let b = positions[i] * width, end = b + width; b < end; b++) target[b] = values[at++];
  }
}
