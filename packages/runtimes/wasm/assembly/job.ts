/**
 * One convolution or matrix product, as the host writes it into memory: 32-bit words in this order. The host's list of the same
 * fields is in src/sparse/job.ts. A product of [N, K] by [K, M] is a 1×1 convolution of one image, one pixel high and N wide.
 */
@unmanaged
export class Job {
  /** 0 = unstructured, 1 = blocks of four outputs, 2 = dense. */
  kind: i32;
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
  /** The weights, and how many steps of them each row (or group of four rows) has in each block. */
  steps: usize;
  counts: usize;
  /** Scratch: inputs [blockInputs][width], sums [rows of outputs][width], pointers [taps][width], biases [rows of outputs][8], zeros [inChannels]. */
  panel: usize;
  sums: usize;
  pointers: usize;
  biases: usize;
  zeros: usize;
}
