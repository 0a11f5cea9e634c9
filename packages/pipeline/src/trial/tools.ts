import type { Batch, MaskHandle, PrunableModel, Repair, Schedule, Scorer, Strategy } from '@espalier/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Bytes, Compact } from '../report/report.js';

/** What to try on the model. */
export interface Trial {
  /** Unique in a comparison; default: strategy, scope, scorer and sparsity. */
  readonly id?: string;
  readonly scorer: Scorer;
  readonly strategy: Strategy;
  /** Default: what the strategy's pattern fixes, else 0.5. */
  readonly sparsity?: number;
  /** Default: what the repair works best with, else one shot. */
  readonly schedule?: Schedule;
  /** New values for the weights that stay. */
  readonly repair?: Repair;
  readonly ignore?: readonly string[];
  /** What the row is called, where the plug-ins' own names are too narrow. */
  readonly label?: { readonly strategy?: string; readonly scorer?: string; readonly scope?: string };
  /**
   * Trains the masked model after each step of the schedule and keeps its zeros, resolving to the epochs it ran and the mean
   * loss of the last one.
   */
  readonly fineTune?: (model: PrunableModel, handles: readonly MaskHandle[]) => Promise<FineTuned>;
  /** Leaves channels in place as zeros instead of removing them. */
  readonly keepShape?: boolean;
}

export interface FineTuned {
  readonly epochs: number;
  readonly loss?: number;
}

/** How to measure; what is absent is not measured, and null in the report. */
export interface Tools {
  /** For scorers that look at data. */
  readonly calibration?: () => AsyncIterable<Batch>;
  /** Percent. */
  readonly accuracy?: (model: PrunableModel) => Promise<number>;
  /** Bytes of the files that hold the model. */
  readonly sizesOf?: (model: PrunableModel) => Promise<Bytes>;
  /** The model's compact files, each measured as it is read back. */
  readonly compactOf?: (model: PrunableModel) => Promise<readonly Compact[]>;
  /** Times the contenders in the same rounds, the first being what others are compared with. */
  readonly latency?: (contenders: readonly Contender[]) => Promise<readonly MeasuredBackend[]>;
  /** Milliseconds that only go forward. */
  readonly clock?: () => number;
}

export interface Contender {
  readonly name: string;
  readonly predict: (x: Tensor) => Tensor;
  /** What predicts, for tools that make it ready for a backend. */
  readonly model: PrunableModel;
}

/** One backend's times, contender by contender in the order given. */
export interface MeasuredBackend {
  readonly backend: string;
  readonly ran: string;
  readonly batch: number;
  readonly entries: readonly MeasuredTimes[];
}

export interface MeasuredTimes {
  readonly medianMs: number;
  readonly p10Ms: number;
  readonly p90Ms: number;
  readonly runs: number;
  readonly speedup: { readonly median: number; readonly p10: number; readonly p90: number };
}

export type Phase = 'score' | 'select' | 'fine-tune' | 'shrink' | 'bytes' | 'compact' | 'accuracy' | 'latency';
