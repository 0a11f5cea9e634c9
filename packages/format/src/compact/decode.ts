import type { io } from '@tensorflow/tfjs-core';
import { show } from '@espalier/core';
import { inflateSync } from 'fflate';
import { checkDocument, type ModelDocument } from '../document.js';
import { decodeUtf8, parseJson } from '../json.js';
import { READ_DEFAULTS } from '../limits.js';
import { refuse } from '../refuse.js';
import { checkWeights } from '../weights.js';
import { ByteReader, corrupt } from './bytes.js';
import { crc32 } from './crc32.js';
import { DICTIONARY } from './dictionary.js';
import { DEFLATED, MAGIC, STORED, toManifest, VERSION } from './encode.js';
import { elementsOf, type Spec, widthOf } from './spec.js';
import { type DecodedTensor, decodeTensor, expand } from './tensor.js';

export interface DecodeOptions {
  /** What messages call the file, as they show it. */
  readonly name?: string;
  /** Largest header, once inflated. */
  readonly maxJsonBytes?: number;
  /** Deepest nesting in the header. */
  readonly maxDepth?: number;
  /** Most bytes of weights. */
  readonly maxWeightBytes?: number;
  /** Most bytes of weights for each byte of the file, beyond the first 64 MiB. */
  readonly maxRatio?: number;
  readonly nonFinite?: 'refuse' | 'keep';
  /** After every tensor. */
  readonly onTensor?: (tensor: TensorInfo) => void;
}

/** A tensor as it was stored, for those who can use it without its zeros. */
export interface TensorInfo extends DecodedTensor {
  readonly spec: Spec;
  /** Bytes in the file, with length and checksum. */
  readonly bytes: number;
}

export const DECODE_DEFAULTS = {
  ...READ_DEFAULTS,
  maxWeightBytes: 2 ** 34,
  maxRatio: 4096,
  nonFinite: 'refuse',
} as const;

/** Weights of this size are never suspicious. */
const FREE_BYTES = 2 ** 26;
const FIXED = MAGIC.length + 10;
const CRC_BYTES = 4;
/** No deflate stream expands more than this. */
const DEFLATE_RATIO = 1032;
const FIX = 'download or copy the file again';

/**
 * The artifacts in a compact file; `weightData` is one ArrayBuffer. Every length and every checksum is checked before
 * anything is allocated for it. InputErrors: 'compact-magic', 'compact-version', 'compact-header', 'compact-truncated',
 * 'compact-trailing', 'compact-checksum', 'compact-data', 'compact-ratio', 'weights-size', and those of a model.json.
 */
export function decodeEspalier(bytes: Uint8Array, options: DecodeOptions = {}): io.ModelArtifacts {
  const decoder = new EspalierDecoder(options, bytes.length);
  decoder.push(bytes);
  return decoder.finish();
}

/** Decodes a compact file while it arrives; what was decoded is let go of as soon as it is. */
export class EspalierDecoder {
  private readonly options: Required<Omit<DecodeOptions, 'onTensor'>> & Pick<DecodeOptions, 'onTensor'>;
  private readonly where: string;
  /** What has arrived and was not read: a view of `buffer`, or of a chunk. */
  private pending: Uint8Array = new Uint8Array(0);
  private buffer = new Uint8Array(0);
  /** Bytes that were read, up to the beginning of `pending`. */
  private consumed = 0;
  private document: ModelDocument | undefined;
  private next = 0;
  private decoded = 0;
  /** All weights, where their size is known at the beginning; else each weight for itself. */
  private whole: Uint8Array | undefined;
  private readonly parts: Uint8Array[] = [];

  /** `size`: the bytes of the file, where they are known. */
  constructor(
    options: DecodeOptions = {},
    private readonly size?: number,
  ) {
    this.options = { name: 'the compact file', ...DECODE_DEFAULTS, ...options };
    this.where = this.options.name;
  }

  push(bytes: Uint8Array): void {
    // A Buffer of Node is a Uint8Array whose slice() copies nothing.
    const chunk = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (this.pending.length === 0) this.pending = chunk;
    else {
      const [held, size] = [this.pending, this.pending.length + chunk.length];
      const start = held.byteOffset - this.buffer.byteOffset;
      if (held.buffer !== this.buffer.buffer || start + size > this.buffer.length) {
        // Doubling keeps the copying of a record that comes in many pieces in bounds.
        this.buffer = new Uint8Array(2 * size);
        this.buffer.set(held);
        this.pending = this.buffer.subarray(0, held.length);
      }
      const from = this.pending.byteOffset - this.buffer.byteOffset;
      this.buffer.set(chunk, from + held.length);
      this.pending = this.buffer.subarray(from, from + size);
    }
    while (this.step());
  }

  finish(): io.ModelArtifacts {
    const { document } = this;
    if (!document || this.next < document.artifacts.weightSpecs!.length) {
      const what = document ? `weight ${show(document.artifacts.weightSpecs![this.next].name)}` : 'the header';
      refuse(
        'compact-truncated',
        `${this.where}: ${what}`,
        'all of it',
        `the end of the file after ${this.consumed + this.pending.length} bytes`,
        FIX,
      );
    }
    const weightData = (this.whole ?? joinParts(this.parts)).buffer as ArrayBuffer;
    return { ...document!.artifacts, weightData };
  }

  /** Takes the header or a record from what is pending; false = more is needed. */
  private step(): boolean {
    if (!this.document) return this.header();
    const { weightSpecs } = this.document.artifacts;
    if (this.next < weightSpecs!.length) return this.record(weightSpecs![this.next]);
    if (this.pending.length > 0) {
      refuse(
        'compact-trailing',
        this.where,
        `${this.consumed} bytes`,
        `${this.pending.length} and more beyond them`,
        FIX,
      );
    }
    return false;
  }

  private header(): boolean {
    const { where, pending, options } = this;
    MAGIC.forEach((byte, i) => {
      if (i < pending.length && pending[i] !== byte) {
        refuse(
          'compact-magic',
          where,
          'a compact file of Espalier',
          'other bytes at its beginning',
          'give an .espalier file',
        );
      }
    });
    if (pending.length < FIXED) return false;
    const reader = new ByteReader(pending, where);
    reader.take(MAGIC.length, 'magic');
    const [version, method] = [reader.u8('version'), reader.u8('method')];
    if (version !== VERSION)
      refuse('compact-version', where, `version ${VERSION}`, `${version}`, 'use a newer release of Espalier');
    if (method !== STORED && method !== DEFLATED)
      refuse('compact-header', where, 'a header stored or deflated', `method ${method}`, FIX);
    const [size, stored] = [reader.u32('length'), reader.u32('length')];
    const most = method === STORED ? stored : stored * DEFLATE_RATIO;
    if (size > options.maxJsonBytes || size > most || (method === STORED && size !== stored)) {
      refuse(
        'compact-header',
        where,
        `a header of at most ${Math.min(most, options.maxJsonBytes)} bytes`,
        `${size}`,
        FIX,
      );
    }
    this.checkRoom(FIXED + stored + CRC_BYTES, 'header');
    if (pending.length < FIXED + stored + CRC_BYTES) return false;
    const body = reader.take(stored, 'header');
    this.checkCrc(reader, where);
    const json = method === STORED ? body : inflate(body, size, where);
    const parsed = parseJson(decodeUtf8(json, `${where}: header`), `${where}: header`, options);
    this.document = checkDocument(toManifest(parsed), where);
    this.consume(reader.at);
    this.allocate(this.document.artifacts.weightSpecs!);
    return true;
  }

  private allocate(specs: readonly Spec[]): void {
    if (this.size === undefined || specs.some((spec) => spec.dtype === 'string')) return;
    const total = specs.reduce((sum, spec) => sum + elementsOf(spec) * widthOf(spec), 0);
    this.checkSize(total, this.size, this.where);
    this.whole = allocated(total, this.where, this.options.maxWeightBytes);
  }

  private record(spec: Spec): boolean {
    const { pending } = this;
    const where = `${this.where}: weight ${show(spec.name)}`;
    const start = new ByteReader(pending, where);
    // A length takes 8 bytes at most; fewer may be there while more are to come.
    if (pending.length < 8 && !pending.some((byte) => byte < 128)) return false;
    const length = start.varint('a length');
    const total = start.at + length + CRC_BYTES;
    this.checkRoom(total, 'record', where);
    if (pending.length < total) return false;
    const whole = new ByteReader(pending.subarray(0, total), where);
    whole.take(total - CRC_BYTES, 'record');
    this.checkCrc(whole, where);
    const reader = new ByteReader(pending.subarray(start.at, total - CRC_BYTES), where);
    const width = widthOf(spec);
    const size = spec.dtype === 'string' ? reader.varint('a size') : elementsOf(spec);
    this.checkSize(this.decoded + size * width, this.consumed + total, where);
    const tensor = decodeTensor(reader, spec, size);
    reader.end();
    const bytes =
      this.whole?.subarray(this.decoded, this.decoded + size * width) ??
      allocated(size * width, where, this.options.maxWeightBytes);
    expand(tensor, width, bytes);
    checkWeights([spec], bytes, this.where, this.options.nonFinite);
    if (!this.whole) this.parts.push(bytes);
    this.decoded += bytes.length;
    this.next++;
    this.consume(total);
    this.options.onTensor?.({ ...tensor, spec, bytes: total });
    return true;
  }

  private consume(bytes: number): void {
    this.pending = this.pending.subarray(bytes);
    this.consumed += bytes;
  }

  /** A file whose size is known cannot hold more than is left of it. */
  private checkRoom(bytes: number, what: string, where = this.where): void {
    if (this.size !== undefined && this.consumed + bytes > this.size) {
      refuse('compact-truncated', where, `${bytes} bytes of ${what}`, `${this.size - this.consumed}`, FIX);
    }
  }

  /** Refuses weights that no memory holds, and those of a file that is much too small for them. */
  private checkSize(bytes: number, read: number, where: string): void {
    const { maxWeightBytes, maxRatio } = this.options;
    if (bytes > maxWeightBytes) {
      refuse(
        'weights-size',
        where,
        `at most ${maxWeightBytes} bytes of weights`,
        `${bytes}`,
        'use a machine with more memory',
      );
    }
    const most = FREE_BYTES + maxRatio * read;
    if (bytes > most) {
      refuse(
        'compact-ratio',
        where,
        `at most ${most} bytes of weights in ${read} bytes`,
        `${bytes}`,
        'raise maxRatio if you trust the file',
      );
    }
  }

  private checkCrc(reader: ByteReader, where: string): void {
    const computed = crc32(reader.bytes.subarray(0, reader.at));
    const stored = reader.u32('a checksum');
    if (computed === stored) return;
    const hex = (n: number) => `0x${n.toString(16).padStart(8, '0')}`;
    refuse('compact-checksum', where, `CRC-32 ${hex(stored)}`, hex(computed), FIX);
  }
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

function allocated(bytes: number, where: string, limit: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(bytes);
  } catch (error) {
    return refuse(
      'weights-size',
      where,
      `at most ${limit} bytes of weights`,
      `${bytes}`,
      'use a machine with more memory',
      error,
    );
  }
}

function joinParts(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
