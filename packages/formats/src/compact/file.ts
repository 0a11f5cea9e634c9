import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { show, UsageError } from '@espalier/core';
import type { io } from '@tensorflow/tfjs-core';
import type { Disk } from '../disk/disk.js';
import { commitFile } from '../disk/commit-file.js';
import { decodeEspalier, type DecodeOptions, EspalierDecoder } from './decode.js';
import { type Encoded, type EncodeOptions, encodeWithReport } from './encode.js';
import { espalier as webHandler, type HandlerOptions, saved, type WebSource } from './handler.js';
import { type FileSize, readInto, withFile } from '../disk/files.js';
import type { ModelFile } from '../model-json/model-file.js';
import { showPath } from '../kit/refuse.js';

const FIX = 'give the path of an .espalier file';
/** Read at a time; a file may be larger than any buffer. */
const PIECE = 2 ** 24;

export interface ReadCompactOptions extends Omit<DecodeOptions, 'name'> {
  readonly onProgress?: (bytes: number, total: number) => void;
}

/** The model in a compact file; InputErrors as those of `decodeEspalier`, and 'model-missing', 'model-unreadable', 'model-not-a-file'. */
export async function readEspalier(path: string, options: ReadCompactOptions = {}): Promise<ModelFile> {
  return withFile('model', path, FIX, async (handle, size) => {
    const decoder = new EspalierDecoder({ ...options, name: showPath(path) }, size);
    for (let at = 0; at < size;) {
      // A new piece each time: the decoder keeps views of it.
      const piece = new Uint8Array(Math.min(PIECE, size - at));
      const read = await readInto(handle, piece, at);
      decoder.push(piece.subarray(0, read));
      at += read;
      options.onProgress?.(at, size);
      if (read < piece.length) break;
    }
    const artifacts = decoder.finish();
    const format = artifacts.format as ModelFile['format'];
    return { path, dir: dirname(path), format, container: 'espalier', artifacts, files: [{ path, bytes: size }] };
  });
}

export interface WriteCompactOptions extends EncodeOptions {
  /** Runs when everything is written and verified and nothing is replaced yet; to throw here leaves all as it was. */
  readonly beforeCommit?: () => void | Promise<void>;
}

/**
 * Writes a model as one compact file, whole or not at all; what was written is read back first. Answers with the file and
 * what each part of it takes. Throws as `encodeEspalier` does, and OutputErrors as `writeModel` does.
 */
export async function writeEspalier(
  path: string,
  artifacts: io.ModelArtifacts,
  options: WriteCompactOptions = {},
): Promise<FileSize & Omit<Encoded, 'bytes'>> {
  return writeEspalierTo(undefined, path, artifacts, options);
}

/** `writeEspalier` on a given disk. */
export async function writeEspalierTo(
  disk: Disk | undefined,
  path: string,
  artifacts: io.ModelArtifacts,
  options: WriteCompactOptions,
): Promise<FileSize & Omit<Encoded, 'bytes'>> {
  const { bytes, headerBytes, tensors } = encodeWithReport(artifacts, options);
  const { nonFinite = 'refuse', beforeCommit } = options;
  const verify = (staged: Uint8Array) => void decodeEspalier(staged, { nonFinite, maxRatio: Infinity });
  await commitFile(path, bytes, { verify, ...(beforeCommit && { beforeCommit }) }, disk);
  return { path, bytes: bytes.length, headerBytes, tensors };
}

/** `espalier` of `@espalier/format/web`, with paths and file: URLs in Node. */
export function espalier(source: WebSource, options: HandlerOptions = {}): io.IOHandler {
  if (typeof source !== 'string' && !(source instanceof URL)) return webHandler(source, options);
  if (source === '') throw new UsageError('path', `wanted the path or the URL of a compact file, got ${show(source)}`);
  const url = String(source);
  if (!url.startsWith('file:') && /^[a-z][a-z0-9+.-]+:\/\//i.test(url)) return webHandler(source, options);
  const path = url.startsWith('file:') ? fileURLToPath(url) : url;
  return {
    load: async () => (await readEspalier(path, options)).artifacts,
    save: async (artifacts) => {
      const { values, codebookBits } = options;
      await writeEspalier(path, artifacts, { ...(values && { values }), ...(codebookBits && { codebookBits }) });
      return saved(artifacts);
    },
  };
}
