import type { io } from '@tensorflow/tfjs-core';
import { show } from '@espalier/core';
import { decodeEspalier } from './compact/decode.js';
import { checkDocument, type ModelFormat } from './model-json/document.js';
import { decodeUtf8, parseJson } from './kit/json.js';
import { READ_DEFAULTS } from './kit/limits.js';
import type { WeightGroup } from './model-json/manifest.js';
import { refuse, showPath } from './kit/refuse.js';
import { shardNameFault } from './model-json/shard-name.js';
import { checkLength, checkWeights } from './model-json/weights.js';

/** A file in memory: what a drop, a file dialog or fetch gives. */
export interface NamedBytes {
  /** May have folders in front, with slashes. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A model read from memory, checked, before TensorFlow.js has seen any of it. */
export interface DecodedModel {
  /** The file that says what the model is. */
  readonly name: string;
  readonly format: ModelFormat;
  readonly container: 'model.json' | 'espalier';
  readonly artifacts: io.ModelArtifacts;
}

const WANTED = 'a model.json with its shards, or one .espalier file';
const FIX = 'give all files of the model together';
const baseOf = (name: string) => name.slice(name.lastIndexOf('/') + 1);
const folderOf = (name: string) => name.slice(0, name.lastIndexOf('/') + 1);

/**
 * Reads a model from files in memory: one .espalier file, or a model.json with the shards it names. A shard is looked for at its
 * path beside model.json, then by its bare name, because file dialogs give no folders. As strict as `readModel`: nothing
 * is repaired. Files that the model does not name are ignored.
 *
 * Throws an InputError with the codes of `readModel`; 'model-missing' where no file is a model, 'model-ambiguous' where several are.
 */
export function decodeModelFiles(files: readonly NamedBytes[]): DecodedModel {
  const main = findMain(files);
  const where = showPath(main.name);
  if (/\.espalier$/i.test(main.name)) {
    const artifacts = decodeEspalier(main.bytes, { name: where });
    return { name: main.name, format: artifacts.format as ModelFormat, container: 'espalier', artifacts };
  }
  const { maxJsonBytes } = READ_DEFAULTS;
  if (main.bytes.length > maxJsonBytes)
    refuse('json-size', where, `at most ${maxJsonBytes} bytes of JSON`, `${main.bytes.length}`, FIX);
  const { format, groups, artifacts } = checkDocument(
    parseJson(decodeUtf8(main.bytes, where), where, READ_DEFAULTS),
    where,
  );
  return {
    name: main.name,
    format,
    container: 'model.json',
    artifacts: { ...artifacts, weightData: joinGroups(files, main, groups, where) },
  };
}

function findMain(files: readonly NamedBytes[]): NamedBytes {
  const found = files.map(({ name }) => show(baseOf(name))).slice(0, 5);
  const models = files.filter(({ name }) => /\.espalier$/i.test(name));
  const documents = files.filter(({ name }) => /\.json$/i.test(name));
  const named = documents.filter(({ name }) => baseOf(name).toLowerCase() === 'model.json');
  const candidates = [...models, ...(named.length > 0 ? named : documents)];
  if (candidates.length === 0) refuse('model-missing', 'the files', WANTED, found.join(', ') || 'nothing', FIX);
  if (candidates.length > 1)
    refuse('model-ambiguous', 'the files', 'one model', `${candidates.length} of them`, 'give one model at a time');
  return candidates[0];
}

function joinGroups(
  files: readonly NamedBytes[],
  main: NamedBytes,
  groups: readonly WeightGroup[],
  where: string,
): ArrayBuffer {
  const seen = new Set<NamedBytes>([main]);
  const located = groups.map(({ paths }) =>
    paths.map((path) => {
      const fault = shardNameFault(path);
      if (fault !== undefined)
        refuse('shard-path', where, 'shards inside its folder', `${show(path)} (${fault})`, 'rename the shard');
      const shard = findShard(files, folderOf(main.name), path);
      if (!shard)
        return refuse('shard-missing', where, `the shard ${show(path)}`, 'no such file among those given', FIX);
      if (seen.has(shard)) refuse('shard-duplicate', where, 'each shard once', `${show(path)} again`, FIX);
      seen.add(shard);
      return shard;
    }),
  );
  const total = located.flat().reduce((sum, { bytes }) => sum + bytes.length, 0);
  const joined = new Uint8Array(total);
  let at = 0;
  for (const [g, { specs, paths }] of groups.entries()) {
    const start = at;
    for (const { bytes } of located[g]) {
      joined.set(bytes, at);
      at += bytes.length;
    }
    const more = paths.length > 1 ? ` and ${paths.length - 1} more` : '';
    const label = paths.length > 0 ? `${showPath(paths[0])}${more}` : `${where}, a group without shards`;
    checkLength(specs, at - start, label);
    checkWeights(specs, joined.subarray(start, at), label);
  }
  return joined.buffer;
}

function findShard(files: readonly NamedBytes[], folder: string, path: string): NamedBytes | undefined {
  const plain = path.replace(/^(\.\/)+/, '');
  const exact = files.find(({ name }) => name === folder + plain);
  const alike = files.filter(({ name }) => baseOf(name) === baseOf(plain));
  return exact ?? (alike.length === 1 ? alike[0] : undefined);
}
