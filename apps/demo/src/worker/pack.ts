import { encodeEspalier, encodeModelFiles } from '@espalier/format/web';
import type { io } from '@tensorflow/tfjs-core';
import { zipSync } from 'fflate';
import type { Values } from '../settings.js';

/** The model as one file to download: a zip of model.json and its weights, or a compact file. */
export function packModel(artifacts: io.ModelArtifacts, as: 'tfjs' | 'espalier', values: Values): Uint8Array {
  if (as === 'espalier') return encodeEspalier(artifacts, { values });
  // A date of its own would make other bytes each time.
  return zipSync(encodeModelFiles(artifacts), { level: 6, mtime: new Date(2020, 0, 1) });
}
