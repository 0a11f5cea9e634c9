import type { Note } from './note.js';
import type { io, NamedTensorMap, Tensor, Tensor2D, Variable } from '@tensorflow/tfjs-core';
import type { Change, Group, Param, Plan } from './plan.js';

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
  readonly reason?: Note;
  /** The channels that it makes, alone or together with others, and why none of them may be removed. */
  readonly channels?: { readonly size: number; readonly prunable: boolean; readonly reason?: Note };
}

/** Another look at the same weights: what is not given stays as it is. */
export interface View {
  /** By a name that the adapter knows, or a function. */
  readonly loss?: string | LossFunction;
  /** The output that `predict` gives and the loss is of, by name, where the model has several. */
  readonly output?: string;
  /** Parameters by id that are left alone, and why, beside those that are already; channels that run through them stay. */
  readonly leaveAlone?: Readonly<Record<string, string | Note>>;
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
  readonly notes: readonly Note[];
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
