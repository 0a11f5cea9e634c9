import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Random, seededRandom } from '@espalier/core';
import type { io } from '@tensorflow/tfjs-core';
import { ByteReader, ByteWriter } from '../src/compact/bytes.js';
import { crc32 } from '../src/kit/crc32.js';
import { decodeEspalier } from '../src/compact/decode.js';
import { encodeEspalier } from '../src/compact/encode.js';
import { checkDocument } from '../src/model-json/document.js';
import { readIdx } from '../src/arrays/idx.js';
import { decodeUtf8, parseJson } from '../src/kit/json.js';
import { READ_DEFAULTS } from '../src/kit/limits.js';
import { readModel } from '../src/read-model.js';
import { readSafetensors } from '../src/safetensors/read.js';
import { headerLength, parseHeader } from '../src/safetensors/header.js';
import { checkWeights } from '../src/model-json/weights.js';
import { mutateBytes, mutateValue, pick } from './mutate.js';

/** A reader, and inputs that are nearly right for it. */
export interface Target {
  make(random: Random): Uint8Array;
  read(bytes: Uint8Array): unknown;
}

const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

const MODEL = {
  format: 'layers-model',
  generatedBy: 'a test',
  convertedBy: null,
  modelTopology: {
    class_name: 'Sequential',
    config: {
      name: 'tiny',
      layers: [
        { class_name: 'Dense', config: { name: 'fc', units: 3, batch_input_shape: [null, 2], dtype: 'float32' } },
      ],
    },
  },
  weightsManifest: [
    {
      paths: ['weights.bin'],
      weights: [
        { name: 'fc/kernel', shape: [2, 3], dtype: 'float32' },
        { name: 'fc/bias', shape: [3], dtype: 'float32', quantization: { dtype: 'uint8', scale: 0.5, min: -1 } },
        { name: 's', shape: [1], dtype: 'string' },
      ],
    },
  ],
};
const GRAPH = {
  format: 'graph-model',
  modelTopology: { node: [{ name: 'x', op: 'Placeholder', attr: {} }] },
  weightsManifest: [],
};

/** Weights that between them use every form of positions and values. */
export function compactFiles(): Uint8Array[] {
  const random = seededRandom(9);
  const kernel = (keep: (i: number) => boolean) =>
    Float32Array.from({ length: 32 * 24 }, (_, i) => (keep(i) ? random() - 0.5 : 0));
  const pairs = Array.from({ length: 8 * 24 }, () => pick(random, [3, 5, 6, 9, 10, 12]));
  const kernels = [
    kernel(() => true),
    kernel(() => random() < 0.1),
    kernel((i) => Math.floor(i / 24) % 5 === 0),
    kernel((i) => i % 7 === 6),
    kernel((i) => (Math.floor(i / 8) * 7919) % 5 === 0),
    kernel((i) => ((pairs[Math.floor(i / 96) * 24 + (i % 24)] >> (Math.floor(i / 24) % 4)) & 1) === 1),
  ];
  const weightSpecs: io.WeightsManifestEntry[] = [
    ...kernels.map((_, i) => ({ name: `k${i}/kernel`, shape: [32, 24], dtype: 'float32' as const })),
    { name: 'b', shape: [3], dtype: 'bool' },
    { name: 's', shape: [2], dtype: 'string' },
  ];
  const weightData = Uint8Array.from([
    ...kernels.flatMap((k) => [...new Uint8Array(k.buffer)]),
    1,
    0,
    1,
    1,
    0,
    0,
    0,
    65,
    0,
    0,
    0,
    0,
  ]).buffer;
  const artifacts = { modelTopology: MODEL.modelTopology, weightSpecs, weightData };
  return (['float32', 'float16', 'int8', 'int4', 'codebook'] as const).map((values) =>
    encodeEspalier(artifacts, { values }),
  );
}

/** Files that earlier releases wrote: small ones, which have forms that today's encoder seldom chooses. */
export function goldenFiles(dir = join(__dirname, 'golden')): Uint8Array[] {
  const names = readdirSync(dir).filter((name) => name.endsWith('.espalier') && !name.includes('lenet'));
  return names.map((name) => new Uint8Array(readFileSync(join(dir, name))));
}

/** A compact file with one of its parts changed, and every length and checksum right again. */
function mutateCompact(bytes: Uint8Array, random: Random): Uint8Array {
  const reader = new ByteReader(bytes, 'x');
  const fixed = reader.take(14, 'magic').slice();
  const header = reader.take(reader.u32('length'), 'header');
  reader.u32('crc');
  const bodies: Uint8Array[] = [];
  while (reader.left > 0) {
    bodies.push(reader.take(reader.varint('length'), 'body'));
    reader.u32('crc');
  }
  const chosen = Math.floor(random() * (bodies.length + 1));
  const writer = new ByteWriter();
  writer.bytes(fixed);
  const stored = chosen === bodies.length ? mutateBytes(header, random) : header;
  writer.u32(stored.length);
  writer.bytes(stored);
  writer.u32(crc32(writer.done()));
  bodies.forEach((body, i) => {
    const start = writer.length;
    const part = chosen === i ? mutateBytes(body, random) : body;
    writer.varint(part.length);
    writer.bytes(part);
    writer.u32(crc32(writer.done().subarray(start)));
  });
  return writer.done().slice();
}

function safetensorsFile(header: Uint8Array, data: number): Uint8Array {
  const out = new Uint8Array(8 + header.length + data);
  new DataView(out.buffer).setBigUint64(0, BigInt(header.length), true);
  out.set(header, 8);
  return out;
}

const TENSORS = {
  __metadata__: { a: 'b' },
  w: { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] },
  v: { dtype: 'BF16', shape: [4], data_offsets: [24, 32] },
};

const IDX = Uint8Array.from([0, 0, 8, 2, 0, 0, 0, 8, 0, 0, 0, 16, ...new Uint8Array(128).map((_, i) => i * 5)]);
const SHARD = Uint8Array.from([...new Uint8Array(27).map((_, i) => (i * 7) % 0x78), 2, 0, 0, 0, 65, 66]);
const INDEX = { metadata: { total_size: 32 }, weight_map: { w: 'a.safetensors', v: 'a.safetensors' } };

/** Every reader, by name; those that need files write them into a folder of their own. */
export function targets(golden?: string): Record<string, Target> {
  const compact = [...compactFiles(), ...goldenFiles(golden)];
  return { ...readersOfBytes(compact), ...readersOfFiles(compact) };
}

function readersOfBytes(compact: readonly Uint8Array[]): Record<string, Target> {
  const readDocument = (bytes: Uint8Array) => {
    const { groups } = checkDocument(parseJson(decodeUtf8(bytes, 'x'), 'x', READ_DEFAULTS), 'x');
    for (const group of groups) checkWeights(group.specs, SHARD, 'x');
  };
  return {
    'json-text': { make: (random) => mutateBytes(text(random() < 0.8 ? MODEL : GRAPH), random), read: readDocument },
    'json-values': { make: (random) => text(mutateValue(random() < 0.8 ? MODEL : GRAPH, random)), read: readDocument },
    weights: {
      make: (random) => mutateBytes(SHARD, random),
      read: (bytes) => checkWeights(MODEL.weightsManifest[0].weights as io.WeightsManifestEntry[], bytes, 'x'),
    },
    'compact-bytes': {
      make: (random) => mutateBytes(pick(random, compact), random),
      read: (bytes) => decodeEspalier(bytes),
    },
    'compact-parts': {
      make: (random) => mutateCompact(pick(random, compact), random),
      read: (bytes) => decodeEspalier(bytes),
    },
    safetensors: {
      make: (random) => {
        if (random() < 0.5) return mutateBytes(safetensorsFile(text(TENSORS), 32), random);
        return safetensorsFile(text(mutateValue(TENSORS, random)), 32);
      },
      read: (bytes) => {
        const length = headerLength(bytes, bytes.length, 'x');
        return parseHeader(bytes.subarray(8, 8 + length), bytes.length - 8 - length, 'x');
      },
    },
  };
}

function readersOfFiles(compact: readonly Uint8Array[]): Record<string, Target> {
  const dir = mkdtempSync(join(tmpdir(), 'espalier-fuzz-'));
  const inFile = (name: string, read: (path: string) => Promise<unknown>) => (bytes: Uint8Array) => {
    const path = join(dir, name);
    writeFileSync(path, bytes);
    return read(path);
  };
  writeFileSync(join(dir, 'weights.bin'), SHARD);
  writeFileSync(join(dir, 'a.safetensors'), safetensorsFile(text(TENSORS), 32));
  return {
    'model-file': { make: (random) => text(mutateValue(MODEL, random)), read: inFile('model.json', readModel) },
    'compact-file': {
      make: (random) => mutateCompact(pick(random, compact), random),
      read: inFile('m.espalier', readModel),
    },
    'safetensors-file': {
      make: (random) => mutateBytes(safetensorsFile(text(TENSORS), 32), random),
      read: inFile('m.safetensors', readSafetensors),
    },
    'safetensors-index': {
      make: (random) => text(mutateValue(INDEX, random)),
      read: inFile('m.safetensors.index.json', readSafetensors),
    },
    idx: {
      make: (random) => mutateBytes(random() < 0.5 ? IDX : gzipSync(IDX), random),
      read: inFile('x.idx', readIdx),
    },
  };
}

/** Those that go through files, and are slower for it. */
export const isSlow = (name: string) => name.endsWith('-file') || name.endsWith('-index') || name === 'idx';
