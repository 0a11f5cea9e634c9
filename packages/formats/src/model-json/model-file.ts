import type { io } from '@tensorflow/tfjs-core';
import type { FileSize } from '../disk/files.js';
import type { ModelFormat } from './document.js';

/** A model as it lies on disk, checked, before TensorFlow.js has seen any of it. */
export interface ModelFile {
  /** The path of its model.json. */
  readonly path: string;
  readonly dir: string;
  readonly format: ModelFormat;
  /** What kind of file it is. */
  readonly container: 'model.json' | 'espalier' | 'safetensors';
  /** What `tf.io` handlers pass on; `weightData` is one ArrayBuffer. */
  readonly artifacts: io.ModelArtifacts;
  /** model.json and its shards, or the one file. */
  readonly files: readonly FileSize[];
}

export interface ReadOptions {
  /** Largest model.json. A JavaScript string holds no more than 512 MiB. */
  readonly maxJsonBytes?: number;
  /** Deepest nesting of arrays and objects in it; TensorFlow.js walks the topology recursively. */
  readonly maxDepth?: number;
  /** Most bytes of weights. Default: the machine's memory. */
  readonly maxWeightBytes?: number;
  /** Whether NaN and infinities are refused, or kept bit by bit. */
  readonly nonFinite?: 'refuse' | 'keep';
  /** For safetensors that hold weights alone: the model that they are for. */
  readonly topology?: io.ModelArtifacts;
}
