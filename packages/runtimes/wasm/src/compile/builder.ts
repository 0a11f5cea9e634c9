import { sizeOf } from '@espalier/core';
import { roundUp } from '../kernels/round-up.js';
import { type Buffer, buffer, type Store } from './memory.js';
import type { Trace, Use, Value } from './trace.js';

/** Channel-major: plane c holds channel c of all pixels of all images. */
export interface Planes {
  readonly buffer: Buffer;
  readonly channels: number;
  readonly pixels: number;
  /** Bytes from one plane to the next. */
  readonly stride: number;
}

/** A step of a compiled model, before it knows where its memory is. */
export interface Draft {
  /** The weight or kernel that it is for. */
  readonly name: string;
  readonly operation: string;
  /** Share of zeros among its weights. */
  readonly sparsity?: number;
  /** Encodes weights and writes tables; called once the addresses of all buffers are known. */
  bind(store: Store): Bound;
}

export interface Bound {
  /** Which kernel it runs on; may become known with the first run. */
  readonly kernel: () => string;
  run(): void;
  /** What the store does not free. */
  dispose?(): void;
}

/** Above so many pixels planes are an odd number of cache lines apart: the same pixel of all channels then spreads over the whole cache. */
const FAR = 128;

/** Kernels may write up to three pixels more than a plane has. */
export function planeBytes(pixels: number): number {
  const bytes = 4 * roundUp(pixels + 3, 4);
  if (pixels < FAR) return bytes;
  const lines = Math.ceil(bytes / 64);
  return 64 * (lines % 2 === 0 ? lines + 1 : lines);
}

const bytesOf = ({ shape, dtype }: Value) => sizeOf(shape) * (dtype === 'bool' ? 1 : 4);

/** Lays operations out as steps over buffers, and turns values from rows into planes and back where the next step wants that. */
export class Builder {
  readonly drafts: Draft[] = [];
  readonly buffers: Buffer[] = [];
  private readonly rowsOf = new Map<number, Buffer>();
  private readonly planesOf = new Map<number, Planes>();

  constructor(readonly trace: Trace) {
    for (const id of trace.inputs) this.rowsOf.set(id, buffer(bytesOf(trace.values[id])));
  }

  /** Where a model's input is handed in. */
  input(i: number): Buffer {
    return this.rowsOf.get(this.trace.inputs[i])!;
  }

  hasPlanes({ value, shape }: Use): boolean {
    return this.planesOf.get(value)?.channels === (shape.at(-1) ?? 1);
  }

  /** The value in TensorFlow.js's order. */
  rows({ value }: Use): Buffer {
    const known = this.rowsOf.get(value);
    if (known) return known;
    const { buffer: from, channels, pixels, stride } = this.planesOf.get(value)!;
    const to = this.makeRows(value);
    this.step('planes to rows', 'layout', 'turn', [from], [to], ({ heap }) => () => {
      heap.kernels.turn(from.address, stride, channels, to.address, 4 * channels, pixels);
    });
    return to;
  }

  /** The value as planes of its last axis. */
  planes(use: Use): Planes {
    const known = this.planesOf.get(use.value);
    if (known && known.channels === use.shape.at(-1)) return known;
    const from = this.rows(use);
    const channels = use.shape.at(-1) ?? 1;
    const to = this.makePlanes(use.value, channels, sizeOf(use.shape) / channels);
    this.step('rows to planes', 'layout', 'turn', [from], [to.buffer], ({ heap }) => () => {
      heap.kernels.turn(from.address, 4 * channels, to.pixels, to.buffer.address, to.stride, channels);
    });
    return to;
  }

  /** Room for a value that the next step writes. */
  makeRows(value: number): Buffer {
    const made = this.temporary(bytesOf(this.trace.values[value]));
    this.rowsOf.set(value, made);
    return made;
  }

  makePlanes(value: number, channels: number, pixels: number): Planes {
    const stride = planeBytes(pixels);
    const made = { buffer: this.temporary(channels * stride), channels, pixels, stride };
    this.planesOf.set(value, made);
    return made;
  }

  /** Memory for one step alone, unless a later one is given it too. */
  temporary(bytes: number): Buffer {
    const made = buffer(bytes);
    this.buffers.push(made);
    return made;
  }

  /** A step with one kernel. */
  step(
    name: string,
    operation: string,
    kernel: string,
    reads: readonly Buffer[],
    writes: readonly Buffer[],
    bind: (store: Store) => () => void,
  ): void {
    this.add({ name, operation, bind: (store) => ({ kernel: () => kernel, run: bind(store) }) }, reads, writes);
  }

  add(draft: Draft, reads: readonly Buffer[], writes: readonly Buffer[]): void {
    const at = this.drafts.push(draft) - 1;
    for (const one of [...reads, ...writes]) {
      one.first = Math.min(one.first, at);
      one.last = Math.max(one.last, at);
    }
  }

  /** Stays until the end. */
  keep(one: Buffer): void {
    one.last = Infinity;
  }
}
