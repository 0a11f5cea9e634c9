import { realpath, stat } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { checkPath, type FileSize, readInto, readJson, refuseFile, withFile } from '../disk/files.js';
import { refuse, showPath } from '../kit/refuse.js';
import { roomFor } from '../kit/room.js';
import { checkDocument } from './document.js';
import type { WeightGroup } from './manifest.js';
import type { ModelFile, ReadOptions } from './model-file.js';
import { leaves, locateShards } from './shards.js';
import { checkLength, checkWeights } from './weights.js';

const SHARD_FIX = 'copy the whole model folder again';
const FIX = 'give the folder of a TensorFlow.js model, or its model.json';

/** The model of a folder or of a model.json; see `readModel`. */
export async function readModelJson(path: string, options: ReadOptions = {}): Promise<ModelFile> {
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
  const { json, bytes } = await readJson(file, FIX, options);
  const document = checkDocument(json, showPath(file));
  const dir = dirname(file);
  const labels = document.groups.map(({ paths }) => groupLabel(file, paths));
  const located = await locateShards(document.groups, file, dir);
  const shards = await measureShards(document.groups, located, labels);
  const names = document.groups.flatMap((group) => group.paths);
  const sizes = shards.flat().map((shard, i) => ({ path: join(dir, names[i]), bytes: shard.bytes }));
  return { document, shards, labels, files: [{ path: file, bytes }, ...sizes] as FileSize[] };
}

async function findModel(path: string): Promise<string> {
  checkPath(path, 'a model is given by its path', `; ${FIX}`);
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
