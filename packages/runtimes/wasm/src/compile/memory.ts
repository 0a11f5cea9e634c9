import { type Job, writeJob } from '../abi/write-job.js';
import { type Heap } from '../kernels/heap.js';
import { roundUp } from '../kernels/round-up.js';

/** A piece of memory that is used from one step to another. */
export interface Buffer {
  readonly bytes: number;
  /** The steps, by number, that write it first and read it last. */
  first: number;
  last: number;
  /** Where it lies, in the backend's memory; known once the memory is planned. */
  address: number;
}

/** Kernels work in fours, and some write three values more than they were asked for. */
const SLACK = 64;
const LINE = 64;

export const buffer = (bytes: number): Buffer => ({ bytes, first: Infinity, last: -1, address: 0 });

/**
 * Offsets such that no two buffers that are in use at the same time overlap: the largest first, each at the lowest place that is
 * free. Writes them as addresses from 0 on, and answers how many bytes that takes.
 */
export function arrange(buffers: readonly Buffer[]): number {
  const placed: Buffer[] = [];
  let total = 0;
  const sizeOf = ({ bytes }: Buffer) => roundUp(bytes + SLACK, LINE);
  for (const one of [...buffers].sort((a, b) => b.bytes - a.bytes)) {
    const others = placed
      .filter((other) => other.first <= one.last && one.first <= other.last)
      .sort((a, b) => a.address - b.address);
    let at = 0;
    for (const other of others) {
      if (at + sizeOf(one) <= other.address) break;
      at = Math.max(at, other.address + sizeOf(other));
    }
    one.address = at;
    placed.push(one);
    total = Math.max(total, at + sizeOf(one));
  }
  return total;
}

/** Pieces that live as long as a compiled model: weights, tables, jobs. */
export interface Store {
  readonly heap: Heap;
  readonly bytes: number;
  allocate(bytes: number): number;
  floats(values: ArrayLike<number>): number;
  words(values: ArrayLike<number>): number;
  job<Fields extends readonly string[]>(fields: Fields, job: Job<Fields>): number;
  free(offset: number): void;
  dispose(): void;
}

export function openStore(heap: Heap): Store {
  const held = new Map<number, { from: number; bytes: number }>();
  const allocate = (bytes: number) => {
    const from = heap.allocate(bytes + SLACK + LINE);
    const offset = roundUp(from, LINE);
    held.set(offset, { from, bytes });
    return offset;
  };
  return {
    heap,
    get bytes() {
      return [...held.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    },
    allocate,
    floats(values) {
      const offset = allocate(4 * values.length);
      heap.floats().set(values, offset >>> 2);
      return offset;
    },
    words(values) {
      const offset = allocate(4 * values.length);
      heap.words().set(values, offset >>> 2);
      return offset;
    },
    job(fields, job) {
      const offset = allocate(4 * fields.length);
      writeJob(heap, offset, fields, job);
      return offset;
    },
    free(offset) {
      const piece = held.get(offset);
      if (!piece) return;
      held.delete(offset);
      heap.free(piece.from);
    },
    dispose() {
      for (const { from } of held.values()) heap.free(from);
      held.clear();
    },
  };
}
