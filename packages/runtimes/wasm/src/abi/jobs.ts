// Written by scripts/build-abi.mjs from abi/table.cjs; not to be edited.

/** Outputs that are finished together: a few cache lines of each pixel. */
export const FINISHED_TOGETHER = 64;

/** Pixels whose places the dense kernel looks up together; a block of weights is read once for all. */
export const DENSE_PIXELS = 64;

// How weights are stored.
export const FORMAT_UNSTRUCTURED = 0;
export const FORMAT_BLOCKS = 1;
export const FORMAT_DENSE = 2;

// What becomes of a window's pixels.
export const WINDOW_SUM = 0;
export const WINDOW_MAX = 1;
export const WINDOW_MEAN = 2;

/** What follows a sum and is more than a clamp. Each at the place of its code. */
export const CURVES = ['prelu', 'elu', 'sigmoid', 'swish', 'tanh'] as const;

/** What becomes of two values. Each at the place of its code. */
export const COMBINATIONS = ['add', 'sub', 'mul', 'max', 'min', 'div'] as const;

/**
 * One convolution or matrix product over rows of pixels, NHWC. A product of [N, K] by [K, M] is a 1×1 convolution of one image, one
 * pixel high and N wide.
 */
export const CONVOLVE_JOB = [
  'format',
  'batch',
  'inHeight',
  'inWidth',
  'inChannels',
  'outHeight',
  'outWidth',
  'outChannels',
  'kernelHeight',
  'kernelWidth',
  'strideHeight',
  'strideWidth',
  'dilationHeight',
  'dilationWidth',
  'top',
  'left',
  'linear',
  'blockInputs',
  'steps',
  'counts',
  'panel',
  'sums',
  'pointers',
  'biases',
  'zeros',
] as const;

/**
 * One convolution over planes. A plane holds one channel of all images; pixels are read in runs of neighbours, a run for each row of each
 * image, or one for everything where rows follow each other without gaps.
 */
export const PLANE_JOB = [
  'format',
  'inputs',
  'outputs',
  'blockInputs',
  'images',
  'runs',
  'pixels',
  'runBytes',
  'imageBytes',
  'outStride',
  'steps',
  'counts',
  'offsets',
  'panel',
  'sums',
  'zeros',
  'bias',
  'low',
  'high',
  'residual',
] as const;

/** How planes are copied into planes with a border around each image, one for each phase of the stride. */
export const BORDER_JOB = [
  'batch',
  'inHeight',
  'inWidth',
  'top',
  'left',
  'strideHeight',
  'strideWidth',
  'phasesHeight',
  'phasesWidth',
  'rows',
  'columns',
  'planeBytes',
  'fill',
] as const;

/** A 3×3 depthwise convolution with a padding of at most 1: no copy with a border. */
export const NINE_JOB = [
  'stride',
  'inChannels',
  'multiplier',
  'batch',
  'inHeight',
  'inWidth',
  'outHeight',
  'outWidth',
  'top',
  'left',
  'inStride',
  'outStride',
  'weights',
  'bias',
  'zeros',
  'masks',
  'low',
  'high',
] as const;

/** A depthwise convolution or a pooling: one plane at a time, a border around it, then every tap. */
export const TAP_JOB = [
  'window',
  'inChannels',
  'multiplier',
  'taps',
  'batch',
  'outHeight',
  'outWidth',
  'rowBytes',
  'imageBytes',
  'inStride',
  'outStride',
  'offsets',
  'weights',
  'bias',
  'border',
  'scratch',
  'low',
  'high',
] as const;

/** Fields that are float32; all others are 32-bit integers. */
export const FLOATS = ['low', 'high', 'fill'] as const;
