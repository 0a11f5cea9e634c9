import type { io } from '@tensorflow/tfjs-core';
import { show, UsageError } from '@espalier/core';
import { deflateSync } from 'fflate';
import { joinWeights, modelFields, stringify, toManifest } from '../model-json/artifacts.js';
import { checkDocument } from '../model-json/document.js';
import { parseJson } from '../kit/json.js';
import { READ_DEFAULTS } from '../kit/limits.js';
import { checkWeights, sliceWeights } from '../model-json/weights.js';
import { ByteWriter } from './bytes.js';
import { crc32 } from '../kit/crc32.js';
import { DICTIONARY } from './dictionary.js';
import type { ValuesOption } from './spec.js';
import { encodeTensor, type TensorReport } from './tensor.js';

export interface EncodeOptions {
  /** How float32 weights of two and more axes are stored; 'float32' keeps every bit of every tensor. */
  readonly values?: ValuesOption;
  /** 2^n shared values for `values: 'codebook'`, n from 1 to 8. */
  readonly codebookBits?: number;
  /** What happens to NaN and infinities: refused, or kept bit by bit. */
  readonly nonFinite?: 'refuse' | 'keep';
  /** After every tensor. */
  readonly onReport?: (report: TensorReport, done: number, total: number) => void;
}

export const ENCODE_DEFAULTS = { values: 'float32', codebookBits: 5, nonFinite: 'refuse' } as const;

export const VALUES_OPTIONS: readonly ValuesOption[] = ['float32', 'float16', 'int8', 'int4', 'codebook'];

export const MAGIC = Uint8Array.of(0x89, 0x45, 0x53, 0x50, 0x0d, 0x0a, 0x1a, 0x0a);
export const VERSION = 2;
export const STORED = 0;
export const DEFLATED = 1;
const SUBJECT = 'the model to pack';
const FIX = 'pack artifacts as tf.io.withSaveHandler gives them';

/** A compact file and what its parts take. */
export interface Encoded {
  readonly bytes: Uint8Array;
  /** Bytes of magic, header, topology, names and shapes. */
  readonly headerBytes: number;
  readonly tensors: readonly TensorReport[];
}

/**
 * A model as one compact file (docs/format.md): for each tensor the form of positions and values that is smallest, by
 * measurement. Same artifacts and options, same bytes. With `values` other than 'float32' weights of two and more axes are
 * quantised, and other float32 weights become float16 where that keeps 11 bits of all but the tiniest values; weights that TensorFlow.js
 * stored quantised, integers, strings and optimizer state always stay as they are.
 *
 * Throws an InputError where the artifacts are no valid model, a UsageError with code 'values' or 'codebook-bits'.
 */
export function encodeEspalier(artifacts: io.ModelArtifacts, options: EncodeOptions = {}): Uint8Array {
  return encodeWithReport(artifacts, options).bytes;
}

/** `encodeEspalier`, with the size of every part. */
export function encodeWithReport(artifacts: io.ModelArtifacts, options: EncodeOptions = {}): Encoded {
  const { values, codebookBits, nonFinite } = { ...ENCODE_DEFAULTS, ...options };
  if (!VALUES_OPTIONS.includes(values)) {
    throw new UsageError('values', `values must be one of ${VALUES_OPTIONS.join(', ')}, got ${show(values)}`);
  }
  if (!(Number.isInteger(codebookBits) && codebookBits >= 1 && codebookBits <= 8)) {
    throw new UsageError('codebook-bits', `codebookBits must be a whole number from 1 to 8, got ${show(codebookBits)}`);
  }
  const weights = joinWeights(artifacts.weightData);
  const header = encodeHeader(artifacts);
  const { specs } = header;
  checkWeights(specs, weights, SUBJECT, nonFinite);
  const writer = new ByteWriter();
  writer.bytes(header.bytes);
  const tensors = sliceWeights(specs, weights).map((bytes, i) => {
    const { record, report } = encodeTensor(specs[i], bytes, { values, codebookBits });
    const start = writer.length;
    writer.varint(record.length);
    writer.bytes(record);
    writer.u32(crc32(writer.done().subarray(start)));
    options.onReport?.(report, i + 1, specs.length);
    return report;
  });
  return { bytes: writer.done().slice(), headerBytes: header.bytes.length, tensors };
}

/** Magic, version, lengths, the model without its weights, and their CRC. */
function encodeHeader(artifacts: io.ModelArtifacts) {
  const text = stringify(modelFields(artifacts), SUBJECT, FIX);
  const document = checkDocument(toManifest(parseJson(text, SUBJECT, READ_DEFAULTS)), SUBJECT);
  const json = new TextEncoder().encode(text);
  const deflated = deflateSync(json, { level: 9, mem: 12, dictionary: DICTIONARY });
  const [method, stored] = deflated.length < json.length ? [DEFLATED, deflated] : [STORED, json];
  const writer = new ByteWriter();
  writer.bytes(MAGIC);
  writer.u8(VERSION);
  writer.u8(method);
  writer.u32(json.length);
  writer.u32(stored.length);
  writer.bytes(stored);
  writer.u32(crc32(writer.done()));
  return { bytes: writer.done(), specs: document.artifacts.weightSpecs! };
}
