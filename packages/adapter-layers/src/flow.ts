import type { Group, Site } from '@espalier/core';
import type { Weight } from './params.js';
import type { Call, Config, Layer } from './tfjs.js';

/** A group that is being put together. */
export interface Draft extends Omit<Group, 'sites' | 'skip'> {
  readonly sites: Site[];
  skip?: string;
}

/** The units of a group on their way through the network: entry c of the last axis belongs to unit unitOf[c]. */
export interface Flow {
  readonly group: Draft;
  readonly unitOf: Int32Array;
}

/** How a layer's configuration changes when `kept` of the entries that `unitOf` speaks of are left. */
export interface Resize {
  readonly layer: string;
  readonly group: string;
  readonly unitOf: Int32Array;
  change(config: Config, kept: number): Config;
}

/** One layer, called once, as its rule sees it. */
export interface Step extends Call {
  readonly layer: Layer;
  readonly config: Config;
  /** Its own weights, by the last part of their name. */
  readonly weights: ReadonlyMap<string, Weight>;
  /** What comes in; undefined = channels that nothing can remove. */
  readonly flow: Flow | undefined;
  /** Opens a group named after the layer. */
  open(size: number): Draft;
  resize(resize: Omit<Resize, 'layer'>): void;
}

/** What goes out: units, undefined = channels that nothing can remove, or the reason why units cannot be followed. */
export type Rule = (step: Step) => Flow | undefined | string;

export const iota = (size: number) => Int32Array.from({ length: size }, (_, i) => i);

/** Ties an axis of a weight to the units of a flow; a layer without that weight has nothing to tie. */
export function tie({ group, unitOf }: Flow, weight: Weight | undefined, axis: number): void {
  if (!weight) return;
  const { id, shape } = weight.param;
  if (shape[axis] === unitOf.length) group.sites.push({ param: id, axis, unitOf });
  else group.skip ??= `axis ${axis} of '${id}' has ${shape[axis]} entries for ${unitOf.length} channels`;
}

/** Lets the flow pass, though no unit of it may go. */
export function spoil(flow: Flow, reason: string): Flow {
  flow.group.skip ??= reason;
  return flow;
}

/** Channels that fan out: entry c · times + m behind belongs to entry c in front. */
export function fanOut(unitOf: Int32Array, times: number): Int32Array {
  return Int32Array.from({ length: unitOf.length * times }, (_, i) => unitOf[Math.floor(i / times)]);
}

/**
 * The units along the last axis after a row-major reshape that makes it `size` long. Entry i of the new axis was entry
 * i mod length of the old one; undefined where one new entry would mix units.
 */
export function refold(unitOf: Int32Array, size: number): Int32Array | undefined {
  const { length } = unitOf;
  if (length === 0) return undefined;
  const tiles = size % length === 0;
  const repeats = length % size === 0 && unitOf.every((unit, i) => unit === unitOf[i % size]);
  return tiles || repeats ? Int32Array.from({ length: size }, (_, i) => unitOf[i % length]) : undefined;
}
