/** What the page and its workers say to each other: plain data only. */
import type { Note } from '@espalier/core';
import type { Panel, Phase, Report, Row } from '@espalier/pipeline';
import type { ZooName } from '@espalier/zoo/web';
import type { io } from '@tensorflow/tfjs-core';
import type { Backend, Choice, Values } from '../settings.js';

export { type Backend, BACKENDS } from '../settings.js';

export type ModelSource =
  | { readonly kind: 'zoo'; readonly name: ZooName }
  /** Read where they are needed: the page holds no bytes of them. */
  | { readonly kind: 'files'; readonly files: readonly NamedFile[] }
  | { readonly kind: 'artifacts'; readonly name: string; readonly artifacts: io.ModelArtifacts };

export interface NamedFile {
  /** With its folders. */
  readonly name: string;
  readonly file: Blob;
}

export interface KernelInfo {
  readonly id: string;
  readonly shape: readonly number[];
  readonly size: number;
  /** Why it is left alone. */
  readonly skip?: Note;
}

export interface ModelInfo {
  readonly name: string;
  readonly format: string;
  readonly params: number;
  readonly macs: number | null;
  readonly kernels: readonly KernelInfo[];
  /** Of one sample, for each input and each output; null = open. */
  readonly inputShapes: readonly (readonly (number | null)[])[];
  readonly outputShapes: readonly (readonly (number | null)[])[];
  /** Whether any channels may go. */
  readonly channels: boolean;
  readonly notes: readonly Note[];
}

export type DataSource = { readonly kind: 'zoo' } | { readonly kind: 'files'; readonly files: readonly NamedFile[] };

export interface DataInfo {
  readonly name: string;
  readonly own: boolean;
  /** Of one sample. */
  readonly shape: readonly number[];
  /** One more than the highest label. */
  readonly classes: number;
  /** How many samples. */
  readonly train: number;
  readonly test: number;
  /** One set of samples, every fifth of which is for measuring. */
  readonly shared: boolean;
  /** What `--data` takes for the same samples; '' = nothing. */
  readonly argument: string;
}

export interface LayerBar {
  readonly id: string;
  readonly size: number;
  readonly kept: number;
}

/** A piece of a kernel's mask, seen as a matrix of inputs × outputs. */
export interface MaskMap {
  /** Rows and columns of the whole. */
  readonly of: readonly [rows: number, columns: number];
  readonly rows: number;
  readonly columns: number;
  /** Row by row: 0 = pruned, 1 = kept, 2 = its row or column is gone as a whole. */
  readonly cells: Uint8Array;
  /** In front of which rows and columns a line divides it, and whose cells and groups it divides. */
  readonly lines?: { readonly rows: readonly number[]; readonly columns: readonly number[]; readonly of: string };
}

export interface Preview {
  readonly sparsity: number;
  readonly params: { readonly total: number; readonly kept: number };
  readonly macs: { readonly dense: number; readonly kept: number } | null;
  readonly channels?: { readonly total: number; readonly kept: number };
  readonly layers: readonly LayerBar[];
  readonly panel: Panel | null;
  readonly mask: MaskMap | null;
  /** Estimates, in bytes. */
  readonly estimate: { readonly raw: number; readonly compact: number };
  readonly notes: readonly Note[];
  readonly ms: number;
}

export interface Samples {
  /** Of one sample. */
  readonly shape: readonly number[];
  readonly values: Float32Array;
  readonly labels: Int32Array;
}

/** What takes longer and follows. */
export interface Details {
  /** Percent; null where the data does not fit. */
  readonly accuracy: number | null;
  /** The pruned model, smaller where channels are gone. */
  readonly artifacts: io.ModelArtifacts;
}

/** Bytes of model.json with its weights as they are, by gzip and by brotli, and of the compact file. */
export interface FileSizes {
  readonly raw: number;
  readonly gzip: number;
  /** null = still being compressed; 'large' = only a measurement takes the time for it. */
  readonly brotli: number | null | 'large';
  readonly compact: number;
}

export interface BackendState {
  readonly name: Backend;
  readonly works: boolean;
  /** The device, or why it does not work. */
  readonly detail: string;
}

export interface Measured {
  readonly row: Row;
  /** The pruned model. */
  readonly artifacts: io.ModelArtifacts;
}

export interface Progress {
  readonly phase: 'load' | Phase;
  /** Of the whole call, 0 to 1. */
  readonly done: number;
}

/** Which model predicts: the dense one, the live cut, or a measured one by its id. */
export type Which = 'dense' | 'live' | (string & {});

export interface Calls {
  /** Reads and adapts a model; the one before stays until that has succeeded. */
  open(source: ModelSource): ModelInfo;
  /** Reads data; what was used before stays until that has succeeded. */
  data(source: DataSource): DataInfo;
  preview(choice: Choice & { readonly kernel: string | null }): Preview;
  /** null = another preview came in between. */
  details(): Details | null;
  /** The dense model's accuracy, percent; null where the data does not fit. */
  denseAccuracy(): number | null;
  /** All but brotli, which takes longer and has to be loaded. */
  sizes(artifacts: io.ModelArtifacts): Omit<FileSizes, 'brotli'>;
  /** Of the model whose sizes were asked for last. */
  brotli(): number | 'large';
  /** Probabilities, model by model, image by image. */
  predict(request: { readonly images: Float32Array; readonly which: readonly Which[] }): number[][][];
  /** Test samples from `from` on, at most `count`, with their labels. */
  samples(request: { readonly from: number; readonly count: number }): Samples;
  /** Makes a measured model known under its id. */
  keep(request: { readonly id: string; readonly artifacts: io.ModelArtifacts }): true;
  pack(request: { readonly which: Which; readonly as: 'tfjs' | 'espalier'; readonly values: Values }): Uint8Array;
  /** What a leak would show in. */
  memory(): { readonly tensors: number; readonly bytes: number };
  backends(): BackendState[];
  /** The report of the dense model alone. */
  dense(request: {
    readonly backends: readonly Backend[];
    readonly about: { created: string; command: string };
  }): Report;
  trial(request: {
    readonly choice: Choice;
    readonly backends: readonly Backend[];
    /** Measured already. */
    readonly denseAccuracy: number | null;
  }): Measured;
}

export type Method = keyof Calls;
export interface Request<M extends Method = Method> {
  readonly id: number;
  readonly method: M;
  readonly argument: Parameters<Calls[M]>[0];
}
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly note?: Note;
}
export type Response =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: Failure }
  | { readonly id: number; readonly progress: Progress };
