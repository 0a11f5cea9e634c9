import type { Flow, Labels } from './channels.js';
import type { Dim, Shape } from './shape.js';

/** An integer that the graph computes with: a size, an axis. */
export interface Int {
  /** null = known only when the graph runs. */
  readonly value: number | null;
  /** The channels that it counts, if it does: it changes with them. */
  readonly counts?: Labels;
}

/** A weight that a value is made from; `reader` is the input that reads it, as 'node#0'. */
export interface Source {
  readonly id: string;
  readonly shape: readonly Dim[];
  readonly reader: string;
}

/** What is known of a tensor before the graph runs. */
export interface Value {
  readonly shape: Shape;
  /** Channels that may be removed; undefined = there are none. */
  readonly flow?: Flow | undefined;
  /** The elements of small integer tensors, row-major. */
  readonly ints?: readonly Int[] | undefined;
  /** The one value of a float constant with one element. */
  readonly scalar?: number | undefined;
  /** The name of the weight that it is. */
  readonly weight?: string | undefined;
  /** The weights that it is made of, if it depends on nothing else. */
  readonly sources?: readonly Source[] | undefined;
}

export const UNKNOWN: Value = { shape: null };

export const intsOf = (numbers: readonly number[]): Int[] => numbers.map((value) => ({ value }));

/** All values, if all are known and none changes with the channels. */
export function fixedInts(value: Value | undefined): number[] | undefined {
  const ints = value?.ints;
  if (!ints || ints.some(({ value: v, counts }) => v === null || counts)) return undefined;
  return ints.map(({ value: v }) => v!);
}

/** The size of a tensor as the graph itself would see it. */
export const sizeInt = (dim: Dim, counts?: Labels): Int => ({
  value: dim === null || dim < 0 ? null : dim,
  ...(counts && { counts }),
});
