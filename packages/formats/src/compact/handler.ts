import type { io } from '@tensorflow/tfjs-core';
import { InputError, show, UsageError } from '@espalier/core';
import { decodeEspalier, type DecodeOptions, EspalierDecoder } from './decode.js';
import { encodeEspalier, type EncodeOptions } from './encode.js';
import { loadFromDatabase, saveToDatabase } from './indexed-db.js';

export interface HandlerOptions extends Omit<DecodeOptions, 'name'>, Omit<EncodeOptions, 'onReport' | 'nonFinite'> {
  /** While a URL is fetched or a file is read; the total is unknown where the server does not tell. */
  readonly onProgress?: (bytes: number, total: number | undefined) => void;
  /** For URLs: headers, credentials, a signal to give up. */
  readonly requestInit?: RequestInit;
}

/** A compact file in memory, for `load` and `save`. */
export interface Memory {
  bytes?: Uint8Array;
}

export type WebSource = string | URL | Uint8Array | ArrayBuffer | Blob | Memory;

const DATABASE = 'indexeddb://';
const FIX = 'check the address';

/**
 * A compact file as an IOHandler: `tf.loadLayersModel(espalier('model.espalier'))`, `tf.loadGraphModel(…)`, and
 * `model.save(espalier('indexeddb://name'))`. The source is a URL, which is decoded while it arrives; 'indexeddb://' and a
 * name; the bytes themselves; a Blob or a File; or an object whose `bytes` are loaded and saved.
 *
 * Loading throws InputErrors as `decodeEspalier` does, and 'url-unreachable', 'url-status', 'database-missing'.
 */
export function espalier(source: WebSource, options: HandlerOptions = {}): io.IOHandler {
  if (typeof source === 'string' && source.startsWith(DATABASE)) {
    const key = source.slice(DATABASE.length);
    return {
      load: async () => decodeEspalier(await loadFromDatabase(key), { ...options, name: show(source) }),
      save: async (artifacts) => {
        const bytes = encodeEspalier(artifacts, options);
        await saveToDatabase(key, bytes);
        return saved(artifacts);
      },
    };
  }
  if (typeof source === 'string' || source instanceof URL) return { load: () => loadUrl(String(source), options) };
  if (source instanceof Uint8Array) return { load: async () => decodeEspalier(source, options) };
  if (source instanceof ArrayBuffer) return { load: async () => decodeEspalier(new Uint8Array(source), options) };
  if (typeof Blob !== 'undefined' && source instanceof Blob) {
    return { load: async () => decodeEspalier(new Uint8Array(await source.arrayBuffer()), options) };
  }
  if (typeof source !== 'object' || source === null) {
    throw new UsageError('source', `wanted a URL, bytes or a Blob, got ${show(source)}`);
  }
  return memoryHandler(source as Memory, options);
}

function memoryHandler(memory: Memory, options: HandlerOptions): io.IOHandler {
  return {
    load: async () => {
      if (memory.bytes) return decodeEspalier(memory.bytes, options);
      throw new UsageError('source', 'nothing was saved in this memory; save a model first, or give its bytes');
    },
    save: async (artifacts) => {
      memory.bytes = encodeEspalier(artifacts, options);
      return saved(artifacts);
    },
  };
}

/** What a handler's `save` answers. */
export function saved(artifacts: io.ModelArtifacts): io.SaveResult {
  return {
    modelArtifactsInfo: {
      dateSaved: new Date(),
      modelTopologyType: 'JSON',
      weightDataBytes: [artifacts.weightData ?? []].flat().reduce((sum, data) => sum + data.byteLength, 0),
    },
  };
}

async function loadUrl(url: string, options: HandlerOptions): Promise<io.ModelArtifacts> {
  const fail = (code: string, found: string, cause?: unknown): never => {
    const [where, wanted] = [show(url), 'a compact file'];
    throw new InputError(code, `${where}: wanted ${wanted}, found ${found}; ${FIX}`, {
      where,
      wanted,
      found,
      fix: FIX,
      cause,
    });
  };
  const unreachable = (error: unknown) => {
    if ((error as Error).name === 'AbortError') throw error;
    return fail('url-unreachable', String((error as Error).message), error);
  };
  const response = await fetch(url, options.requestInit).catch(unreachable);
  if (!response.ok) fail('url-status', `status ${response.status}`);
  // With a content encoding, the length is that of other bytes.
  const length = response.headers.get('content-encoding') ? NaN : Number(response.headers.get('content-length') ?? NaN);
  const total = Number.isSafeInteger(length) ? length : undefined;
  const decoder = new EspalierDecoder({ ...options, name: show(url) });
  const reader = response.body?.getReader();
  let bytes = 0;
  for (;;) {
    const chunk = await reader?.read().catch(unreachable);
    if (!chunk?.value) return decoder.finish();
    bytes += chunk.value.length;
    try {
      decoder.push(chunk.value);
    } catch (error) {
      await reader?.cancel().catch(() => undefined);
      throw error;
    }
    options.onProgress?.(bytes, total);
  }
}
