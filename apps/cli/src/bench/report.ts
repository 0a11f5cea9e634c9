import { type Note } from '@espalier/core';
/** What `bench` measures, as --json prints it. Times are of one call, in milliseconds. */
export interface BenchReport {
  readonly version: 1;
  readonly created: string;
  readonly command: string;
  readonly model: { readonly name: string; readonly path: string; readonly params: number };
  readonly strategy: string;
  readonly scorer: string;
  readonly scope?: string;
  /** Of one sample. */
  readonly inputShape: readonly number[];
  readonly batch: number;
  readonly rounds: number;
  readonly seed: number;
  readonly machine: {
    readonly node: string;
    readonly cpu: string;
    readonly cores: number;
    readonly platform: string;
    readonly tfjs: string;
  };
  /** On what device webgpu was measured. */
  readonly notes: readonly Note[];
  readonly backends: readonly { readonly backend: string; readonly rows: readonly BenchRow[] }[];
}

export interface Times {
  readonly medianMs: number;
  readonly p10Ms: number;
  readonly p90Ms: number;
}

/** One way of running, timed in the same rounds as the dense model on stock kernels. */
export interface RuntimeTimes extends Times {
  readonly runtime: string;
  /** The dense model's time over this one's, round by round. */
  readonly speedup: { readonly median: number; readonly p10: number; readonly p90: number };
}

export interface Work {
  /** Multiply-accumulates of one call in convolutions and matrix products, and those whose weight is not zero. */
  readonly macs: { readonly dense: number; readonly kept: number };
  /** dense / kept; null where nothing is left. */
  readonly theoretical: number | null;
}

/** The model at one sparsity. */
export interface BenchRow extends Work {
  readonly sparsity: { readonly requested: number; readonly achieved: number };
  readonly params: { readonly total: number; readonly kept: number };
  readonly dense: Times;
  /** `ran` and `reason`: what compile() made of the model. */
  readonly runtimes: readonly (RuntimeTimes & { readonly ran?: string; readonly reason?: string })[];
  /** Every weight by itself, at the shapes it meets inside the model; absent with --no-layers. */
  readonly layers?: readonly BenchLayer[];
  readonly notes: readonly Note[];
}

export interface BenchLayer extends Work {
  readonly id: string;
  /** Of the weight, dense and pruned. */
  readonly shape: readonly number[];
  readonly prunedShape: readonly number[];
  /** The share of zeros in the pruned weight. */
  readonly sparsity: number;
  /** How often a call of the model runs it, and on which kernel of TensorFlow.js. */
  readonly calls: readonly { readonly kernel: string; readonly inputs: Readonly<Record<string, readonly number[]>> }[];
  readonly dense: Times;
  readonly runtimes: readonly (RuntimeTimes & { readonly kernel?: string; readonly reason?: string })[];
}
