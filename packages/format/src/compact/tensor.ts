import type { io } from '@tensorflow/tfjs-core';
import { type ByteReader, ByteWriter, corrupt } from './bytes.js';
import { fitsHalf, halvesToFloats, toHalf } from './half.js';
import {
  type Candidate,
  decodePositions,
  encodePositions,
  type Layout,
  layoutOf,
  POSITIONS,
  type PositionsKind,
} from './positions.js';
import { quantiseScaled, quantiseShared } from './quantise.js';
import {
  decodePlanes,
  decodeScaled,
  decodeShared,
  encodeFloats,
  encodePlanes,
  VALUES,
  type ValuesKind,
} from './values.js';
import { encodeSymbols } from './symbols.js';

export type Spec = io.WeightsManifestEntry;

/** How float32 weights are stored. float32 is exact, bit by bit. */
export type ValuesOption = 'float32' | 'float16' | 'int8' | 'int4' | 'codebook';

export interface TensorOptions {
  readonly values: ValuesOption;
  /** Bits of a code: 2^bits shared values. */
  readonly codebookBits: number;
}

/** What a tensor takes in the file, in bytes, and the forms that were chosen. */
export interface TensorReport {
  readonly name: string;
  readonly elements: number;
  readonly kept: number;
  readonly positions: string;
  readonly values: string;
  readonly positionBytes: number;
  readonly valueBytes: number;
}

const WIDTHS: Record<string, number> = {
  float32: 4,
  int32: 4,
  bool: 1,
  string: 1,
  complex64: 8,
  uint8: 1,
  uint16: 2,
  float16: 2,
};
const dtypeOf = ({ dtype, quantization }: Spec) => quantization?.dtype ?? dtype;
export const widthOf = (spec: Spec) => WIDTHS[dtypeOf(spec)];
const isFloatSpec = (spec: Spec) => dtypeOf(spec) === 'float32' || dtypeOf(spec) === 'float16';
export const elementsOf = (spec: Spec) => spec.shape.reduce((a, b) => a * b, 1);

/** The values of the elements at `positions` (all of them where undefined), written in one form. */
type Store = (positions: Uint32Array | undefined) => { kind: ValuesKind; bytes: Uint8Array };

interface Choice {
  readonly kind: PositionsKind;
  readonly positions: Uint8Array;
  readonly values: ReturnType<Store>;
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
  const { isZero, store } = prepare(spec, bytes, options);
  const all = store(undefined);
  let best: Choice = { kind: 'dense', positions: new Uint8Array(0), values: all };
  const total = (choice: Choice) => choice.positions.length + choice.values.bytes.length;
  const kept = size > MOST_POSITIONS ? undefined : keptPositions(size, isZero);
  if (kept && kept.length < size) {
    const values = store(kept);
    for (const candidate of encodePositions(kept, layout)) {
      const stored = candidate.positions === kept ? values : storeBlocks(candidate, store, total(best));
      const choice = { kind: candidate.kind, positions: candidate.bytes, values: stored, kept: kept.length };
      if (total(choice) < total(best)) best = choice;
    }
  }
  const writer = new ByteWriter();
  if (spec.dtype === 'string') writer.varint(bytes.length);
  writer.u8((POSITIONS[best.kind] << 4) | VALUES[best.values.kind]);
  writer.bytes(best.positions);
  writer.bytes(best.values.bytes);
  return {
    record: writer.done(),
    report: {
      name: spec.name,
      elements: size,
      kept: kept?.length ?? size,
      positions: best.kind,
      values: best.values.kind,
      positionBytes: best.positions.length,
      valueBytes: best.values.bytes.length,
    },
  };
}

/** Storing values costs time, so only where the positions alone do not already lose. */
function storeBlocks(candidate: Candidate, store: Store, most: number) {
  return candidate.bytes.length < most
    ? store(candidate.positions)
    : { kind: 'planes' as const, bytes: new Uint8Array(most) };
}

function keptPositions(size: number, isZero: (i: number) => boolean): Uint32Array {
  let count = 0;
  for (let i = 0; i < size; i++) if (!isZero(i)) count++;
  const out = new Uint32Array(count);
  for (let i = 0, next = 0; i < size; i++) if (!isZero(i)) out[next++] = i;
  return out;
}

function prepare(
  spec: Spec,
  bytes: Uint8Array,
  { values, codebookBits }: TensorOptions,
): { isZero: (i: number) => boolean; store: Store } {
  const isPlainFloat = spec.dtype === 'float32' && !spec.quantization && spec.group !== 'optimizer';
  if (values === 'float32' || !isPlainFloat) return exact(spec, bytes);
  const floats = new Float32Array(bytes.slice().buffer);
  if (!floats.every(Number.isFinite)) return exact(spec, bytes);
  if (values === 'float16' || spec.shape.length < 2) return halves(floats) ?? exact(spec, bytes);
  return values === 'codebook' ? shared(floats, codebookBits) : scaled(floats, spec, values);
}

const written = (kind: ValuesKind, write: (writer: ByteWriter) => void) => {
  const writer = new ByteWriter();
  write(writer);
  return { kind, bytes: writer.done() };
};

/** Every byte as it is; zeros are elements whose bytes are all 0, so that −0 is a value. */
function exact(spec: Spec, bytes: Uint8Array) {
  const width = widthOf(spec);
  const store: Store = (positions) =>
    written('planes', (w) => encodePlanes(w, gather(bytes, width, positions), width, isFloatSpec(spec)));
  if (width === 4) {
    const words = new Int32Array(
      bytes.byteOffset % 4 === 0 ? bytes.buffer : bytes.slice().buffer,
      bytes.byteOffset % 4 === 0 ? bytes.byteOffset : 0,
      bytes.length / 4,
    );
    return { isZero: (i: number) => words[i] === 0, store };
  }
  const isZero = (i: number) => {
    for (let at = i * width; at < (i + 1) * width; at++) if (bytes[at] !== 0) return false;
    return true;
  };
  return { isZero, store };
}

function gather(bytes: Uint8Array, width: number, positions: Uint32Array | undefined): Uint8Array {
  if (!positions) return bytes;
  const out = new Uint8Array(positions.length * width);
  for (let i = 0, at = 0; i < positions.length; i++) {
    for (let b = positions[i] * width, end = b + width; b < end; b++) out[at++] = bytes[b];
  }
  return out;
}

/** undefined where float16 would lose more than its 11 bits of the larger values. */
function halves(floats: Float32Array) {
  if (!fitsHalf(floats)) return undefined;
  const bits = Uint16Array.from(floats, (value) => toHalf(value)!);
  const bytes = new Uint8Array(bits.buffer);
  const store: Store = (positions) => written('float16', (w) => encodePlanes(w, gather(bytes, 2, positions), 2, true));
  return { isZero: (i: number) => bits[i] === 0, store };
}

function scaled(floats: Float32Array, spec: Spec, kind: 'int8' | 'int4') {
  const bits = kind === 'int8' ? 8 : 4;
  const channels = channelsOf(spec);
  const { scales, steps } = quantiseScaled(floats, channels, bits);
  const store: Store = (positions) =>
    written(kind, (w) => {
      w.varint(channels);
      encodeFloats(w, scales);
      const count = positions?.length ?? steps.length;
      const symbols = new Uint8Array(count);
      const mask = 2 ** bits - 1;
      for (let i = 0; i < count; i++) symbols[i] = steps[positions ? positions[i] : i] & mask;
      encodeSymbols(w, symbols);
    });
  return { isZero: (i: number) => steps[i] === 0, store };
}

/** Output channels come last; those of a depthwise kernel [h, w, in, mult] are its last two axes. */
function channelsOf({ name, shape }: Spec): number {
  const last = Math.max(1, shape[shape.length - 1]);
  return shape.length === 4 && /depthwise/i.test(name) ? last * Math.max(1, shape[2]) : last;
}

/** Zeros stay zeros: the codebook is that of the others, with a 0 of its own where zeros are stored with them. */
function shared(floats: Float32Array, bits: number) {
  const { codebook, codes } = quantiseShared(
    floats.filter((value) => value !== 0),
    // One code is left for zero.
    Math.min(2 ** bits, 255),
  );
  const codeOf = new Int16Array(floats.length).fill(-1);
  for (let i = 0, next = 0; i < floats.length; i++) if (floats[i] !== 0) codeOf[i] = codes[next++];
  const store: Store = (positions) =>
    written('codebook', (w) => {
      const count = positions?.length ?? codeOf.length;
      const symbols = new Uint8Array(count);
      let zeros = 0;
      for (let i = 0; i < count; i++) {
        const code = codeOf[positions ? positions[i] : i];
        symbols[i] = code + 1;
        if (code < 0) zeros++;
      }
      if (zeros === 0) for (let i = 0; i < count; i++) symbols[i]--;
      const values = zeros > 0 ? Float32Array.of(0, ...codebook) : codebook;
      w.varint(values.length);
      encodeFloats(w, values);
      encodeSymbols(w, symbols);
    });
  return { isZero: (i: number) => codeOf[i] < 0 || codebook[codeOf[i]] === 0, store };
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
