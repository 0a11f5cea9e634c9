import { totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { show } from '@espalier/core';
import { checkPath, type FileSize, readInto, readJson, withFile } from '../disk/files.js';
import { isObject, kind, refuse, showPath } from '../kit/refuse.js';
import { checkRoom, roomFor } from '../kit/room.js';
import { locateShards } from '../model-json/shards.js';
import { refuseNotFinite } from './finite.js';
import { headerLength, parseHeader } from './header.js';
import type { Safetensors, SafetensorsTensor } from './tensors.js';

const FIX = 'save or download the file again';

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
  checkPath(path, 'wanted the path of a safetensors file', '; give one');
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
    checkRoom(size - start, limit, where);
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
export async function readIndexFile(
  path: string,
): Promise<{ map: Record<string, unknown>; names: string[]; size: number }> {
  const where = showPath(path);
  const { json, bytes: size } = await readJson(path, FIX);
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
