import { type Build, moduleOf } from './modules.js';

export { type Build, supportedBuilds } from './modules.js';

/** The compiled kernels, bound to one memory. Arguments are byte offsets into it, and numbers. */
export interface Kernels {
  convolve(job: number, x: number, y: number, bias: number, low: number, high: number): void;
  /** For every weight; its own form of them. */
  convolveDense(job: number, x: number, y: number, bias: number, low: number, high: number): void;
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
  activate(kind: number, y: number, pixels: number, channels: number, slopes: number): void;
  convolvePlanes(job: number, x: number, y: number): void;
  borders(job: number, x: number, inStride: number, to: number, planes: number): void;
  taps(job: number, x: number, y: number): void;
  nine(job: number, x: number, y: number): void;
  turn(from: number, fromStride: number, lines: number, to: number, toStride: number, values: number): void;
  combine(op: number, a: number, b: number, y: number, count: number, low: number, high: number): void;
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
  scalePlanes(
    x: number,
    y: number,
    factors: number,
    planes: number,
    images: number,
    pixels: number,
    stride: number,
  ): void;
  activatePlanes(kind: number, y: number, planes: number, pixels: number, stride: number, slopes: number): void;
  poolPlanes(
    maximum: number,
    x: number,
    y: number,
    planes: number,
    images: number,
    pixels: number,
    stride: number,
  ): void;
}

export async function instantiate(build: Build, memory: WebAssembly.Memory): Promise<Kernels> {
  const bytes = await moduleOf(build);
  if (typeof SharedArrayBuffer !== 'undefined' && memory.buffer instanceof SharedArrayBuffer) acceptShared(bytes);
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
  return instance.exports as unknown as Kernels;
}

/** The import of `env.memory` as a module spells it, up to the flags of its limits: 1 = has a maximum, 3 = and is shared. */
const MEMORY_IMPORT = [3, ...[...'env'].map(code), 6, ...[...'memory'].map(code), 2];

function code(character: string): number {
  return character.charCodeAt(0);
}

/** TensorFlow.js's threaded build shares its memory, and a module says in its binary whether its memory is shared. */
function acceptShared(bytes: Uint8Array): void {
  const start = bytes.findIndex((_, i) => MEMORY_IMPORT.every((byte, j) => bytes[i + j] === byte));
  bytes[start + MEMORY_IMPORT.length] = 3;
}
