import { basename, dirname, join } from 'node:path';
import { show, UsageError } from '@espalier/core';
import { commitFiles } from '../disk/atomic.js';
import type { Disk } from '../disk/disk.js';
import type { FileSize } from '../disk/files.js';
import { abandonedShards, hashOf, noteOf, OWN_SHARD, removeUnnamed } from '../disk/old-shards.js';
import { bytesOf, SAFETENSORS_BITS } from './header.js';
import { readIndexFile, readSafetensors } from './read.js';
import type { Safetensors, SafetensorsTensor } from './tensors.js';

const INDEX_SUFFIX = '.safetensors.index.json';
const ALIGNMENT = 8;

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
