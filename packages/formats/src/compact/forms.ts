import { ByteWriter } from './bytes.js';
import { type Entropy, entropyOf } from './entropy.js';
import { fitsHalf, toHalf } from '../kit/half.js';
import { quantiseScaled, quantiseShared } from './quantise.js';
import { encodeSymbols } from './symbols.js';
import { isFloatSpec, type Spec, type TensorOptions, widthOf } from './spec.js';
import { encodeFloats, encodePlanes, type ValuesKind } from './values.js';

/** Values written in one form. */
export interface Stored {
  readonly kind: ValuesKind;
  readonly bytes: Uint8Array;
  /** What of `bytes` is scales or a codebook. */
  readonly tableBytes: number;
  /** The order-0 entropy of the symbols that are coded, each run by its own histogram. */
  entropy(): Entropy;
}

/** The values of the elements at `positions` (all of them where undefined), written in one form. */
export type Store = (positions: Uint32Array | undefined) => Stored;

/** How one tensor's values are stored: which elements are zero then, and the form. */
export interface Form {
  readonly isZero: (i: number) => boolean;
  readonly store: Store;
}

/** The form that the options ask for, where the tensor can have it. `bytes` are the weight's as in a shard. */
export function formOf(spec: Spec, bytes: Uint8Array, { values, codebookBits }: TensorOptions): Form {
  const isPlainFloat = spec.dtype === 'float32' && !spec.quantization && spec.group !== 'optimizer';
  // Nothing has no channels.
  if (values === 'float32' || !isPlainFloat || bytes.length === 0) return exact(spec, bytes);
  const floats = new Float32Array(bytes.slice().buffer);
  if (!floats.every(Number.isFinite)) return exact(spec, bytes);
  if (values === 'float16' || spec.shape.length < 2) return halves(floats) ?? exact(spec, bytes);
  return values === 'codebook' ? shared(floats, codebookBits) : scaled(floats, spec, values);
}

/** `write` answers with the runs of symbols that it coded. */
function written(kind: ValuesKind, write: (writer: ByteWriter) => readonly Uint8Array[]): Stored {
  const writer = new ByteWriter();
  const runs = write(writer);
  return {
    kind,
    bytes: writer.done(),
    tableBytes: 0,
    entropy: () => {
      const all = runs.map(entropyOf);
      return { bytes: all.reduce((sum, e) => sum + e.bytes, 0), bias: all.reduce((sum, e) => sum + e.bias, 0) };
    },
  };
}

/** The same with a table before one run of symbols. */
function writtenWithTable(kind: ValuesKind, table: (writer: ByteWriter) => void, symbols: Uint8Array): Stored {
  const writer = new ByteWriter();
  table(writer);
  const tableBytes = writer.length;
  encodeSymbols(writer, symbols);
  return { kind, bytes: writer.done(), tableBytes, entropy: () => entropyOf(symbols) };
}

/** Every byte as it is; zeros are elements whose bytes are all 0, so that −0 is a value. */
function exact(spec: Spec, bytes: Uint8Array): Form {
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
function halves(floats: Float32Array): Form | undefined {
  if (!fitsHalf(floats)) return undefined;
  const bits = Uint16Array.from(floats, (value) => toHalf(value)!);
  const bytes = new Uint8Array(bits.buffer);
  const store: Store = (positions) => written('float16', (w) => encodePlanes(w, gather(bytes, 2, positions), 2, true));
  return { isZero: (i: number) => bits[i] === 0, store };
}

function scaled(floats: Float32Array, spec: Spec, kind: 'int8' | 'int4'): Form {
  const bits = kind === 'int8' ? 8 : 4;
  const channels = channelsOf(spec);
  const { scales, steps } = quantiseScaled(floats, channels, bits);
  const mask = 2 ** bits - 1;
  const table = (w: ByteWriter) => {
    w.varint(channels);
    encodeFloats(w, scales);
  };
  const store: Store = (positions) => {
    const symbols = new Uint8Array(positions?.length ?? steps.length);
    for (let i = 0; i < symbols.length; i++) symbols[i] = steps[positions ? positions[i] : i] & mask;
    return writtenWithTable(kind, table, symbols);
  };
  return { isZero: (i: number) => steps[i] === 0, store };
}

/** Output channels come last; those of a depthwise kernel [h, w, in, mult] are its last two axes. */
function channelsOf({ name, shape }: Spec): number {
  const last = Math.max(1, shape[shape.length - 1]);
  return shape.length === 4 && /depthwise/i.test(name) ? last * Math.max(1, shape[2]) : last;
}

/** Zeros stay zeros: the codebook is that of the others, with a 0 of its own where zeros are stored with them. */
function shared(floats: Float32Array, bits: number): Form {
  const { codebook, codes } = quantiseShared(
    floats.filter((value) => value !== 0),
    // One code is left for zero.
    Math.min(2 ** bits, 255),
  );
  const codeOf = new Int16Array(floats.length).fill(-1);
  for (let i = 0, next = 0; i < floats.length; i++) if (floats[i] !== 0) codeOf[i] = codes[next++];
  const store: Store = (positions) => {
    const symbols = new Uint8Array(positions?.length ?? codeOf.length);
    let zeros = 0;
    for (let i = 0; i < symbols.length; i++) {
      const code = codeOf[positions ? positions[i] : i];
      symbols[i] = code + 1;
      if (code < 0) zeros++;
    }
    if (zeros === 0) for (let i = 0; i < symbols.length; i++) symbols[i]--;
    const values = zeros > 0 ? Float32Array.of(0, ...codebook) : codebook;
    const table = (w: ByteWriter) => {
      w.varint(values.length);
      encodeFloats(w, values);
    };
    return writtenWithTable('codebook', table, symbols);
  };
  return { isZero: (i: number) => codeOf[i] < 0 || codebook[codeOf[i]] === 0, store };
}
