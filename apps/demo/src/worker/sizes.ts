import { encodeEspalier, encodeModelFiles } from '@espalier/format/web';
import type { io } from '@tensorflow/tfjs-core';
import { gzipSync } from 'fflate';
import type { LayerBar } from './protocol.js';

const FLOAT = 4;
const GZIP_LEVEL = 9;
/** The command line compresses at 11, which takes forty times as long here and gains under 1% on dense weights. */
export const BROTLI_QUALITY = 9;

export const filesOf = (artifacts: io.ModelArtifacts) => Object.values(encodeModelFiles(artifacts));

const plainSizes = (files: readonly Uint8Array[]) => ({
  raw: files.reduce((sum, { length }) => sum + length, 0),
  gzip: files.reduce((sum, file) => sum + gzipSync(file, { level: GZIP_LEVEL }).length, 0),
});

/** Bytes of model.json and its weights as they are, by gzip -9, and of the one compact file. */
export const quickSizes = (artifacts: io.ModelArtifacts, files: readonly Uint8Array[]) => ({
  ...plainSizes(files),
  compact: encodeEspalier(artifacts).length,
});

/** Browsers decompress brotli but have no compressor; ours is loaded when it is first asked for, which is never in the page. */
export async function brotliSize(files: readonly Uint8Array[]): Promise<number> {
  const { default: loading } = await import('brotli-wasm');
  const { compress } = await loading;
  return files.reduce((sum, file) => sum + compress(file, { quality: BROTLI_QUALITY }).length, 0);
}

/** The sizes of a report's row. */
export async function reportSizes(artifacts: io.ModelArtifacts) {
  const files = filesOf(artifacts);
  return { ...plainSizes(files), brotli: await brotliSize(files) };
}

/**
 * What a compact file will take, before one is written: the weights that stay, as they are, and where they are by the entropy of
 * the mask, H(kept / size) bits a weight.
 */
export function estimateCompact(layers: readonly LayerBar[], others: number): number {
  const bits = layers.reduce((sum, { size, kept }) => sum + size * entropy(size > 0 ? kept / size : 0), 0);
  const values = layers.reduce((sum, { kept }) => sum + kept, 0) + others;
  return Math.round(bits / 8 + values * FLOAT);
}

const entropy = (p: number) => (p <= 0 || p >= 1 ? 0 : -p * Math.log2(p) - (1 - p) * Math.log2(1 - p));
