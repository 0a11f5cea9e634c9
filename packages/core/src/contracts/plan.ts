/**
 * Float32 saliency, read one parameter at a time; higher is kept. A parameter that is not listed has no opinion.
 *
 * A score is finite, and 0 or more: how much is lost when the weight goes. Scores that say `signed` may be below 0, where it is
 * better gone, and those go first. A score for each weight, a group's for each unit. `checkedScores` holds scores to that wherever
 * they are used. Of signed ones selection takes the lowest; blocks, N:M and the aggregates mean, sum and max add and compare them
 * with their signs; LAMP and the aggregate l2 square them, and refuse those below 0.
 */
import type { Note } from './note.js';
export interface Scores {
  readonly params: readonly string[];
  /** May be called any number of times, with the same answer each time. The array belongs to the caller. */
  read(param: string): Promise<Float32Array>;
  /** For scorers whose channel score is no sum of its weights' scores, such as (Σ w·g)². One value per unit. */
  readGroup?(group: string): Promise<Float32Array>;
  /** Scores may be below 0. */
  readonly signed?: boolean;
  /** The backend that computed them, where that can change the last bits. */
  readonly backend?: string;
  /** What the user should hear about them: kernels that could not be scored, too little data. */
  readonly notes?: readonly Note[];
}

/** A weight in TensorFlow.js layout: dense [in, out]; conv2d [h, w, in, out]; depthwise [h, w, in, mult]. */
export interface Param {
  /** Unique in the model, layer first: 'conv1/kernel'. */
  readonly id: string;
  readonly shape: readonly number[];
  /** The axis that N:M groups run along; -1 = none. */
  readonly inAxis: number;
  readonly role: 'kernel' | 'bias' | 'norm';
  /** How often each weight is multiplied per sample (1 for dense, output pixels for conv); null = unknown. */
  readonly uses: number | null;
  /** Where in a run of the model it is first used; those with lower ones come earlier. Absent = `params` are in that order. */
  readonly place?: number;
  /** Of a kernel: the parameter that is added to its products before anything else. Absent = the bias of its layer, if any. */
  readonly bias?: string;
  /** Whether training may change it: false for batch-norm statistics and frozen layers. */
  readonly trainable: boolean;
  /** Why element strategies leave it alone, said to the user. Absent = may be pruned. */
  readonly skip?: Note;
}

/** Slice i of `axis` belongs to unit unitOf[i]; -1 = none. Spells concat, flatten, heads and groups as data. */
export interface Site {
  readonly param: string;
  readonly axis: number;
  readonly unitOf: Int32Array;
}

/** `size` channels, each kept or removed at every site together. */
export interface Group {
  /** The name of the layer that produces the channels. */
  readonly id: string;
  readonly size: number;
  readonly sites: readonly Site[];
  /** Why no channel of it may be removed, said to the user. Absent = may be pruned. */
  readonly skip?: Note;
}

/** Bit i is bit (i & 7) of bytes[i >> 3]; 1 = keep. */
export interface Bits {
  readonly length: number;
  readonly bytes: Uint8Array;
}

/** So many neighbours along an axis, or the whole axis. */
export type Span = number | 'all';

/**
 * A box of neighbouring weights in a kernel, by what its axes stand for; axes that it does not name count 1. Positions are the
 * axes that are neither inputs nor outputs, in order: height and width of a convolution.
 */
export interface Extent {
  readonly inputs?: Span;
  readonly outputs?: Span;
  readonly positions?: readonly number[] | 'all';
}

/** Of every whole box of the extent `keep` cells stay; without `keep`, the same share of them everywhere in a kernel. */
export interface FixedCount {
  readonly within: Extent;
  readonly keep?: number;
}

/**
 * What a strategy decides on, described so that files, pictures, repairs and laws need not know the strategy: what is kept or
 * pruned together, and where a count is fixed. Plain data. 2:4 is { kind: 'n:m', name: '2:4', counts: [{ within: { inputs: 4 },
 * keep: 2 }] }; 4×1 blocks are { kind: 'block', name: '4×1 blocks', cell: { outputs: 4 } }.
 */
export interface Granularity {
  /** The same for all of a kind: 'weights', 'n:m', 'block', 'channels', 'branches', or one of the strategy's own. */
  readonly kind: string;
  /** What people call this one. */
  readonly name: string;
  /** What of a kernel stays or goes together, laid side by side from its first weight on. Absent = single weights. */
  readonly cell?: Extent;
  /** Where the number of cells that stay is fixed; all of them hold. Absent = nowhere. */
  readonly counts?: readonly FixedCount[];
  /** It decides on the units of groups, so that what stays can be a smaller model. */
  readonly units?: boolean;
}

/** What was decided: plain data, serialisable, the same on every backend. */
export interface Plan {
  /** The parameters with an element mask. */
  readonly params: readonly string[];
  /** Element decisions; may be asked any number of times. Rejects for a parameter that is not listed. */
  mask(param: string): Promise<Bits>;
  /** Channel decisions, by group. */
  readonly units: Readonly<Record<string, Bits>>;
  /** What the masks of `params`, or else `units`, were decided by. Absent = single weights, or channels. */
  readonly granularity?: Granularity;
  /** The largest pruned score by parameter, where one threshold decided (unstructured); null = nothing was pruned. */
  readonly thresholds?: Readonly<Record<string, number | null>>;
  /** What the user should hear about this decision: parameters left dense, layers emptied. */
  readonly notes?: readonly Note[];
}

/** What was taken out along one axis of a parameter, `size` entries long before. */
export interface Removal {
  readonly param: string;
  readonly axis: number;
  readonly size: number;
  /** Indices before the change, ascending. */
  readonly removed: readonly number[];
}

/** What made a smaller model out of a larger one: plain data, as JSON can say it. */
export interface Change {
  /** The units removed, by group; indices before the change, ascending. */
  readonly units: Readonly<Record<string, readonly number[]>>;
  readonly removals: readonly Removal[];
}
