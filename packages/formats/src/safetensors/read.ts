import { totalmem } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { show, UsageError } from '@espalier/core';
import { commitFiles, type Disk } from '../disk/atomic.js';
import { readInto, withFile } from '../disk/files.js';
import { decodeUtf8, parseJson } from '../kit/json.js';
import { READ_DEFAULTS } from '../kit/limits.js';
import { abandonedShards, hashOf, noteOf, OWN_SHARD, removeUnnamed } from '../disk/old-shards.js';
import type { FileSize } from '../read-model.js';
import { isObject, kind, refuse, showPath } from '../kit/refuse.js';
import { roomFor } from '../kit/room.js';
import { refuseNotFinite } from './finite.js';
import { bytesOf, headerLength, parseHeader, SAFETENSORS_BITS } from './header.js';
import { locateShards } from '../model-json/shards.js';

/** A tensor with its bytes: little-endian, row-major, of any dtype of the format. */
export interface SafetensorsTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export interface Safetensors {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: readonly SafetensorsTensor[];
}

export const INDEX_SUFFIX = '.safetensors.index.json';
const FIX = 'save or download the file again';
const ALIGNMENT = 8;

export interface SafetensorsOptions {
  /** Most bytes of weights. Default: the machine's memory. */
  readonly maxWeightBytes?: number;
  /** Whether NaN and infinities are refused, or kept bit by bit. */
  readonly nonFinite?: 'refuse' | 'keep';
}

/**
 * The tensors of a safetensors file, or of all the files that a `….safetensors.index.json` names, to the letter of the
 * format. Everything is checked before the memory for it is taken. InputErrors: 'safetensors-header', 'safetensors-entry',
 * 'safetensors-dtype', 'safetensors-offsets', 'safetensors-index', 'weights-size', 'weight-not-finite', those of JSON and of files.
 */
export async function readSafetensors(
  path: string,
  options: SafetensorsOptions = {},
): Promise<Safetensors & { files: FileSize[] }> {
  if (typeof path !== 'string' || path === '') {
    throw new UsageError('path', `wanted the path of a safetensors file, got ${show(path)}; give one`);
  }
  const { maxWeightBytes: limit = totalmem(), nonFinite = 'refuse' } = options;
  if (path.endsWith('.json')) return readIndex(path, limit, nonFinite);
  const { tensors, metadata, bytes } = await readOne(path, limit, nonFinite);
  return { tensors, metadata, files: [{ path, bytes }] };
}

async function readOne(path: string, limit: number, nonFinite: 'refuse' | 'keep') {
  const where = showPath(path);
  return withFile('model', path, FIX, async (handle, size) => {
    const first = new Uint8Array(8);
    await readInto(handle, first);
    const length = headerLength(first, size, where);
    const header = new Uint8Array(length);
    await readInto(handle, header, 8);
    const start = 8 + length;
    const { metadata, entries } = parseHeader(header, size - start, where);
    if (size - start > limit) {
      refuse(
        'weights-size',
        where,
        `at most ${limit} bytes of weights`,
        `${size - start}`,
        'use a machine with more memory',
      );
    }
    const tensors: SafetensorsTensor[] = [];
    for (const { name, dtype, shape, begin, end } of entries) {
      const bytes = roomFor(end - begin, limit, `${where}: tensor ${show(name)}`);
      const read = await readInto(handle, bytes, start + begin);
      if (read < bytes.length) {
        refuse(
          'weights-truncated',
          `${where}: tensor ${show(name)}`,
          `${bytes.length} bytes`,
          `${read}, as the file shrank`,
          FIX,
        );
      }
      if (nonFinite === 'refuse') refuseNotFinite(dtype, bytes, `${where}: tensor ${show(name)}`);
      tensors.push({ name, dtype, shape, bytes });
    }
    return { metadata, tensors, bytes: size };
  });
}

/** What an index names: a map from tensors to files, and those files, which are there, inside its folder. */
async function readIndexFile(path: string): Promise<{ map: Record<string, unknown>; names: string[]; size: number }> {
  const where = showPath(path);
  const { text, size } = await withFile('model', path, FIX, async (handle, size) => {
    if (size > READ_DEFAULTS.maxJsonBytes) {
      refuse('json-size', where, `at most ${READ_DEFAULTS.maxJsonBytes} bytes of JSON`, `${size}`, FIX);
    }
    const bytes = new Uint8Array(size);
    await readInto(handle, bytes);
    return { text: decodeUtf8(bytes, where), size };
  });
  const json = parseJson(text, where, READ_DEFAULTS);
  const map = isObject(json) ? json.weight_map : undefined;
  if (!isObject(map)) return refuse('safetensors-index', `${where}: weight_map`, 'an object', kind(map), FIX);
  const names = checkFileNames(map, where);
  await locateShards([{ paths: names }], path, dirname(path));
  return { map, names, size };
}

async function readIndex(
  path: string,
  limit: number,
  nonFinite: 'refuse' | 'keep',
): Promise<Safetensors & { files: FileSize[] }> {
  const where = showPath(path);
  const { map, names, size } = await readIndexFile(path);
  const files: FileSize[] = [{ path, bytes: size }];
  const tensors: SafetensorsTensor[] = [];
  let metadata: Record<string, string> = {};
  let left = limit;
  for (const name of names) {
    const file = join(dirname(path), name);
    const one = await readOne(file, left, nonFinite);
    left -= one.bytes;
    files.push({ path: file, bytes: one.bytes });
    metadata = { ...metadata, ...one.metadata };
    for (const tensor of one.tensors) {
      if (map[tensor.name] === name) continue;
      const found = Object.hasOwn(map, tensor.name) ? `it named for ${show(map[tensor.name])}` : 'it in no place';
      refuse('safetensors-index', where, `tensor ${show(tensor.name)} of ${show(name)} in weight_map`, found, FIX);
    }
    tensors.push(...one.tensors);
  }
  if (tensors.length !== Object.keys(map).length) {
    const there = new Set(tensors.map((tensor) => tensor.name));
    const missing = Object.keys(map).find((name) => !there.has(name))!;
    refuse('safetensors-index', where, `tensor ${show(missing)} in ${show(map[missing])}`, 'nothing there', FIX);
  }
  return { metadata, tensors, files };
}

/** The files of an index, each once. */
function checkFileNames(map: Record<string, unknown>, where: string): string[] {
  const names = new Set<string>();
  for (const [tensor, name] of Object.entries(map)) {
    if (typeof name !== 'string') {
      return refuse('safetensors-index', `${where}: weight_map: ${show(tensor)}`, 'a file name', kind(name), FIX);
    }
    names.add(name);
  }
  return [...names].sort();
}

/**
 * Writes tensors of any dtype, whole or not at all: one file, or with `shardBytes` as many as it takes, called
 * `name-00001-of-0000n-<hash>.safetensors` by their content, and `name.safetensors.index.json`, which is put in place last; then the
 * shards of the index that was there before are removed. The data begins at a multiple of 8. Throws a UsageError where the tensors cannot be right, OutputErrors as `writeModel` does.
 */
export async function writeSafetensors(
  path: string,
  safetensors: Safetensors,
  options: { readonly shardBytes?: number } = {},
): Promise<FileSize[]> {
  return writeSafetensorsTo(undefined, path, safetensors, options);
}

/** `writeSafetensors` on a given disk. */
export async function writeSafetensorsTo(
  disk: Disk | undefined,
  path: string,
  { tensors, metadata }: Safetensors,
  options: { readonly shardBytes?: number },
): Promise<FileSize[]> {
  checkTensors(tensors);
  const dir = dirname(path);
  const name = basename(path);
  if (options.shardBytes === undefined) {
    const files = new Map([[name, encodeSafetensors(tensors, metadata)]]);
    return commitFiles(dir, { files, verify: (at) => readBack(join(at, name)) }, disk);
  }
  const stem = name.replace(/\.safetensors(\.index\.json)?$/, '');
  const shards = shardsOf(tensors, options.shardBytes);
  const number = (n: number) => String(n).padStart(5, '0');
  const files = new Map<string, Uint8Array>();
  const weightMap: Record<string, string> = {};
  shards.forEach((shard, i) => {
    const bytes = encodeSafetensors(shard, metadata);
    const file = `${stem}-${number(i + 1)}-of-${number(shards.length)}-${hashOf(bytes)}.safetensors`;
    files.set(file, bytes);
    for (const tensor of shard) weightMap[tensor.name] = file;
  });
  const total = tensors.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const index = `${JSON.stringify({ metadata: { total_size: total }, weight_map: weightMap }, null, 2)}\n`;
  files.set(`${stem}${INDEX_SUFFIX}`, new TextEncoder().encode(index));
  let retired: string[] = [];
  return commitFiles(
    dir,
    {
      files,
      note: async () => {
        retired = [...(await shardsInPlace(join(dir, `${stem}${INDEX_SUFFIX}`))), ...(await abandonedShards(dir))];
        return noteOf([...retired, ...files.keys()]);
      },
      verify: (at) => readBack(join(at, `${stem}${INDEX_SUFFIX}`)),
      afterCommit: () => removeUnnamed(dir, retired),
    },
    disk,
  );
}

/** The shards that the index in place names, of those that were written here. */
async function shardsInPlace(path: string): Promise<string[]> {
  const index = await readIndexFile(path).catch(() => undefined);
  return (index?.names ?? []).filter((name) => OWN_SHARD.test(name));
}

const readBack = async (path: string) => void (await readSafetensors(path, { nonFinite: 'keep' }));

function checkTensors(tensors: readonly SafetensorsTensor[]): void {
  const names = new Set<string>();
  for (const { name, dtype, shape, bytes } of tensors) {
    const fail = (what: string) => {
      throw new UsageError('safetensors-tensor', `tensor ${show(name)}: ${what}`, { where: name });
    };
    if (names.has(name) || name === '__metadata__' || name === '__proto__') fail('this name is taken; choose another');
    names.add(name);
    if (!Object.hasOwn(SAFETENSORS_BITS, dtype)) fail(`the format has no dtype ${show(dtype)}`);
    if (bytesOf(dtype, shape) !== bytes.length)
      fail(`${dtype} [${shape.join(', ')}] does not take ${bytes.length} bytes`);
  }
}

/** As many tensors in a file as fit; one that is larger than that has a file of its own. */
function shardsOf(tensors: readonly SafetensorsTensor[], most: number): SafetensorsTensor[][] {
  if (!(Number.isSafeInteger(most) && most > 0)) {
    throw new UsageError('shard-bytes', `shardBytes must be a positive whole number, got ${show(most)}`);
  }
  const shards: SafetensorsTensor[][] = tensors.length > 0 ? [[]] : [];
  let bytes = 0;
  for (const tensor of tensors) {
    if (bytes > 0 && bytes + tensor.bytes.length > most) {
      shards.push([]);
      bytes = 0;
    }
    shards[shards.length - 1].push(tensor);
    bytes += tensor.bytes.length;
  }
  return shards;
}

function encodeSafetensors(
  tensors: readonly SafetensorsTensor[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const entries: [string, unknown][] = Object.keys(metadata).length > 0 ? [['__metadata__', metadata]] : [];
  let at = 0;
  for (const { name, dtype, shape, bytes } of tensors) {
    entries.push([name, { dtype, shape, data_offsets: [at, at + bytes.length] }]);
    at += bytes.length;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const length = Math.ceil(json.length / ALIGNMENT) * ALIGNMENT;
  const out = new Uint8Array(8 + length + at);
  new DataView(out.buffer).setBigUint64(0, BigInt(length), true);
  out.set(json, 8);
  out.fill(32, 8 + json.length, 8 + length);
  let offset = 8 + length;
  for (const { bytes } of tensors) {
    out.set(bytes, offset);
    offset += bytes.length;
  }
  return out;
}
