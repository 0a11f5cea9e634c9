import type { io } from '@tensorflow/tfjs-core';
import { show } from '@espalier/core';
import type { ModelDocument } from '../model-json/document.js';
import { READ_DEFAULTS } from '../kit/limits.js';
import { refuse } from '../kit/refuse.js';
import { roomFor } from '../kit/room.js';
import { checkWeights } from '../model-json/weights.js';
import { ByteReader } from './bytes.js';
import { VERSION } from './encode.js';
import { checkCrc, CRC_BYTES, FIX, readHeader, readSizes } from './header.js';
import { Pending } from './pending.js';
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
  private readonly pending = new Pending();
  private document: ModelDocument | undefined;
  private version = VERSION;
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
    this.pending.push(bytes);
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
        `the end of the file after ${this.pending.consumed + this.pending.bytes.length} bytes`,
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
    if (this.pending.bytes.length > 0) {
      refuse(
        'compact-trailing',
        this.where,
        `${this.pending.consumed} bytes`,
        `${this.pending.bytes.length} and more beyond them`,
        FIX,
      );
    }
    return false;
  }

  private header(): boolean {
    const { pending, where, options } = this;
    const sizes = readSizes(pending.bytes, where, options.maxJsonBytes);
    if (!sizes) return false;
    this.checkRoom(sizes.total, 'header');
    if (pending.bytes.length < sizes.total) return false;
    this.version = sizes.version;
    this.document = readHeader(pending.bytes.subarray(0, sizes.total), sizes, where, options);
    pending.consume(sizes.total);
    this.allocate(this.document.artifacts.weightSpecs!);
    return true;
  }

  private allocate(specs: readonly Spec[]): void {
    if (this.size === undefined || specs.some((spec) => spec.dtype === 'string')) return;
    const total = specs.reduce((sum, spec) => sum + elementsOf(spec) * widthOf(spec), 0);
    checkSize(total, this.size, this.where, this.options);
    this.whole = roomFor(total, this.options.maxWeightBytes, this.where);
  }

  private record(spec: Spec): boolean {
    const pending = this.pending.bytes;
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
    checkCrc(whole, where);
    const reader = new ByteReader(pending.subarray(start.at, total - CRC_BYTES), where, this.version);
    const width = widthOf(spec);
    const size = spec.dtype === 'string' ? reader.varint('a size') : elementsOf(spec);
    checkSize(this.decoded + size * width, this.pending.consumed + total, where, this.options);
    const tensor = decodeTensor(reader, spec, size);
    reader.end();
    const bytes =
      this.whole?.subarray(this.decoded, this.decoded + size * width) ??
      roomFor(size * width, this.options.maxWeightBytes, where);
    expand(tensor, width, bytes);
    checkWeights([spec], bytes, this.where, this.options.nonFinite);
    if (!this.whole) this.parts.push(bytes);
    this.decoded += bytes.length;
    this.next++;
    this.pending.consume(total);
    this.options.onTensor?.({ ...tensor, spec, bytes: total });
    return true;
  }

  /** A file whose size is known cannot hold more than is left of it. */
  private checkRoom(bytes: number, what: string, where = this.where): void {
    if (this.size !== undefined && this.pending.consumed + bytes > this.size) {
      refuse('compact-truncated', where, `${bytes} bytes of ${what}`, `${this.size - this.pending.consumed}`, FIX);
    }
  }
}

/** Refuses weights that no memory holds, and those of a file that is much too small for them. */
function checkSize(
  bytes: number,
  read: number,
  where: string,
  limits: { maxWeightBytes: number; maxRatio: number },
): void {
  const { maxWeightBytes, maxRatio } = limits;
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
    const wanted = `at most ${most} bytes of weights in ${read} bytes`;
    refuse('compact-ratio', where, wanted, `${bytes}`, 'raise maxRatio if you trust the file');
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
