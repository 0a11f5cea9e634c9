import { realpath, stat } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { show, UsageError } from '@espalier/core';
import type { io } from '@tensorflow/tfjs-core';
import { readEspalier } from './compact/file.js';
import { checkDocument, type ModelDocument, type ModelFormat } from './model-json/document.js';
import { readInto, refuseFile, withFile } from './disk/files.js';
import { decodeUtf8, parseJson } from './kit/json.js';
import { READ_DEFAULTS } from './kit/limits.js';
import type { WeightGroup } from './model-json/manifest.js';
import { refuse, showPath } from './kit/refuse.js';
import { roomFor } from './kit/room.js';
import { readSafetensors } from './safetensors/read.js';
import { fromSafetensors } from './safetensors/model.js';
import { leaves, locateShards } from './model-json/shards.js';
import { checkLength, checkWeights } from './model-json/weights.js';

export interface FileSize {
  readonly path: string;
  readonly bytes: number;
}

/** A model as it lies on disk, checked, before TensorFlow.js has seen any of it. */
export interface ModelFile {
  /** The path of its model.json. */
  readonly path: string;
  readonly dir: string;
  readonly format: ModelFormat;
  /** What kind of file it is. */
  readonly container: 'model.json' | 'espalier' | 'safetensors';
  /** What `tf.io` handlers pass on; `weightData` is one ArrayBuffer. */
  readonly artifacts: io.ModelArtifacts;
  /** model.json and its shards, or the one file. */
  readonly files: readonly FileSize[];
}

export interface ReadOptions {
  /** Largest model.json. A JavaScript string holds no more than 512 MiB. */
  readonly maxJsonBytes?: number;
  /** Deepest nesting of arrays and objects in it; TensorFlow.js walks the topology recursively. */
  readonly maxDepth?: number;
  /** Most bytes of weights. Default: the machine's memory. */
  readonly maxWeightBytes?: number;
  /** Whether NaN and infinities are refused, or kept bit by bit. */
  readonly nonFinite?: 'refuse' | 'keep';
  /** For safetensors that hold weights alone: the model that they are for. */
  readonly topology?: io.ModelArtifacts;
}

const SHARD_FIX = 'copy the whole model folder again';
const FIX = 'give the folder of a TensorFlow.js model, or its model.json';

/**
 * Reads a TensorFlow.js model: `path` is a folder with a model.json, the JSON file itself, an .espalier file, or safetensors
 * that were written from a model. Strict: what the manifest, the files' sizes and the values say is checked before anything is
 * allocated for it, and nothing is repaired.
 *
 * Throws an InputError naming the file or the weight; README.md lists the codes. A UsageError with code 'path' where
 * `path` is no string.
 */
export async function readModel(path: string, options: ReadOptions = {}): Promise<ModelFile> {
  if (typeof path === 'string' && /\.espalier$/i.test(path)) {
    return readEspalier(path, { ...options, maxWeightBytes: options.maxWeightBytes ?? totalmem() });
  }
  if (typeof path === 'string' && /\.safetensors(\.index\.json)?$/i.test(path)) return readModelTensors(path, options);
  return readModelJson(path, options);
}

async function readModelTensors(path: string, options: ReadOptions): Promise<ModelFile> {
  const { files, ...safetensors } = await readSafetensors(path, { ...options, nonFinite: 'keep' });
  const artifacts = fromSafetensors(safetensors, showPath(path), options);
  const format = artifacts.format as ModelFormat;
  return { path, dir: dirname(path), format, container: 'safetensors', artifacts, files };
}

async function readModelJson(path: string, options: ReadOptions): Promise<ModelFile> {
  const { document, files, shards, labels } = await surveyModel(path, options);
  const [{ path: file }] = files;
  const total = shards.flat().reduce((sum, shard) => sum + shard.bytes, 0);
  const weightData = roomFor(total, options.maxWeightBytes ?? totalmem(), showPath(file)).buffer;
  let at = 0;
  for (const [g, { specs }] of document.groups.entries()) {
    const start = at;
    for (const { path: shard, bytes } of shards[g]) {
      await readShard(shard, new Uint8Array(weightData, at, bytes));
      at += bytes;
    }
    checkWeights(specs, new Uint8Array(weightData, start, at - start), labels[g], options.nonFinite);
  }
  const { format, artifacts } = document;
  return {
    path: file,
    dir: dirname(file),
    format,
    container: 'model.json',
    artifacts: { ...artifacts, weightData },
    files,
  };
}

/** Everything that can be checked of a model without reading its weights. */
export async function surveyModel(path: string, options: ReadOptions = {}) {
  const file = await findModel(path);
  const { bytes, ...document } = await readDocument(file, options);
  const dir = dirname(file);
  const labels = document.groups.map(({ paths }) => groupLabel(file, paths));
  const located = await locateShards(document.groups, file, dir);
  const shards = await measureShards(document.groups, located, labels);
  const names = document.groups.flatMap((group) => group.paths);
  const sizes = shards.flat().map((shard, i) => ({ path: join(dir, names[i]), bytes: shard.bytes }));
  return { document, shards, labels, files: [{ path: file, bytes }, ...sizes] as FileSize[] };
}

async function findModel(path: string): Promise<string> {
  if (typeof path !== 'string' || path === '') {
    throw new UsageError('path', `a model is given by its path, got ${show(path)}; ${FIX}`);
  }
  const isUrl = /^[a-z][a-z0-9+.-]+:\/\//i.test(path);
  const fix = isUrl ? 'download the model and give its folder' : FIX;
  const stats = await stat(path).catch((error) => refuseFile('model', path, fix, error));
  if (!stats.isDirectory()) return path;
  const file = join(path, 'model.json');
  const [root, real] = await Promise.all([realpath(path), realpath(file)]).catch((error) =>
    refuseFile('model', file, FIX, error),
  );
  if (leaves(root, real)) {
    const fix = 'give the file that it links to';
    refuse('model-path', showPath(file), 'a file of this folder', 'a link that leaves it', fix);
  }
  return file;
}

/** A model.json without the weights it describes. */
export async function readDocument(
  file: string,
  { maxJsonBytes = READ_DEFAULTS.maxJsonBytes, maxDepth = READ_DEFAULTS.maxDepth }: ReadOptions = {},
): Promise<ModelDocument & { bytes: number }> {
  const where = showPath(file);
  const bytes = await withFile('model', file, FIX, async (handle, size) => {
    if (size > maxJsonBytes) refuse('json-size', where, `at most ${maxJsonBytes} bytes of JSON`, `${size}`, FIX);
    const buffer = new Uint8Array(size);
    return buffer.subarray(0, await readInto(handle, buffer));
  });
  const json = parseJson(decodeUtf8(bytes, where), where, { maxDepth });
  return { ...checkDocument(json, where), bytes: bytes.length };
}

/** The real paths and sizes of the shards, which must add up to what the manifest asks for. */
async function measureShards(
  groups: readonly WeightGroup[],
  shards: readonly string[][],
  labels: readonly string[],
): Promise<FileSize[][]> {
  const sizes: FileSize[][] = [];
  for (const [g, { specs }] of groups.entries()) {
    const group: FileSize[] = [];
    for (const path of shards[g]) {
      group.push({ path, bytes: await withFile('shard', path, SHARD_FIX, async (_, size) => size) });
    }
    const available = group.reduce((sum, { bytes }) => sum + bytes, 0);
    checkLength(specs, available, labels[g]);
    sizes.push(group);
  }
  return sizes;
}

async function readShard(path: string, target: Uint8Array): Promise<void> {
  const read = await withFile('shard', path, SHARD_FIX, (handle) => readInto(handle, target));
  if (read < target.length) {
    refuse('weights-truncated', showPath(path), `${target.length} bytes`, `${read}, as the file shrank`, SHARD_FIX);
  }
}

/** The shards of one group, for messages. */
function groupLabel(file: string, paths: readonly string[]): string {
  if (paths.length === 0) return `${showPath(file)}, a group without shards`;
  const first = showPath(join(dirname(file), paths[0]));
  return paths.length === 1 ? first : `${first} and ${paths.length - 1} more`;
}
