import { encodeEspalier, encodeModelFiles } from '@espalier/format/web';
import type { io } from '@tensorflow/tfjs-core';
import { gzipSync } from 'fflate';
import type { LayerBar } from './protocol.js';

const FLOAT = 4;
const GZIP_LEVEL = 9;
/** The command line compresses at 11, which takes forty times as long here and gains under 1% on dense weights. */
export const BROTLI_QUALITY = 9;

const filesOf = (artifacts: io.ModelArtifacts) => Object.values(encodeModelFiles(artifacts));

/** Bytes of model.json and its weights as they are, by gzip -9, and of the one compact file. */
export function quickSizes(artifacts: io.ModelArtifacts) {
  let [raw, gzip] = [0, 0];
  for (const file of filesOf(artifacts)) {
    raw += file.length;
    gzip += gzipSync(file, { level: GZIP_LEVEL }).length;
  }
  return { raw, gzip, compact: encodeEspalier(artifacts).length };
}

/** The sizes of a report's row. The compressor for brotli is loaded when it is first asked for. */
export async function reportSizes(artifacts: io.ModelArtifacts) {
  const { default: loading } = await import('brotli-wasm');
  const brotliWasm = await loading;
  const sizes = { raw: 0, gzip: 0, brotli: 0 };
  for (const file of filesOf(artifacts)) {
    sizes.raw += file.length;
    sizes.gzip += gzipSync(file, { level: GZIP_LEVEL }).length;
    sizes.brotli += brotliWasm.compress(file, { quality: BROTLI_QUALITY }).length;
  }
  return sizes;
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
