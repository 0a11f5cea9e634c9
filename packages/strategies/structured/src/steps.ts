import { isKept, type Bits } from '@espalier/core';
import type { Range } from './limits.js';

/** A group in the contest. */
export interface Entry {
  readonly id: string;
  readonly size: number;
  readonly scores: Float32Array;
  readonly range: Range;
  /** What is left of it; absent = everything. */
  readonly previous: Bits | undefined;
  /** The cost of one channel, where scores count per cost. */
  readonly price?: number;
  /** The share of the group that goes where `local` orders; steps are taken in proportion to it. */
  readonly share?: number;
}

/** Channels that go together, next in line in their group. */
export interface Step {
  readonly group: string;
  readonly units: readonly number[];
  /** A ceiling asks for it. */
  readonly forced: boolean;
}

export interface OrderOptions {
  /** global: by score. local: by how much of its group is gone. */
  readonly scope: 'global' | 'local';
  /** What stays of a group is a multiple of this, or all that there was. */
  readonly roundTo: number;
}

interface Ranked extends Step {
  readonly key: number;
  readonly score: number;
  readonly at: number;
}

/**
 * All removals that the ranges allow, in the order in which they happen: those that ceilings force, then the lowest first.
 * Among equal ones the later group gives first, and in a group the higher index.
 */
export function orderSteps(entries: readonly Entry[], options: OrderOptions): Step[] {
  const steps = entries.flatMap((entry, index) => chain(entry, options).map((step) => ({ ...step, index })));
  return steps.sort(
    (a, b) =>
      Number(b.forced) - Number(a.forced) || a.key - b.key || a.score - b.score || b.index - a.index || a.at - b.at,
  );
}

/** One group's removals: the lowest channels first, in steps that leave a multiple of `roundTo`. */
function chain(entry: Entry, { scope, roundTo }: OrderOptions): Ranked[] {
  const { id, size, scores, range, previous, price = 1, share = 1 } = entry;
  const alive = Array.from({ length: size }, (_, unit) => unit).filter((unit) => !previous || isKept(previous, unit));
  alive.sort((a, b) => scores[a] - scores[b] || b - a);
  const steps: Ranked[] = [];
  let key = -Infinity;
  for (let gone = 0; gone < alive.length;) {
    const left = alive.length - gone;
    const units = alive.slice(gone, gone + (left % roundTo || roundTo));
    if (left - units.length < range.least) break;
    gone += units.length;
    const score = units.reduce((total, unit) => total + scores[unit], 0) / units.length;
    const rank = scope === 'global' ? score / price : (size - left + units.length) / size / share;
    // A dearer channel must not overtake a cheaper one with a lower score.
    key = Math.max(key, rank);
    steps.push({ group: id, units, forced: left > range.most, key, score: score / price, at: steps.length });
  }
  return steps;
}
