// Written by scripts/build-abi.mjs from abi/table.cjs; not to be edited.

/** Outputs that are finished together: a few cache lines of each pixel. */
export const FINISHED_TOGETHER: i32 = 64;

/** Pixels whose places the dense kernel looks up together; a block of weights is read once for all. */
export const DENSE_PIXELS: i32 = 64;

/** How weights are stored. */
export const enum Format {
  UNSTRUCTURED,
  BLOCKS,
  DENSE,
}

/** What becomes of a window's pixels. */
export const enum Window {
  SUM,
  MAX,
  MEAN,
}

/** What follows a sum and is more than a clamp. */
export const enum Curve {
  PRELU,
  ELU,
  SIGMOID,
  SWISH,
  TANH,
}

/** What becomes of two values. */
export const enum Combination {
  ADD,
  SUB,
  MUL,
  MAX,
  MIN,
  DIV,
}

/**
 * One convolution or matrix product over rows of pixels, NHWC. A product of [N, K] by [K, M] is a 1×1 convolution of one image, one
 * pixel high and N wide.
 */
@unmanaged
export class ConvolveJob {
  /** A Format. */
  format: i32;
  batch: i32;
  inHeight: i32;
  inWidth: i32;
  inChannels: i32;
  outHeight: i32;
  outWidth: i32;
  outChannels: i32;
  kernelHeight: i32;
  kernelWidth: i32;
  strideHeight: i32;
  strideWidth: i32;
  dilationHeight: i32;
  dilationWidth: i32;
  top: i32;
  left: i32;
  /** Not 0: output pixel n reads input pixel n alone. */
  linear: i32;
  /** Inputs of one block of K; a multiple of 4. */
  blockInputs: i32;
  /** The weights. */
  steps: usize;
  /** How many steps of them each row, or group of four rows, has in each block. */
  counts: usize;
  /** Scratch: inputs [blockInputs][width]. */
  panel: usize;
  /** Scratch: [rows of outputs][width]. */
  sums: usize;
  /** Scratch: [taps][width]. */
  pointers: usize;
  /** Scratch: [rows of outputs][8]. */
  biases: usize;
  /** [inChannels] */
  zeros: usize;
}

/**
 * One convolution over planes. A plane holds one channel of all images; pixels are read in runs of neighbours, a run for each row of each
 * image, or one for everything where rows follow each other without gaps.
 */
@unmanaged
export class PlaneJob {
  /** A Format. */
  format: i32;
  inputs: i32;
  outputs: i32;
  /** Inputs of one block of K. */
  blockInputs: i32;
  images: i32;
  /** Of one image. */
  runs: i32;
  /** Of one run. */
  pixels: i32;
  /** From one run to the next, in x. */
  runBytes: usize;
  /** From one image to the next, in x. */
  imageBytes: usize;
  /** From one output's plane to the next. */
  outStride: usize;
  /** The weights. */
  steps: usize;
  /** How many steps of them each row, or group of four rows, has in each block. */
  counts: usize;
  /** Bytes from x to each input's plane; blocks and dense. */
  offsets: usize;
  /** Scratch of blocks and dense: inputs [blockInputs][8]. */
  panel: usize;
  /** Likewise: [outputs, rounded up to 4][8]. */
  sums: usize;
  /** Likewise: 128 bytes. */
  zeros: usize;
  bias: usize;
  /** Results are clamped to these two. */
  low: f32;
  high: f32;
  /** Bytes from y to what is added to it; 0 = nothing. */
  residual: usize;
}

/** How planes are copied into planes with a border around each image, one for each phase of the stride. */
@unmanaged
export class BorderJob {
  batch: i32;
  inHeight: i32;
  inWidth: i32;
  top: i32;
  left: i32;
  strideHeight: i32;
  strideWidth: i32;
  phasesHeight: i32;
  phasesWidth: i32;
  /** Of one phase of one image. */
  rows: i32;
  columns: i32;
  /** From one phase's plane to the next. */
  planeBytes: usize;
  /** What the border is made of. */
  fill: f32;
}

/** A 3×3 depthwise convolution with a padding of at most 1: no copy with a border. */
@unmanaged
export class NineJob {
  /** 1 or 2, in both directions. */
  stride: i32;
  inChannels: i32;
  /** Outputs of one channel. */
  multiplier: i32;
  batch: i32;
  inHeight: i32;
  inWidth: i32;
  outHeight: i32;
  outWidth: i32;
  top: i32;
  left: i32;
  /** From one plane to the next, in x and in y. */
  inStride: usize;
  outStride: usize;
  /** [inChannels × multiplier][9] */
  weights: usize;
  bias: usize;
  /** A row of zeros, with room before and behind. */
  zeros: usize;
  /** Which inputs lie inside the image, a vector of bits for each column of taps: of a row's first four outputs, and of its last. */
  masks: usize;
  /** Results are clamped to these two. */
  low: f32;
  high: f32;
}

/** A depthwise convolution or a pooling: one plane at a time, a border around it, then every tap. */
@unmanaged
export class TapJob {
  /** A Window. */
  window: i32;
  inChannels: i32;
  /** Outputs of one channel. */
  multiplier: i32;
  taps: i32;
  batch: i32;
  outHeight: i32;
  outWidth: i32;
  /** Between rows of the bordered plane. */
  rowBytes: usize;
  /** Between images of it. */
  imageBytes: usize;
  /** From one plane to the next, in x and in y. */
  inStride: usize;
  outStride: usize;
  /** Bytes from the first tap to each. */
  offsets: usize;
  /** [inChannels × multiplier][taps]; of a mean, one factor for each output pixel of an image. */
  weights: usize;
  bias: usize;
  /** A BorderJob. */
  border: usize;
  /** Where the bordered plane goes. */
  scratch: usize;
  /** Results are clamped to these two. */
  low: f32;
  high: f32;
}
