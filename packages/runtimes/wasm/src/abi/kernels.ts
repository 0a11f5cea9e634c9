// Written by scripts/build-abi.mjs from abi/table.cjs; not to be edited.

/** The compiled kernels, bound to one memory, as assembly/ declares them. Arguments are byte offsets into it, and numbers. */
export interface Kernels {
  activate(curve: number, y: number, pixels: number, channels: number, slopes: number): void;
  convolve(job: number, x: number, y: number, bias: number, low: number, high: number): void;
  convolveDense(job: number, x: number, y: number, bias: number, low: number, high: number): void;
  convolvePlanes(job: number, x: number, y: number): void;
  activatePlanes(curve: number, y: number, planes: number, pixels: number, stride: number, slopes: number): void;
  affinePlanes(
    x: number,
    y: number,
    planes: number,
    pixels: number,
    stride: number,
    scales: number,
    shifts: number,
    low: number,
    high: number,
  ): void;
  affineRows(
    x: number,
    y: number,
    pixels: number,
    channels: number,
    scales: number,
    shifts: number,
    low: number,
    high: number,
  ): void;
  combine(op: number, a: number, b: number, y: number, count: number, low: number, high: number): void;
  poolPlanes(
    maximum: number,
    x: number,
    y: number,
    planes: number,
    images: number,
    pixels: number,
    stride: number,
  ): void;
  scalePlanes(
    x: number,
    y: number,
    factors: number,
    planes: number,
    images: number,
    pixels: number,
    stride: number,
  ): void;
  borders(job: number, x: number, inStride: number, to: number, planes: number): void;
  nine(job: number, x: number, y: number): void;
  taps(job: number, x: number, y: number): void;
  turn(from: number, fromStride: number, lines: number, to: number, toStride: number, values: number): void;
  blocks16(
    x: number,
    y: number,
    weights: number,
    at: number,
    counts: number,
    sums: number,
    bias: number,
    outputs: number,
    low: number,
    high: number,
  ): void;
  dense16(
    x: number,
    y: number,
    weights: number,
    inputs: number,
    sums: number,
    bias: number,
    outputs: number,
    low: number,
    high: number,
  ): void;
  sliced(
    x: number,
    y: number,
    inputs: number,
    copy: number,
    steps: number,
    counts: number,
    order: number,
    sums: number,
    bias: number,
    outputs: number,
    low: number,
    high: number,
  ): void;
}
