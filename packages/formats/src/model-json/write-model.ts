import { join } from 'node:path';
import { show, UsageError } from '@espalier/core';
import type { io } from '@tensorflow/tfjs-core';
import { commitFiles } from '../disk/atomic.js';
import type { Disk } from '../disk/disk.js';
import { joinWeights } from './artifacts.js';
import { encodeDocument } from './encode-document.js';
import { asBytes, checkPath, expectBytes, type FileSize } from '../disk/files.js';
import { abandonedShards, hashOf, noteOf, OWN_SHARD, removeUnnamed } from '../disk/old-shards.js';
import { readModelJson, surveyModel } from './read.js';

export interface WriteOptions {
  /** Files to write beside the model, by name: the plan, figures. Strings become UTF-8. */
  readonly extras?: Readonly<Record<string, Uint8Array | string>>;
  /** Most bytes in a shard. */
  readonly shardBytes?: number;
  /** Whether NaN and infinities are refused, or kept bit by bit. */
  readonly nonFinite?: 'refuse' | 'keep';
  /** Runs when everything is written and verified and nothing is replaced yet; to throw here leaves all as it was. */
  readonly beforeCommit?: () => void | Promise<void>;
}

export const WRITE_DEFAULTS = { shardBytes: 4 * 1024 * 1024 };

const MODEL = 'model.json';

/**
 * Writes a TensorFlow.js model into a folder: shards named by their SHA-256, model.json, and the extras. Whoever reads the
 * folder at any moment, or after a crash, finds the old model or the new one, whole, with extras of its own or none; those that a
 * crash held back are put in place by the next write. What is written is read back with
 * `readModel` before anything is replaced. Shards of the model.json that was there before are removed once no JSON file in
 * the folder names them; all other files are left alone. The same artifacts give the same bytes.
 *
 * Returns the files written. Throws an InputError where the artifacts are no valid model (a NaN in a weight, a length that
 * is wrong), an OutputError where the folder cannot be written, a UsageError for options that cannot be right.
 */
export async function writeModel(
  dir: string,
  artifacts: io.ModelArtifacts,
  options: WriteOptions = {},
): Promise<FileSize[]> {
  return writeModelTo(undefined, dir, artifacts, options);
}

/** `writeModel` on a given disk. */
export async function writeModelTo(
  disk: Disk | undefined,
  dir: string,
  artifacts: io.ModelArtifacts,
  { extras = {}, shardBytes = WRITE_DEFAULTS.shardBytes, nonFinite, beforeCommit }: WriteOptions,
): Promise<FileSize[]> {
  checkPath(dir, "the output is a folder's path", '; give one');
  if (!(Number.isSafeInteger(shardBytes) && shardBytes > 0)) {
    throw new UsageError('shard-bytes', `shardBytes must be a positive whole number, got ${show(shardBytes)}`);
  }
  const weights = joinWeights(artifacts.weightData);
  const files = new Map<string, Uint8Array>();
  const total = Math.ceil(weights.length / shardBytes);
  for (let i = 0; i < total; i++) {
    const shard = weights.subarray(i * shardBytes, (i + 1) * shardBytes);
    const hash = hashOf(shard);
    files.set(`weights-${i + 1}of${total}-${hash}.bin`, shard);
  }
  const json = encodeDocument(artifacts, [...files.keys()], weights, nonFinite);
  const companions = new Map<string, Uint8Array>();
  for (const [name, content] of Object.entries(extras)) {
    if (name === MODEL || OWN_SHARD.test(name)) {
      throw new UsageError('file-name', `an extra file cannot be called ${show(name)}; choose another name`);
    }
    companions.set(name, asBytes(content));
  }
  files.set(MODEL, json);

  let retired: string[] = [];
  return commitFiles(
    dir,
    {
      files,
      companions,
      note: async () => {
        retired = [...(await shardsInPlace(dir)), ...(await abandonedShards(dir))];
        return noteOf([...retired, ...files.keys()]);
      },
      verify: (staging) => verifyWritten(staging, new Map([...files, ...companions]), weights, nonFinite),
      beforeCommit,
      afterCommit: () => removeUnnamed(dir, retired),
    },
    disk,
  );
}

async function verifyWritten(
  staging: string,
  files: ReadonlyMap<string, Uint8Array>,
  weights: Uint8Array,
  nonFinite?: 'refuse' | 'keep',
) {
  const { artifacts } = await readModelJson(staging, { ...(nonFinite && { nonFinite }) });
  const read = new Uint8Array(artifacts.weightData as ArrayBuffer);
  if (Buffer.compare(read, weights) !== 0) throw new Error('the weights differ');
  for (const [name, bytes] of files) if (!OWN_SHARD.test(name)) await expectBytes(join(staging, name), bytes);
}

/** The shards of the model in place, if it is valid: a list of names in a broken file is no reason to delete anything. */
async function shardsInPlace(dir: string): Promise<string[]> {
  const model = await surveyModel(join(dir, MODEL)).catch(() => undefined);
  return model?.document.groups.flatMap((group) => group.paths) ?? [];
}
