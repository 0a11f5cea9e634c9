import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ByteWriter } from '../../src/compact/bytes.js';
import { crc32 } from '../../src/kit/crc32.js';
import { MAGIC } from '../../src/compact/encode.js';
import { tinyBytes, tinyJson } from '../fixture.js';

/** Every kind of model that is read. */
export const KINDS = ['layers', 'graph', 'safetensors', 'index', 'compact'] as const;
export type Kind = (typeof KINDS)[number];

// Broken on purpose, so its types say nothing.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Json = any;

/** A small model on its way to the disk: a dense layer of 2 → 3, 'fc/kernel' and 'fc/bias'. */
export interface Draft {
  readonly kind: Kind;
  /** model.json, the header of the safetensors or of the compact file, or the index. */
  json: Json;
  /** In place of the JSON. */
  text?: string | Uint8Array;
  /** The topology, and the specs of its weights. */
  topology: Json;
  weights: Json[];
  /** The entry of 'fc/kernel', where shape and dtype are said. */
  kernel: Json;
  /** The bytes of the weights: of all, or of the index's first file. */
  data: Uint8Array;
  /** Safetensors: the header of the file that `data` belongs to. */
  header?: Json;
  /** Compact: the records. */
  bodies: Uint8Array[];
  /** What the announced length of the header is put to, where it is a lie. */
  headerLength?: bigint;
  /** Runs when the files are there. */
  after?: (dir: string) => void;
}

/** Where a kind's bytes of weights lie. */
export const SHARD: Record<Kind, string> = {
  layers: 'weights.bin',
  graph: 'weights.bin',
  safetensors: 'm.safetensors',
  index: 'a.safetensors',
  compact: 'm.espalier',
};
/** What a command is given. */
export const MAIN: Record<Kind, string> = {
  layers: 'model.json',
  graph: 'model.json',
  safetensors: 'm.safetensors',
  index: 'm.safetensors.index.json',
  compact: 'm.espalier',
};

const node = (name: string, op: string, input: string[] = [], attr: object = {}) => ({ name, op, input, attr });
const FLOAT = { type: 'DT_FLOAT' };

export function graphTopology() {
  return {
    node: [
      node('x', 'Placeholder', [], {
        dtype: FLOAT,
        shape: { shape: { dim: [{ size: '-1' }, { size: '2' }] } },
      }),
      node('fc/kernel', 'Const', [], { dtype: FLOAT }),
      node('fc/bias', 'Const', [], { dtype: FLOAT }),
      node('product', 'MatMul', ['x', 'fc/kernel'], { T: FLOAT, transpose_a: { b: false }, transpose_b: { b: false } }),
      node('sum', 'BiasAdd', ['product', 'fc/bias'], { T: FLOAT }),
    ],
    versions: { producer: 1 },
  };
}

const specs = (): Json[] => tinyJson().weightsManifest[0].weights;
const KERNEL = { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] };
const BIAS = { dtype: 'F32', shape: [3], data_offsets: [24, 36] };
const kernelBytes = () => tinyBytes().slice(0, 24);
const biasBytes = () => tinyBytes().slice(24);

/** Planes of symbols as they are. */
function plainRecord(bytes: Uint8Array): Uint8Array {
  const out = [0];
  const count = bytes.length / 4;
  const words = new Uint32Array(bytes.slice().buffer).map((word) => ((word << 1) | (word >>> 31)) >>> 0);
  for (let plane = 0; plane < 4; plane++) {
    out.push(0);
    for (let i = 0; i < count; i++) out.push((words[i] >>> (8 * plane)) & 255);
  }
  return Uint8Array.from(out);
}

export function draft(kind: Kind): Draft {
  const topology: Json = kind === 'graph' ? graphTopology() : tinyJson().modelTopology;
  const weights = specs();
  const base = { kind, topology, weights, bodies: [], data: tinyBytes() };
  if (kind === 'layers' || kind === 'graph') {
    const json = {
      format: `${kind}-model`,
      modelTopology: topology,
      weightsManifest: [{ paths: ['weights.bin'], weights }],
    };
    return { ...base, json, kernel: weights[0] };
  }
  if (kind === 'compact') {
    const json = { format: 'layers-model', modelTopology: topology, weights };
    return { ...base, json, kernel: weights[0], bodies: [kernelBytes(), biasBytes()].map(plainRecord) };
  }
  if (kind === 'safetensors') {
    const header: Json = { __metadata__: {}, 'fc/kernel': { ...KERNEL }, 'fc/bias': { ...BIAS } };
    return { ...base, json: header, header, kernel: header['fc/kernel'] };
  }
  const header: Json = { __metadata__: {}, 'fc/kernel': { ...KERNEL } };
  const json = { metadata: {}, weight_map: { 'fc/kernel': 'a.safetensors', 'fc/bias': 'b.safetensors' } };
  return { ...base, json, header, kernel: header['fc/kernel'], data: kernelBytes() };
}

export const bytesOf = (text: string | Uint8Array) =>
  typeof text === 'string' ? new TextEncoder().encode(text) : text;

export function safetensorsBytes(header: string | Uint8Array, data: Uint8Array, length?: bigint): Uint8Array {
  const json = bytesOf(header);
  const out = new Uint8Array(8 + json.length + data.length);
  new DataView(out.buffer).setBigUint64(0, length ?? BigInt(json.length), true);
  out.set(json, 8);
  out.set(data, 8 + json.length);
  return out;
}

export function compactBytes(header: string | Uint8Array, bodies: readonly Uint8Array[]): Uint8Array {
  const json = bytesOf(header);
  const writer = new ByteWriter();
  writer.bytes(MAGIC);
  writer.u8(1);
  writer.u8(0);
  writer.u32(json.length);
  writer.u32(json.length);
  writer.bytes(json);
  writer.u32(crc32(writer.done()));
  for (const body of bodies) {
    const start = writer.length;
    writer.varint(body.length);
    writer.bytes(body);
    writer.u32(crc32(writer.done().subarray(start)));
  }
  return writer.done().slice();
}

/** Writes a draft into `dir`, and answers with what a reader is given. */
export function put(dir: string, d: Draft): string {
  mkdirSync(dir, { recursive: true });
  const file = (name: string, bytes: string | Uint8Array) => writeFileSync(join(dir, name), bytes);
  const model = JSON.stringify({ format: 'layers-model', modelTopology: d.topology, weights: d.weights });
  const metadata = { format: 'tfjs', 'espalier.model': model };
  if (d.header?.__metadata__ && !('espalier.model' in d.header.__metadata__)) d.header.__metadata__ = metadata;
  const text = () => d.text ?? JSON.stringify(d.json);
  if (d.kind === 'layers' || d.kind === 'graph') {
    file('model.json', text());
    file('weights.bin', d.data);
  } else if (d.kind === 'compact') {
    file('m.espalier', compactBytes(text(), d.bodies));
  } else if (d.kind === 'safetensors') {
    file('m.safetensors', safetensorsBytes(text(), d.data, d.headerLength));
  } else {
    file('m.safetensors.index.json', text());
    file('a.safetensors', safetensorsBytes(JSON.stringify(d.header), d.data, d.headerLength));
    const bias = JSON.stringify({ __metadata__: metadata, 'fc/bias': { ...BIAS, data_offsets: [0, 12] } });
    file('b.safetensors', safetensorsBytes(bias, biasBytes()));
  }
  d.after?.(dir);
  return join(dir, MAIN[d.kind]);
}
