import { totalmem } from 'node:os';
import { dirname } from 'node:path';
import { readEspalier } from './compact/file.js';
import { showPath } from './kit/refuse.js';
import type { ModelFormat } from './model-json/document.js';
import type { ModelFile, ReadOptions } from './model-json/model-file.js';
import { readModelJson } from './model-json/read.js';
import { fromSafetensors } from './safetensors/model.js';
import { readSafetensors } from './safetensors/read.js';

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
