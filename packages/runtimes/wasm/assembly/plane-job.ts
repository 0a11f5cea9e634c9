/**
 * One convolution over planes, as the host writes it into memory: 32-bit words in this order, the same as in
 * src/compile/plane-job.ts. A plane holds one channel of all images; pixels are read in runs of neighbours, a run for each row of
 * each image, or one for everything where rows follow each other without gaps.
 */
@unmanaged
export class PlaneJob {
  /** 0 = unstructured, 1 = blocks of four outputs, 2 = dense. */
  kind: i32;
  inputs: i32;
  outputs: i32;
  /** Inputs of one block of K. */
  blockInputs: i32;
  images: i32;
  runs: i32;
  /** Pixels of a run. */
  pixels: i32;
  /** Bytes from one run to the next and from one image to the next, in x. */
  runBytes: usize;
  imageBytes: usize;
  /** Bytes from one output's plane to the next. */
  outStride: usize;
  /** The weights, and how many steps each row (or group of four) has in each block. */
  steps: usize;
  counts: usize;
  /** Bytes from x to each input's plane; kinds 1 and 2. */
  offsets: usize;
  /** Scratch of kinds 1 and 2: inputs [blockInputs][8], sums [outputs, rounded up to 4][8], 128 bytes of zeros. */
  panel: usize;
  sums: usize;
  zeros: usize;
  bias: usize;
  low: f32;
  high: f32;
  /** Bytes from y to what is added to it; 0 = nothing. */
  residual: usize;
}

/** How planes are copied into planes with a border, split by stride: src/compile/border.ts. */
@unmanaged
export class BorderJob {
  images: i32;
  height: i32;
  width: i32;
  top: i32;
  left: i32;
  strideHeight: i32;
  strideWidth: i32;
  phasesHeight: i32;
  phasesWidth: i32;
  /** Of one phase of one image. */
  rows: i32;
  columns: i32;
  /** Bytes from one phase's plane to the next. */
  planeBytes: usize;
  fill: f32;
}

/** 3×3 depthwise convolutions with stride 1 or 2 in both directions, and a padding of at most 1: no copy with a border. */
@unmanaged
export class NineJob {
  stride: i32;
  channels: i32;
  multiplier: i32;
  images: i32;
  inHeight: i32;
  inWidth: i32;
  outHeight: i32;
  outWidth: i32;
  top: i32;
  left: i32;
  inStride: usize;
  outStride: usize;
  /** [channels × multiplier][9] */
  weights: usize;
  bias: usize;
  /** A row of zeros, with room before and behind. */
  zeros: usize;
  /** Which inputs lie inside the image, a vector of bits for each column of taps: of a row's first four outputs, and of its last. */
  masks: usize;
  low: f32;
  high: f32;
}

/** Depthwise convolutions and pooling: one plane at a time, a border around it, then every tap. */
@unmanaged
export class TapJob {
  /** 0 = weighted sum, 1 = maximum, 2 = mean. */
  kind: i32;
  channels: i32;
  /** Outputs of one channel. */
  multiplier: i32;
  taps: i32;
  images: i32;
  outHeight: i32;
  outWidth: i32;
  /** Bytes between rows and images of the bordered plane, and between planes of x and of y. */
  rowBytes: usize;
  imageBytes: usize;
  inStride: usize;
  outStride: usize;
  /** Bytes from the first tap to each. */
  offsets: usize;
  /** [channels × multiplier][taps]; of a mean, one factor for each output pixel of an image. */
  weights: usize;
  bias: usize;
  border: usize;
  scratch: usize;
  low: f32;
  high: f32;
}
