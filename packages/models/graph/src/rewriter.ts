import type { Labels } from './channels.js';
import type { RawNode } from './graph.js';
import type { Int } from './values.js';

/** What a node changes when channels go. */
export type Edit = (rewriter: Rewriter) => void;

/** A graph that is being cut. */
export interface Rewriter {
  /** The entries whose channels stay. */
  kept(labels: Labels): number[];
  /** How many entries stay. */
  count(labels: Labels): number;
  /** The node itself, to be changed. */
  node(name: string): RawNode;
  /** Replaces the integers of an input by these; a count of channels is counted again. One open size may become −1. */
  setInts(node: string, input: number, ints: readonly Int[], shape?: readonly number[]): void;
  /** Adds a constant and returns its name. */
  constant(near: string, values: readonly number[], shape: readonly number[]): string;
}
