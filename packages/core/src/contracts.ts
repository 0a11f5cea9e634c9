/**
 * The contracts between models, scorers, strategies, schedules and repairs.
 *
 * Ownership: arguments are borrowed, results belong to the caller. Tensors stop at the scorer; past it everything is
 * typed arrays, so the same scores give the same decisions on every backend.
 */
import type { io, NamedTensorMap, Tensor, Tensor2D, Variable } from '@tensorflow/tfjs-core';

/**
 * Float32 saliency, read one parameter at a time; higher is kept. A parameter that is not listed has no opinion.
 *
 * A score is finite, and 0 or more: how much is lost when the weight goes. Scores that say `signed` may be below 0, where it is
 * better gone, and those go first. A score for each weight, a group's for each unit. `checkedScores` holds scores to that wherever
 * they are used. Of signed ones selection takes the lowest; blocks, N:M and the aggregates mean, sum and max add and compare them
 * with their signs; LAMP and the aggregate l2 square them, and refuse those below 0.
 */
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
  readonly notes?: readonly string[];
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
  readonly skip?: string;
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
  readonly skip?: string;
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
  readonly notes?: readonly string[];
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

export interface ReestimateOptions {
  /** Calibration data; asked for once for every pass, and must be the same each time. */
  batches(): AsyncIterable<Batch>;
  /** Masks in force; they are applied again afterwards. */
  readonly handles?: readonly MaskHandle[];
  /** After every pass. */
  readonly onPass?: (progress: { readonly pass: number; readonly passes: number }) => void;
}

/** The batch norms whose statistics were estimated again. */
export interface Reestimated {
  /** By layer or node, in the order in which they were worked out. */
  readonly layers: readonly string[];
  /** Passes over the data: the most batch norms on one way through the network. */
  readonly passes: number;
}

/** Inputs and targets. It belongs to the iterator that yields it and is valid until the next one is asked for. */
export interface Batch {
  readonly x: Tensor;
  readonly y: Tensor;
}

/** Keeps pruned weights at zero for as long as the cut is reversible or training goes on. */
export interface MaskHandle {
  readonly plan: Plan;
  /** Writes +0 over every pruned weight; call it after every optimizer step. */
  apply(): void;
  /** Gradients with +0 at pruned weights, as new tensors; those of unmasked parameters are cloned. */
  maskGradients(grads: NamedTensorMap): NamedTensorMap;
  /** Puts the pruned weights back as they were when they were masked, and ends the handle. */
  restore(): void;
  /** Forgets what was pruned, so that the zeros are the weights now, and ends the handle. May be called twice. */
  makePermanent(): void;
}

/**
 * What the model's output means. 'probabilities' and 'logits': the loss is softmax cross-entropy, whose curvature the output alone
 * determines. 'linear': nothing follows the last sum of products, and no loss says yet what it stands for; with integer labels
 * these are logits. 'other': anything else.
 */
export type Output = 'probabilities' | 'logits' | 'linear' | 'other';

/** The mean of what it returns for targets and outputs is the loss: a scalar, one value per sample, or one per output. */
export type LossFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;

/** One input or output of a model. */
export interface Port {
  readonly name: string;
  /** With the batch in front; null = open. [] where not even the rank is known. */
  readonly shape: readonly (number | null)[];
  readonly dtype: string;
}

/** What a person wants to know of one layer, or of one node that reads weights, before pruning. */
export interface LayerDescription {
  /** With the names of the models around it in front: 'encoder/conv1'. */
  readonly name: string;
  /** Its class or operation. */
  readonly className: string;
  /** With the batch in front; null = open or unknown. */
  readonly outputShape: readonly (number | null)[];
  readonly params: number;
  /** Multiply-accumulates a sample; null where sizes are open or the class is not known. */
  readonly macs: number | null;
  /** Ids of the parameters that element strategies may prune. */
  readonly prunable: readonly string[];
  /** Why `prunable` is empty. */
  readonly reason?: string;
  /** The channels that it makes, alone or together with others, and why none of them may be removed. */
  readonly channels?: { readonly size: number; readonly prunable: boolean; readonly reason?: string };
}

/** Another look at the same weights: what is not given stays as it is. */
export interface View {
  /** By a name that the adapter knows, or a function. */
  readonly loss?: string | LossFunction;
  /** The output that `predict` gives and the loss is of, by name, where the model has several. */
  readonly output?: string;
  /** Parameters by id that are left alone, and why, beside those that are already; channels that run through them stay. */
  readonly leaveAlone?: Readonly<Record<string, string>>;
  /** The shape of the one input, batch first, where the model leaves sizes open: MACs are counted for it. */
  readonly inputShape?: readonly number[];
}

/** What computes the outputs of a model: a tf.LayersModel, a tf.GraphModel, or what stands in the place of one. */
export interface LiveModel {
  /** Variables as a tf.LayersModel lists them, or tensors by name. */
  readonly weights:
    readonly { readonly originalName: string; read(): Tensor }[] | Readonly<Record<string, Tensor | readonly Tensor[]>>;
  predict(x: Tensor | Tensor[] | NamedTensorMap, config?: object): unknown;
}

export interface GradientOptions {
  /** Dropout is active, and batch norm uses and updates its statistics. */
  readonly training?: boolean;
  readonly loss?: LossFunction;
}

/** A model of any kind: what scorers, repairs, trainings and programs may ask of it, so that nobody has to know which kind it is. */
export interface PrunableModel {
  /** What was adapted, masked in place by `mask`: for those who brought it, and for runtimes that take a model whole. Borrowed. */
  readonly model: LiveModel;
  /** `outputs` are all of them, or the one that was chosen. */
  readonly signature: { readonly inputs: readonly Port[]; readonly outputs: readonly Port[] };
  /** What the user should hear about the model itself. */
  readonly notes: readonly string[];
  /** Operations that TensorFlow.js does not have: the model runs only where a program registers them. */
  readonly foreign: readonly string[];
  /** Every weight of the model, in the model's order. */
  readonly params: readonly Param[];
  /** Channel dependencies, found once, by the adapter. */
  readonly groups: readonly Group[];
  /**
   * Residual branches as groups of one unit: x + f(x), where f may go and leaves x. Its sites are all weights of the branch
   * along axis 0, so a removed branch is zeros everywhere, which the sum does not see. Named after the layer that adds.
   */
  readonly branches?: readonly Group[];
  /** What made this model out of larger ones, oldest first; absent = nothing was removed since it was adapted. */
  readonly history?: readonly Change[];
  readonly output: Output;
  /** In the order of the model: a row for each layer that has weights or makes channels. Each weight is counted in one row. */
  describe(): LayerDescription[];
  /**
   * The same model, seen otherwise: it shares the weights, and to dispose of one is to dispose of both. Throws what the adapter throws
   * for a loss that is none, or an InputError with code 'input-shape', 'output-unknown', or 'param-unknown' for something to leave
   * alone that is not there.
   */
  with(view: View): PrunableModel;
  /** `with({ loss })`. */
  withLoss(loss: string | LossFunction): PrunableModel;
  /**
   * The model as files hold it, with the weights that it has now, each under the id of its parameter; the caller owns them. `format`
   * says whose topology it is: 'layers-model' or 'graph-model' of TensorFlow.js, or the name of another kind, by which programs that
   * read and write files find its code.
   */
  toArtifacts(): Promise<io.ModelArtifacts>;
  /** A copy of the weight's values. */
  read(param: string): Promise<Float32Array>;
  /** The variable that holds the weight; borrowed, never dispose it. */
  variable(param: string): Variable;
  /** The model's output in inference mode; the caller disposes it. */
  predict(x: Tensor): Tensor;
  /**
   * Mean loss over the batch and its gradients by parameter: all that the loss depends on, frozen layers included, statistics
   * of normalisations not. The caller owns the tensors. `loss` takes the place of the model's own: the mean of what it
   * returns for the targets and the output, a scalar or one value per sample.
   */
  gradients(batch: Batch, options?: GradientOptions): Promise<{ loss: number; grads: NamedTensorMap }>;
  /**
   * The activations that enter one kernel in inference mode, in pieces: [rows, in], a row for each time that the kernel is
   * applied, the columns in the order of all its axes but the last. Of a convolution these are the patches, unfolded; of a
   * depthwise kernel the patches of every channel. A piece belongs to the iterator and is valid until the next one is asked
   * for. Throws a UsageError with code 'inputs-unsupported' (`inputsUnsupported`) where the kernel is no such product.
   */
  inputs(batch: Batch, param: string): AsyncIterable<Tensor2D>;
  /** Gives a weight new values; throws an InputError with code 'param-values' for another number of them. */
  write(param: string, values: Float32Array): void;
  /**
   * Gives every batch norm, after a cut, the mean and the variance of what enters it in inference mode over all batches, those in
   * front first. Absent = the adapter cannot.
   */
  reestimateNorms?(options: ReestimateOptions): Promise<Reestimated>;
  /** Zeroes what the plan prunes; shapes stay. */
  mask(plan: Plan): Promise<MaskHandle>;
  /** A new, smaller model without the units that the plan removes; this one is left as it is. */
  shrink(plan: Plan): Promise<PrunableModel>;
  /** Frees what was adapted, and ends the masks on it. May be called twice, on any view of the model. */
  dispose(): void;
}

export interface Context {
  readonly model: PrunableModel;
  /** Calibration data; throws a UsageError with code 'data-missing' where there is none. Restarts on every call. */
  batches(): AsyncIterable<Batch>;
}

export interface Selection {
  readonly params: readonly Param[];
  readonly groups: readonly Group[];
  readonly branches?: readonly Group[];
  readonly scores: Scores;
  /** Fraction removed, in [0, 1]. */
  readonly sparsity: number;
  /** What an earlier step pruned stays pruned. */
  readonly previous?: Plan;
}

export interface Scorer {
  readonly name: string;
  score(context: Context): Promise<Scores>;
}

export interface Strategy {
  readonly name: string;
  /** The one sparsity it can reach, where its pattern fixes it (2:4 is 0.5). */
  readonly sparsity?: number;
  /** Throws where no scores at all could make the selection possible; asked before any scoring. */
  check?(selection: Omit<Selection, 'scores'>): void;
  select(selection: Selection): Promise<Plan>;
}

/** A plan with the values that make the best of it. */
export interface Update {
  /** What is pruned now: the plan that was given, or one as sparse where weights changed places. */
  readonly plan: Plan;
  /** New values by parameter, +0 where the plan prunes. Parameters that are not listed keep theirs. */
  readonly values: Readonly<Record<string, Float32Array>>;
  /** What the user should hear: dampened Hessians, kernels left as they are, too little data. */
  readonly notes?: readonly string[];
}

/** New values for the weights that stay, so that they make up for those that go. */
export interface Repair {
  readonly name: string;
  /** The schedule that it works best with, where that is not one-shot. */
  schedule?(strategy: Strategy, sparsity: number): Schedule | undefined;
  /** The model has its weights of before the plan, and has them again afterwards. */
  repair(context: Context, plan: Plan): Promise<Update>;
}

export interface Schedule {
  /** The sparsity to reach at a step; undefined = leave the plan as it is. */
  (step: number): number | undefined;
  /** Steps 0 to steps − 1 are all there is to it. */
  readonly steps: number;
}
